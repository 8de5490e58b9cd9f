"""The plan of a move: what goes where and as which type, and what stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.migration.kinds import Kind, SourceValue

Destination = Literal["postgresql", "dynamodb"]
OnMisfit = Literal["fail", "null", "skip"]


@dataclass(frozen=True)
class PlannedColumn:
    """A column that moves.

    Attributes:
        name: in the source.
        target: its name where it goes, not quoted.
        declared: the type that the source declares; empty where it declares none.
        default: SQL of PostgreSQL; None where there is none, or none that PostgreSQL can have.
        convert: by the rules, done in this order before the value becomes one of its kind.
        on_misfit: by the rules, of a value that is none of its kind, or that refers to no row.
        expression: the source's SQL that gives the value, where the rules make dangling references null; else empty.
    """

    name: str
    target: str
    kind: Kind
    is_nullable: bool
    default: str | None = None
    declared: str = ""
    convert: tuple[str, ...] = ()
    on_misfit: OnMisfit = "fail"
    expression: str = ""


@dataclass(frozen=True)
class PlannedForeignKey:
    """A reference to another table, by target names.

    Attributes:
        on_delete: as in SQL: NO ACTION, RESTRICT, SET NULL, SET DEFAULT or CASCADE; so is `on_update`.
        is_in_cycle: the tables refer to each other, so that the constraint can only come when all have their rows.
    """

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    is_deferred: bool = False
    is_in_cycle: bool = False


@dataclass(frozen=True)
class PlannedIndex:
    """An index that is no constraint.

    Attributes:
        name: the target's, not quoted.
        terms: SQL of PostgreSQL, one for each column or expression: `"user_id"`, `"started_at" DESC`, `lower("email")`.
        where: SQL of PostgreSQL, of a partial index.
    """

    name: str
    terms: tuple[str, ...]
    is_unique: bool = False
    where: str | None = None


@dataclass(frozen=True)
class PlannedTable:
    """A table that moves.

    Attributes:
        name: in the source.
        target: its name where it goes, not quoted.
        key: the primary key by target names; empty where there is none: its rows come in the order of their rowid.
        identity: the target column that counts by itself; None where none does.
        uniques: each the target names of its columns.
        checks: conditions as SQL of PostgreSQL.
        where: the source's SQL of the rows that move; None: all do.
        ttl: the target column by whose time DynamoDB forgets an item.
        rows: how many move.
        left_out: how many do not, by the rules.
    """

    name: str
    target: str
    columns: tuple[PlannedColumn, ...]
    key: tuple[str, ...]
    identity: str | None = None
    foreign_keys: tuple[PlannedForeignKey, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[PlannedIndex, ...] = ()
    checks: tuple[str, ...] = ()
    where: str | None = None
    destination: Destination = "postgresql"
    ttl: str | None = None
    rows: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Misfit:
    """A value that cannot move as it is.

    Attributes:
        column: the source's name, several joined by commas; empty where the row or the table is at fault.
        key: of the row: the source's values of the key, or the rowid; empty where the table is at fault.
    """

    table: str
    column: str
    key: tuple[SourceValue, ...]
    value: SourceValue
    reason: str


@dataclass(frozen=True)
class MisfitCount:
    """The number of values in a column that do not fit for one reason; the plan has the first of them as misfits."""

    table: str
    column: str
    reason: str
    count: int


@dataclass(frozen=True)
class MigrationPlan:
    """All that would move.

    Attributes:
        tables: a table comes after those it refers to; where they refer to each other, in the order of their names.
        misfits: the first of each kind.
        counts: of all misfits.
        notes: what does not move, or moves as something else, in words.
        now: the instant that the rules' `:now` stands for (RFC 3339, UTC): the same for plan, copy and verification.
    """

    tables: tuple[PlannedTable, ...]
    misfits: tuple[Misfit, ...]
    notes: tuple[str, ...]
    counts: tuple[MisfitCount, ...] = ()
    now: str = ""
