"""A planned table as a SQLite file of its own, with the values as the import of files reads them."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from console.migration.kinds import SourceValue, TargetValue
from console.migration.plan import PlannedTable
from handlers.model.column import quoted

UTC_OFFSET = "+00:00"


def write_table(path: Path, table: PlannedTable, rows: Iterable[Sequence[TargetValue]]) -> None:
    """Write the rows in their order; where the key counts by itself it is the rowid, so that complaints name it."""
    names = [column.target for column in table.columns]
    definition = [f"{quoted(name)}{' INTEGER PRIMARY KEY' if name == table.identity else ''}" for name in names]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("PRAGMA synchronous = OFF")
        made.execute("BEGIN")
        made.execute(f"CREATE TABLE {quoted(table.target)} ({', '.join(definition)})")
        insert = f"INSERT INTO {quoted(table.target)} VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - quoted
        made.executemany(insert, ([_stored(value) for value in row] for row in rows))
        made.execute("COMMIT")


def _stored(value: TargetValue) -> SourceValue:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace(UTC_OFFSET, "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
