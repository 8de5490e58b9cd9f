"""The tables of rows: one for each history and each form of the data model, so that nothing is changed in place.

A table has what pages are asked by, and each row's JSON text as Python made it: PostgreSQL prints `1` and `1e+15` where
Python prints `1.0` and `1000000000000000.0`. A text that can be filtered is kept as its bytes in UTF-8: they sort as
SQLite sorts texts, and PostgreSQL's own texts cannot hold U+0000. All other texts are ASCII, and sort by byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from handlers.model.column import Column
    from handlers.model.model import Row

TEXT = 'text COLLATE "C"'
TYPES = {
    "text": "bytea",
    "number": "double precision",
    "integer": "bigint",
    "boolean": "smallint",
    "timestamp": TEXT,
}
COLUMNS = tuple(MODEL.filterable.values())
SQL_COLUMNS = ("seq", "id", *(column.sql_name for column in COLUMNS), "created_at", "json")
MOST_INDEXED_BYTES = 2000  # of a value: an entry of an index ends at 2704, and each has a time as well
PREFIX_BYTES = 1000  # of values that may be longer
_PLACES = [MODEL.names.index(column.name) for column in COLUMNS]


def table_name(epoch: int) -> str:
    """Return the name of the table of a history, as SQL has it."""
    return f'"rows_{MODEL.schema_version}_{epoch}"'


def table_sql(epoch: int) -> str:
    """Return the statement that makes the table of a history."""
    own = "".join(
        f"{column.sql_name} {TYPES[column.kind]}{'' if column.is_nullable else ' NOT NULL'}, " for column in COLUMNS
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {table_name(epoch)} (seq bigint PRIMARY KEY, id {TEXT} NOT NULL, {own}"
        f"created_at {TEXT} NOT NULL, json text NOT NULL)"
    )


def indexes_sql(epoch: int) -> list[str]:
    """Return the statements that make its indexes, which are those of SQLite (`handlers/model/tables.py`)."""
    table, name = table_name(epoch), f"rows_{MODEL.schema_version}_{epoch}"
    statistics = f", {MODEL.statistics.sql_name}" if MODEL.statistics else ""
    return [
        f'CREATE UNIQUE INDEX IF NOT EXISTS "{name}_by_id" ON {table} (id)',
        *(
            f'CREATE INDEX IF NOT EXISTS "{name}_by_{number}" ON {table} ({indexed(column)}, created_at)'
            for number, column in enumerate(COLUMNS, start=1)
        ),
        f'CREATE INDEX IF NOT EXISTS "{name}_by_created_at" ON {table} (created_at{statistics})',
    ]


def has_prefix(column: Column) -> bool:
    """Tell whether a column's values may be too long for an index, which then has their first bytes."""
    return column.kind == "text" and column.most_bytes > MOST_INDEXED_BYTES


def indexed(column: Column) -> str:
    """Return what a column's index has of it, as SQL says it."""
    return f"substring({column.sql_name}, 1, {PREFIX_BYTES})" if has_prefix(column) else column.sql_name


def values_of(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Return rows of the data model as the table has them: a value for each of `SQL_COLUMNS`."""
    texts = MODEL.json_texts(rows)
    return [
        (
            row[0],
            row[1],
            *(parameter(column, row[at]) for column, at in zip(COLUMNS, _PLACES, strict=True)),
            row[-1],
            text,
        )
        for row, text in zip(rows, texts, strict=True)
    ]


def parameter(column: Column, value: Any) -> Any:  # noqa: ANN401 - a value of the column's type
    """Return a column's value as its table has it."""
    return value.encode() if column.kind == "text" and value is not None else value
