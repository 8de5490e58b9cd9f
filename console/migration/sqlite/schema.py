"""The schema of a SQLite file: tables, columns, keys, indexes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceColumn:
    """A column as declared.

    Attributes:
        declared: its type in capitals; empty where there is none.
        default: SQL of the source.
        is_generated: SQLite reckons its values.
    """

    name: str
    declared: str
    is_nullable: bool
    default: str | None
    is_generated: bool
    collation: str = "BINARY"


@dataclass(frozen=True)
class SourceForeignKey:
    """A reference to another table."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    on_delete: str
    on_update: str
    is_deferred: bool


@dataclass(frozen=True)
class IndexTerm:
    """A column of an index, or an expression: then it has no name."""

    column: str | None
    is_descending: bool
    collation: str


@dataclass(frozen=True)
class SourceIndex:
    """An index; `origin` is `c` (CREATE INDEX), `u` (UNIQUE) or `pk`."""

    name: str
    is_unique: bool
    origin: str
    is_partial: bool
    terms: tuple[IndexTerm, ...]
    sql: str


@dataclass(frozen=True)
class SourceTable:
    """A table as declared.

    Attributes:
        key: the columns of the primary key; empty where none is declared.
        rowid: the name by which the rowid can be asked for; None in a table WITHOUT ROWID, or where columns hide it.
        is_identity: its key is the rowid, which SQLite gives.
        is_autoincrement: no rowid is ever given twice.
    """

    name: str
    sql: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...]
    rowid: str | None
    is_identity: bool
    is_autoincrement: bool
    is_strict: bool
    foreign_keys: tuple[SourceForeignKey, ...]
    indexes: tuple[SourceIndex, ...]
