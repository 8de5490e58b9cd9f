"""The schema of a SQLite file, asked for by its pragmas."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from console.migration.sqlite.schema import IndexTerm, SourceColumn, SourceForeignKey, SourceIndex, SourceTable
from console.migration.sqlite.tokens import collations, deferred, tokens

ROWID_NAMES = ("rowid", "_rowid_", "oid")
VIRTUAL, STORED = 2, 3  # what table_xinfo calls generated columns
EXPRESSION = -2

Described = tuple[str, str, int, str | None, int, int]  # a column, as table_xinfo has it


def quoted(name: str) -> str:
    """Return a name as SQL has it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def read_tables(connection: sqlite3.Connection) -> tuple[SourceTable, ...]:
    """Return the tables that hold rows, by their names."""
    listed = connection.execute(
        "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    return tuple(_table(connection, *each) for each in listed.fetchall())


def read_left_behind(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return in words what a file has beside tables and indexes."""
    listed = connection.execute(
        "SELECT type, name FROM pragma_table_list WHERE schema = 'main' AND type IN ('view', 'virtual', 'shadow')"
        " UNION ALL SELECT type, name FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1, 2"
    )
    reasons = {
        "shadow": "belongs to a virtual table and does not move",
        "trigger": "does not move: write it anew for PostgreSQL",
        "view": "does not move: write it anew for PostgreSQL",
        "virtual": "is a virtual table (such as full-text search): what it holds does not move",
    }
    names = {"shadow": "table"}
    return tuple(f"{names.get(kind, kind)} {name} {reasons[kind]}" for kind, name in listed)


def _table(connection: sqlite3.Connection, name: str, is_without_rowid: int, is_strict: int) -> SourceTable:
    (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,)).fetchone()
    described, indexes = _described(connection, name), _indexes(connection, name)
    key = tuple(column for _, column in sorted((number, column) for column, *_, number, _ in described if number))
    return SourceTable(
        name=name,
        sql=sql,
        columns=_columns(sql, described),
        key=key,
        rowid=None if is_without_rowid else _rowid(column for column, *_ in described),
        is_identity=bool(key) and not is_without_rowid and all(index.origin != "pk" for index in indexes),
        is_autoincrement=any(token.upper == "AUTOINCREMENT" for token in tokens(sql)),
        is_strict=bool(is_strict),
        foreign_keys=_foreign_keys(connection, name, sql),
        indexes=indexes,
    )


def _described(connection: sqlite3.Connection, name: str) -> list[Described]:
    asked = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)'
    return connection.execute(asked, (name,)).fetchall()


def _columns(sql: str, described: list[Described]) -> tuple[SourceColumn, ...]:
    named = {name.lower(): collation for name, collation in collations(sql).items()}
    return tuple(
        SourceColumn(
            name=name,
            declared=declared.upper().removesuffix("GENERATED ALWAYS").strip(),
            is_nullable=not is_needed and not number,
            default=default,
            is_generated=hidden in (VIRTUAL, STORED),
            collation=named.get(name.lower(), "BINARY"),
        )
        for name, declared, is_needed, default, number, hidden in described
    )


def _rowid(columns: Iterable[str]) -> str | None:
    taken = {column.lower() for column in columns}
    return next((name for name in ROWID_NAMES if name not in taken), None)


def _foreign_keys(connection: sqlite3.Connection, name: str, sql: str) -> tuple[SourceForeignKey, ...]:
    parts = defaultdict[int, list[tuple[Any, ...]]](list)
    asked = connection.execute(
        'SELECT id, "from", "table", "to", on_delete, on_update FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq',
        (name,),
    )
    for number, *part in asked:
        parts[number].append(tuple(part))
    late = deferred(sql)
    return tuple(_foreign_key(connection, part, late) for part in parts.values())


def _foreign_key(
    connection: sqlite3.Connection, parts: list[tuple[Any, ...]], late: set[tuple[str, ...]]
) -> SourceForeignKey:
    _, parent, _, on_delete, on_update = parts[0]
    columns, named = tuple(part[0] for part in parts), tuple(part[2] for part in parts)
    if None in named:  # then it is the parent's key
        asked = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE pk ORDER BY pk", (parent,))
        named = tuple(column for (column,) in asked)
    is_deferred = tuple(column.lower() for column in columns) in late
    return SourceForeignKey(columns, parent, named, on_delete, on_update, is_deferred)


def _indexes(connection: sqlite3.Connection, name: str) -> tuple[SourceIndex, ...]:
    listed = connection.execute(
        "SELECT l.name, l.\"unique\", l.origin, l.partial, coalesce(s.sql, '') FROM pragma_index_list(?) l"
        " LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name ORDER BY l.name",
        (name,),
    )
    return tuple(
        SourceIndex(index, bool(is_unique), origin, bool(is_partial), _terms(connection, index), sql)
        for index, is_unique, origin, is_partial, sql in listed.fetchall()
    )


def _terms(connection: sqlite3.Connection, index: str) -> tuple[IndexTerm, ...]:
    asked = connection.execute(
        'SELECT cid, name, "desc", coll FROM pragma_index_xinfo(?) WHERE "key" ORDER BY seqno', (index,)
    )
    return tuple(
        IndexTerm(None if number == EXPRESSION else column, bool(is_descending), collation.upper())
        for number, column, is_descending, collation in asked
    )
