"""The statements that read the rows of a planned table, and its values in batches of columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from console.migration.kinds import Kind, SourceValue
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.sqlite.introspection import quoted
from console.migration.sqlite.schema import SourceTable
from console.migration.values import converter_of

BATCH = 1_000  # rows
FITS = "migration_fits"

Parameters = Mapping[str, str | int]


@dataclass(frozen=True)
class Batch:
    """Some rows, by columns: the keys of all, and the values of each column."""

    keys: Sequence[tuple[SourceValue, ...]]
    columns: Sequence[Sequence[SourceValue]]


def key_names(table: PlannedTable, source: SourceTable) -> tuple[str, ...]:
    """Return the source's names of the key, or that of the rowid."""
    names = {column.target: column.name for column in table.columns}
    return tuple(names[target] for target in table.key) or ((source.rowid,) if source.rowid else ())


def key_terms(names: Sequence[str], source: SourceTable) -> list[str]:
    """Return SQL for each column of a key, so that texts come in the order of their bytes."""
    collations = {column.name: column.collation for column in source.columns}
    return [quoted(name) + " COLLATE BINARY" * (collations.get(name, "BINARY") != "BINARY") for name in names]


def condition(table: PlannedTable) -> str:
    """Return the WHERE of the rows that move."""
    return f" WHERE ({table.where})" if table.where else ""


def read_batches(
    connection: sqlite3.Connection,
    table: PlannedTable,
    source: SourceTable,
    parameters: Parameters,
    *,
    start: int = 0,
    count: int | None = None,
) -> Iterator[Batch]:
    """Yield the rows that move in ascending order of the key."""
    names = key_names(table, source)
    terms = [*map(quoted, names), *(column.expression or quoted(column.name) for column in table.columns)]
    order = f" ORDER BY {', '.join(key_terms(names, source))}" if names else ""
    most = -1 if count is None else count
    kept = f"FROM {quoted(table.name)}{condition(table)}"
    sql = f"SELECT {', '.join(terms)} {kept}{order} LIMIT {most} OFFSET {start}"
    cursor = connection.execute(sql, parameters)
    while rows := cursor.fetchmany(BATCH):
        columns = list(zip(*rows, strict=True))
        keys = list(zip(*columns[: len(names)], strict=True)) if names else [()] * len(rows)
        yield Batch(keys, columns[len(names) :])


def fits_condition(column: PlannedColumn) -> str:
    """Return SQL that tells whether the value of a column can move."""
    name, converts = quoted(column.name), "|".join(column.convert).replace("'", "''")
    raw = f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
    return f"{FITS}('{column.kind}', '{converts}', {column.is_nullable:d}, typeof({name}), {raw})"


def add_fits(connection: sqlite3.Connection) -> None:
    """Teach a connection the function that `fits_condition` calls."""
    (encoding,) = connection.execute("PRAGMA encoding").fetchone()  # the bytes of a text are in it

    def fits(kind: str, converts: str, is_nullable: int, kind_of_value: str, raw: SourceValue) -> bool:
        value = _decoded(raw, encoding) if kind_of_value == "text" and isinstance(raw, bytes) else raw
        return _fits(_column(kind, converts, is_nullable), value)

    connection.create_function(FITS, 5, fits, deterministic=True)


def _fits(column: PlannedColumn, value: SourceValue) -> bool:
    try:
        return converter_of(column)(value) is not None or column.is_nullable
    except ValueError:
        return False


def _decoded(raw: bytes, encoding: str) -> str:
    return raw.decode(encoding, "surrogateescape" if encoding == "UTF-8" else "replace")


@lru_cache
def _column(kind: str, converts: str, is_nullable: int) -> PlannedColumn:
    steps = tuple(filter(None, converts.split("|")))
    return PlannedColumn("", "", cast("Kind", kind), is_nullable=bool(is_nullable), convert=steps)
