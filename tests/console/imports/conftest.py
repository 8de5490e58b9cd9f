"""A data model with a column of every kind, and files of its rows in every format."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from console.imports.checking import Checked, Checker
from console.imports.files import open_source
from console.imports.mapping import Matching, match
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model

MODEL = Model(
    "things",
    Text("name"),
    Text("note", required=False),
    Integer("stock", default=7),
    Number("price", required=False),
    Boolean("in_stock"),
    Timestamp("seen_at", required=False),
    Json("tags", required=False),
)
NAMES = [column.name for column in MODEL.columns]
Fields = dict[str, Any]

GOOD: Fields = {
    "name": 'Zürich, "north"\nsecond line',
    "note": "💨",
    "stock": -3,
    "price": 1e-5,
    "in_stock": True,
    "seen_at": "2026-01-31T12:00:00.123456Z",
    "tags": {"a": [1, "x"]},
}


def write_csv(path: Path, rows: Iterable[Fields], delimiter: str = ",", encoding: str = "utf-8") -> None:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(NAMES)
        writer.writerows([_cell(row.get(name)) for name in NAMES] for row in rows)


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, bool | dict | list) else value


def write_ndjson(path: Path, rows: Iterable[Fields]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_json(path: Path, rows: Iterable[Fields]) -> None:
    path.write_text(json.dumps(list(rows), indent=1))


def write_sqlite(path: Path, rows: Iterable[Fields]) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE things ({', '.join(NAMES)})")
        values = [[_stored(row.get(name)) for name in NAMES] for row in rows]
        connection.executemany(f"INSERT INTO things VALUES ({', '.join('?' * len(NAMES))})", values)
    connection.close()


def _stored(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value


WRITERS: dict[str, Callable[[Path, Sequence[Fields]], None]] = {
    ".csv": write_csv,
    ".ndjson": write_ndjson,
    ".json": write_json,
    ".db": write_sqlite,
}


def checked_rows(path: Path, matching: Matching | None = None, **options: str) -> list[Checked]:
    """All rows of a file, checked."""
    with open_source(path, **options) as source:
        mapping = match(source, MODEL, matching or Matching())
        return list(Checker(source, mapping, MODEL).rows())


def reasons(path: Path) -> list[str]:
    """What is wrong with a file's rows, each with its place."""
    return [f"{each.row.place}: {reason}" for each in checked_rows(path) for reason in each.reasons]
