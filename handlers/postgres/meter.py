"""The database's meter: it only counts up, as the sandbox's others do (`handlers/telemetry/meter.py`)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from psycopg import Cursor

if TYPE_CHECKING:
    from typing import Self

    from psycopg.abc import Params


class DatabaseMeter:
    """Counts what this process has asked of PostgreSQL since it began.

    Attributes:
        rows: those of the ledger that answers were made of, however they came.
        spent_ns: how long statements took until their answers were here.
        connections: those that were made, and those that were tried in vain.
    """

    __slots__ = ("connections", "rows", "spent_ns")

    def __init__(self) -> None:
        self.rows = self.spent_ns = self.connections = 0

    def reading(self) -> tuple[int, int, int]:
        """Return rows, nanoseconds and connections until now."""
        return self.rows, self.spent_ns, self.connections


DATABASE_METER = DatabaseMeter()


class MeteredCursor(Cursor[Any]):
    """A cursor whose statements are timed."""

    def execute(
        self,
        query: Any,  # noqa: ANN401 - psycopg's own type has a part for a newer Python
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        """Execute a statement. Raises psycopg.Error."""
        began_ns = time.perf_counter_ns()
        try:
            super().execute(query, params, prepare=prepare, binary=binary)
        finally:
            DATABASE_METER.spent_ns += time.perf_counter_ns() - began_ns
        return self
