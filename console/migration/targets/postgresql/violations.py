"""Rows that stand against a constraint: PostgreSQL names one at most, and this all that there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors, sql

from console.errors import ConsoleError
from console.migration.plan import PlannedForeignKey, PlannedTable
from console.migration.targets.postgresql.connection import Connection, one_line
from console.migration.targets.postgresql.definitions import ConstraintStep, named, shown
from console.wording import visible

MOST_SHOWN = 10
MOST_ROWS = 5  # of those that share a value
MOST_CHARACTERS = 80  # of a value
HINT = "mend these rows in the source, or leave them out by the rules (docs/migration.md)"
HINTS: dict[type[psycopg.Error], str] = {
    errors.ProgramLimitExceeded: "PostgreSQL's indexes take values of up to 2,704 bytes: leave such rows out,"
    " or drop the index in a copy of the file",
    errors.DatatypeMismatch: "give both columns one kind by the rules",
    errors.InvalidForeignKey: "the columns referred to need a primary key or a unique constraint",
}


def explain(connection: Connection, schema: str, step: ConstraintStep, error: psycopg.Error) -> ConsoleError:
    """Return the error for a step that failed; the connection is as it was before."""
    place = f"table {visible(step.table.target)}"
    if step.columns:
        place += f", {'column' if len(step.columns) == 1 else 'columns'} {shown(step.columns)}"
    found: Sequence[str] = ()
    if isinstance(error, errors.UniqueViolation) and step.columns:
        found = _duplicates(connection, schema, step.table, step.columns)
    elif isinstance(error, errors.ForeignKeyViolation) and step.reference:
        found = _dangling(connection, schema, step.table, step.reference)
    elif isinstance(error, errors.CheckViolation) and step.condition:
        found = _refused(connection, schema, step.table, step.condition)
    if not found:
        return ConsoleError(f"{place}: {step.what} cannot be: {one_line(error)}", HINTS.get(type(error), HINT))
    rest = "; and more" if len(found) > MOST_SHOWN else ""
    return ConsoleError(f"{place}: {step.what} cannot be: {'; '.join(found[:MOST_SHOWN])}{rest}", HINT)


def _duplicates(connection: Connection, schema: str, table: PlannedTable, columns: Sequence[str]) -> list[str]:
    query = sql.SQL(
        "SELECT {value}, count(*), {rows} FROM {table} WHERE {present} GROUP BY {columns} HAVING count(*) > 1"
        " ORDER BY {columns} LIMIT {limit}"
    ).format(
        value=_text_of(columns),
        rows=_first_keys(table, columns),
        table=sql.Identifier(schema, table.target),
        present=_all_present(columns),
        columns=named(columns),
        limit=sql.Literal(MOST_SHOWN + 1),
    )
    return [
        f"{_cut(value)} stands in {count} rows{_keys(table, columns, keys, count)}"
        for value, count, keys in connection.execute(query)
    ]


def _dangling(connection: Connection, schema: str, table: PlannedTable, reference: PlannedForeignKey) -> list[str]:
    query = sql.SQL(
        "SELECT {value}, count(*), {rows} FROM {table} AS own WHERE {present}"
        " AND NOT EXISTS (SELECT FROM {parent} AS theirs WHERE {equal})"
        " GROUP BY {columns} ORDER BY {columns} LIMIT {limit}"
    ).format(
        value=_text_of(reference.columns),
        rows=_first_keys(table, reference.columns),
        table=sql.Identifier(schema, table.target),
        present=_all_present(reference.columns),
        parent=sql.Identifier(schema, reference.parent),
        equal=_equal(reference),
        columns=named(reference.columns),
        limit=sql.Literal(MOST_SHOWN + 1),
    )
    where = f"{visible(reference.parent)} ({shown(reference.parent_columns)})"
    return [
        f"{_cut(value)} is not in {where}{_keys(table, reference.columns, keys, count)}"
        for value, count, keys in connection.execute(query)
    ]


def _refused(connection: Connection, schema: str, table: PlannedTable, condition: sql.SQL) -> list[str]:
    columns = table.key or tuple(column.target for column in table.columns)
    query = sql.SQL("SELECT {} FROM {} WHERE NOT ({}) ORDER BY {} LIMIT {}").format(
        _text_of(columns),
        sql.Identifier(schema, table.target),
        condition,
        named(columns),
        sql.Literal(MOST_SHOWN + 1),
    )
    return [f"{shown(columns)} {_cut(text)}" for (text,) in connection.execute(query)]


def _first_keys(table: PlannedTable, columns: Sequence[str]) -> sql.Composed:
    """Return SQL that has the first keys of a group of rows."""
    key = table.key or columns
    return sql.SQL("(array_agg({} ORDER BY {}))[1:{}]").format(_text_of(key), named(key), sql.Literal(MOST_ROWS))


def _equal(reference: PlannedForeignKey) -> sql.Composed:
    """Return SQL that is true where a row of the parent, `theirs`, is the one that `own` refers to."""
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier("own", mine), sql.Identifier("theirs", other))
        for mine, other in zip(reference.columns, reference.parent_columns, strict=True)
    )


def _text_of(columns: Sequence[str]) -> sql.Composed:
    """Return SQL that has the values in a line."""
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)
    return sql.SQL("concat_ws(', ', {})").format(texts)


def _all_present(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(sql.Identifier(name)) for name in columns)


def _keys(table: PlannedTable, columns: Sequence[str], keys: Sequence[Any], count: int) -> str:
    """Return which rows they are, where the key says more than the columns themselves."""
    if not table.key or tuple(columns) == table.key:
        return ""
    more = f" and {count - len(keys):,} more" if count > len(keys) else ""
    return f" ({shown(table.key)} {', '.join(map(_cut, keys))}{more})"


def _cut(value: str) -> str:
    text = visible(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
