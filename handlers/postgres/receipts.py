"""The receipts of a database's answers: what all homes tell, and what this one used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.postgres.meter import DATABASE_METER
from handlers.telemetry.usage import PLACES, Receipts

if TYPE_CHECKING:
    from handlers.telemetry.usage import Usage


class DatabaseReceipts(Receipts):
    """Makes each request's receipt, with the rows that came, how long they took, and the connections made."""

    def __init__(self, efs_dir: str) -> None:
        super().__init__(efs_dir)
        self._before = DATABASE_METER.reading()

    def begin(self) -> Usage:
        """Begin a request."""
        self._before = DATABASE_METER.reading()
        return super().begin()

    def end(self, usage: Usage, billed_ms: int) -> tuple[str, str]:
        """Return the receipt of a request that is billed so much: the member's JSON text and the header's value."""
        member, header = super().end(usage, billed_ms)
        rows, spent_ns, connections = (
            now - before for now, before in zip(DATABASE_METER.reading(), self._before, strict=True)
        )
        spent_ms = round(spent_ns / 1_000_000, PLACES)
        return (
            f'{member[:-1]},"database_rows":{rows},"database_ms":{spent_ms},"database_connections":{connections}}}',
            f"{header}, database-rows={rows}, database-ms={spent_ms}, database-connections={connections}",
        )
