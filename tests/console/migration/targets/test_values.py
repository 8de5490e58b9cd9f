from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from console.migration.targets.values import write_table
from tests.support.database.planned import column, table

MOMENT = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
ROWS = [
    (5, MOMENT, MOMENT.replace(tzinfo=None), MOMENT.date(), Decimal("1.00"), True, b"\0", "text", 1.5, None),
    (9, *[None] * 9),
]


def test_values_are_written_as_the_import_of_files_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    write_table(path, table('odd "name"', ROWS, *[column(f'"{number}"') for number in range(9)]), ROWS)
    with closing(sqlite3.connect(path)) as made:
        found = made.execute('SELECT rowid, * FROM "odd ""name"""').fetchall()
    times = ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00", "2026-01-31")
    assert found == [(5, 5, *times, "1.00", 1, b"\0", "text", 1.5, None), (9, 9, *[None] * 9)]
