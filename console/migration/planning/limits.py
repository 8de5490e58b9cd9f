"""Limits of a target that its kinds do not have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from console.migration.forms.numbers import normal_number
from console.migration.kinds import TargetValue
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.planning.drafts import Draft
from console.migration.planning.misfits import Misfits
from console.migration.source import SourceFile
from console.migration.sqlite.introspection import quoted
from console.migration.sqlite.reading import condition

MOST_KEY_BYTES = 1_024  # of a DynamoDB sort key, the smaller of both
MOST_NUMBER_DIGITS = 38
GREATEST, SMALLEST = Decimal("9.9999999999999999999999999999999999999e125"), Decimal("1e-130")

MOST_COLUMNS = 1_600  # of a table in PostgreSQL
MOST_INDEXED_BYTES = 2_704  # of a row in an index of PostgreSQL's, compressed

Check = Callable[[TargetValue], None]


def limit_of(column: PlannedColumn, table: PlannedTable) -> Check | None:
    """Return what raises ValueError for a value that the table's target cannot hold; None where it holds all."""
    if table.destination != "dynamodb":
        return None
    if column.target in table.key:
        return _check_key
    return _check_number if column.kind in ("double precision", "numeric") else None


def _check_key(value: TargetValue) -> None:
    if isinstance(value, str | bytes):
        size = len(value.encode() if isinstance(value, str) else value)
        if not 0 < size <= MOST_KEY_BYTES:
            raise ValueError(f"is a key of {size:,} bytes: DynamoDB takes 1 to {MOST_KEY_BYTES:,}")
    _check_number(value)


def _check_number(value: TargetValue) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("is infinite, which a number in DynamoDB cannot be")
    if isinstance(value, float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        digits = normal_number(number).partition("e")[0].lstrip("-")
        if len(digits) > MOST_NUMBER_DIGITS or (number and not SMALLEST <= abs(number) <= GREATEST):
            raise ValueError("is a number beyond DynamoDB's: 38 digits, 1e-130 to 9.99e125")


def find_excess(source: SourceFile, draft: Draft, misfits: Misfits) -> None:
    """Find what is too much for PostgreSQL: columns of the table; what may be too long for its indexes is noted."""
    table = draft.table
    if table.destination != "postgresql":
        return
    if len(table.columns) > MOST_COLUMNS:
        said = f"has {len(table.columns):,} columns: PostgreSQL takes {MOST_COLUMNS:,}"
        misfits.add(table.name, "", (), None, said)
    for index in draft.source.indexes:
        names = [term.column for term in index.terms if term.column]
        if names and not index.is_partial:
            _note_length(source, draft, names)


def _note_length(source: SourceFile, draft: Draft, names: Sequence[str]) -> None:
    length = " + ".join(f"coalesce(length(CAST({quoted(name)} AS BLOB)), 0)" for name in names)
    asked = f"SELECT coalesce(max({length}), 0) FROM {quoted(draft.source.name)}{condition(draft.table)}"  # noqa: S608 - quoted
    (most,) = source.connection.execute(asked, source.parameters).fetchone()
    if most > MOST_INDEXED_BYTES:
        takes = f"of which PostgreSQL takes {MOST_INDEXED_BYTES:,} at most, when it has compressed them"
        said = f"index of {', '.join(names)}: values of up to {most:,} bytes, {takes}"
        draft.note(f"{said}: the copy fails where they are longer")
