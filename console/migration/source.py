"""A SQLite file to move: copied first, then read in one snapshot, by what the plan says of each table."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType

from console.errors import ConsoleError
from console.migration.forms.moments import UTC, moment_of
from console.migration.kinds import TargetValue
from console.migration.plan import PlannedTable
from console.migration.shown import shown_key, shown_value
from console.migration.sqlite.backup import copy_database
from console.migration.sqlite.integrity import open_copy
from console.migration.sqlite.introspection import quoted, read_left_behind, read_tables
from console.migration.sqlite.reading import Batch, Parameters, add_fits, condition, read_batches
from console.migration.sqlite.schema import SourceTable
from console.migration.values import convert_all, misfit_reason
from console.terminal import Advance


class SourceFile:
    """A copy of a SQLite file, made on entering; whoever writes to the file meanwhile does not matter.

    Args:
        path: the file.
        now: what the rules' `:now` stands for (RFC 3339); default: this moment.
        backup: where the copy stays; default: a temporary file that goes with the source.
        advance: called with the number of bytes just copied.

    Attributes:
        copy: the file that is read.
        connection: to the copy, with a transaction open; texts that are no UTF-8 come as `surrogateescape` has them.
        parameters: what rules may name in their SQL: `:now` as SQLite's CURRENT_TIMESTAMP, `:now_iso` with T and Z,
            `:now_s` and `:now_ms` since 1970.
    """

    copy: Path
    connection: sqlite3.Connection
    unknown_collations: tuple[str, ...]

    def __init__(
        self, path: Path, *, now: str = "", backup: Path | None = None, advance: Advance | None = None
    ) -> None:
        self.path = path
        self._instant = _instant(now)
        self._backup = backup
        self._advance: Advance = advance or _ignore
        self._open = contextlib.ExitStack()

    def __enter__(self) -> SourceFile:
        with self._open as opened:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="migrate-")))
            self.copy = self._backup or folder / "copy.sqlite"
            copy_database(self.path, self.copy, self._advance)
            self.connection, self.unknown_collations = open_copy(self.copy)
            opened.callback(self.connection.close)
            add_fits(self.connection)
            self._open = opened.pop_all()
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _at: TracebackType | None) -> None:
        self._open.close()

    @property
    def now(self) -> str:
        """The instant of `:now`, as RFC 3339 in UTC: with it another source's rules leave out the same rows."""
        return self._instant.isoformat().replace("+00:00", "Z")

    @property
    def parameters(self) -> Parameters:
        """The values of the names that the rules' SQL may have."""
        second = self._instant.replace(microsecond=0)
        return {
            "now": f"{second:%Y-%m-%d %H:%M:%S}",
            "now_iso": f"{second:%Y-%m-%dT%H:%M:%SZ}",
            "now_s": int(second.timestamp()),
            "now_ms": int(second.timestamp()) * 1_000,
        }

    def tables(self) -> tuple[SourceTable, ...]:
        """Return the tables by their names."""
        return self._tables

    def left_behind(self) -> tuple[str, ...]:
        """Return in words what the file has beside tables and indexes."""
        return read_left_behind(self.connection)

    def count(self, table: PlannedTable) -> tuple[int, int]:
        """Return how many rows move, and how many the rules leave out."""
        counted = f"SELECT count(*) FROM {quoted(table.name)}"  # noqa: S608 - quoted
        (every,) = self.connection.execute(counted).fetchone()
        (kept,) = self.connection.execute(counted + condition(table), self.parameters).fetchone()
        return kept, every - kept

    def count_all(self) -> int:
        """Return the number of rows in all tables, whatever the rules say."""
        sizes = [self.connection.execute(f"SELECT count(*) FROM {quoted(t.name)}").fetchone()[0] for t in self.tables()]  # noqa: S608 - quoted
        return sum(sizes)

    def batches(self, table: PlannedTable, start: int = 0, count: int | None = None) -> Iterator[Batch]:
        """Yield the rows that move with the source's values."""
        return read_batches(self.connection, table, self._named[table.name], self.parameters, start=start, count=count)

    def rows(self, table: PlannedTable, start: int = 0, count: int | None = None) -> Iterator[tuple[TargetValue, ...]]:
        """Yield the rows that move as the target's Python values, in ascending order of the key.

        Args:
            start: so many are passed over: those that somebody has already.
            count: at most so many.

        Raises:
            ConsoleError: a value does not fit, which the plan says before.
        """
        for batch in self.batches(table, start, count):
            try:
                columns = [
                    convert_all(column, values) for column, values in zip(table.columns, batch.columns, strict=True)
                ]
            except ValueError:
                raise _misfit(table, batch) from None
            yield from zip(*columns, strict=True)

    @cached_property
    def _tables(self) -> tuple[SourceTable, ...]:
        return read_tables(self.connection)

    @cached_property
    def _named(self) -> dict[str, SourceTable]:
        return {table.name: table for table in self._tables}


def _ignore(_: int) -> None:
    """Take no notice."""


def _instant(now: str) -> dt.datetime:
    if not now:
        return dt.datetime.now(UTC).replace(microsecond=0)
    try:
        moment = moment_of(now)
        if moment.tzinfo is None:
            raise ValueError("has no offset from UTC")
    except ValueError as error:
        raise ConsoleError(f"--now {now} {error}", "give a time such as 2026-01-31T23:59:59Z", 2) from error
    return moment.astimezone(UTC)


def _misfit(table: PlannedTable, batch: Batch) -> ConsoleError:
    """Return the error that names the first value of a batch that does not fit."""
    said = next(
        f"{table.name}, row {shown_key(key)}, column {column.name}: {shown_value(value)} {why}"
        for column, values in zip(table.columns, batch.columns, strict=True)
        for key, value in zip(batch.keys, values, strict=True)
        if (why := misfit_reason(column, value))
    )
    return ConsoleError(said, "see what `migrate plan` says, and give a rule for it")
