"""A SQLite file to move: copied first, then read in one snapshot, by what the plan says of each table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from console.migration.kinds import SourceValue, TargetValue
from console.migration.plan import PlannedTable
from console.migration.sqlite.schema import SourceTable
from console.terminal import Advance


class Source:
    """A copy of a SQLite file, made on entering; whoever writes to the file meanwhile does not matter.

    Args:
        path: the file.
        now: what the rules' `:now` stands for (RFC 3339); default: this moment.
        backup: where the copy stays; default: a temporary file that goes with the source.
        advance: called with the number of bytes just copied.
    """

    now: str

    def __init__(self, path: Path, *, now: str = "", backup: Path | None = None, advance: Advance | None = None) -> None:
        raise NotImplementedError

    def __enter__(self) -> Source:
        raise NotImplementedError

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _at: TracebackType | None) -> None:
        raise NotImplementedError

    def tables(self) -> tuple[SourceTable, ...]:
        """Return the tables by their names."""
        raise NotImplementedError

    def rows(
        self, table: PlannedTable, after: tuple[SourceValue, ...] | None = None
    ) -> Iterator[tuple[TargetValue, ...]]:
        """Yield the rows that move as the target's Python values, in ascending order of the key.

        Args:
            after: the key of a row (the source's values): only those beyond it.
        """
        raise NotImplementedError
