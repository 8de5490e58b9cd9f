"""The rows that differ, down to their columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from console.migration.plan import PlannedTable
from console.migration.proof.forms import Hashing, NormalRow

How = Literal["missing", "extra", "different"]
Rows = Mapping[tuple[bytes, ...], list[NormalRow]]


@dataclass(frozen=True)
class ColumnDifference:
    """A column whose values differ; `target` of a column that the source does not have is its name alone."""

    column: str
    source: object
    target: object


@dataclass(frozen=True)
class RowDifference:
    """A row that is not the same on both sides.

    Attributes:
        key: the values of its key; of a table without one, of all columns.
        how: the target misses it, has it beyond the source, or has other values.
        copies: how many rows with this key the target has too few or too many.
        columns: those whose values differ.
    """

    key: tuple[object, ...]
    how: How
    copies: int = 1
    columns: tuple[ColumnDifference, ...] = ()


def differences_of(table: PlannedTable, hashing: Hashing, ours: Rows, theirs: Rows) -> tuple[RowDifference, ...]:
    """Return the rows that differ, in the order in which the source has them, then those that it does not have."""
    found: list[RowDifference] = []
    for key in (*ours, *(key for key in theirs if key not in ours)):
        difference = _difference(table, hashing, ours.get(key, []), theirs.get(key, []))
        if difference is not None:
            found.append(difference)
    return tuple(found)


def _difference(
    table: PlannedTable, hashing: Hashing, ours: list[NormalRow], theirs: list[NormalRow]
) -> RowDifference | None:
    key = hashing.key_shown((ours or theirs)[0])
    more = len(theirs) - len(ours)
    if more:
        return RowDifference(key, "extra" if more > 0 else "missing", abs(more))
    pairs = zip(sorted(ours, key=_forms), sorted(theirs, key=_forms), strict=True)
    columns = [column for pair in pairs for column in _columns(table, *pair)]
    return RowDifference(key, "different", columns=tuple(columns)) if columns else None


def _columns(table: PlannedTable, ours: NormalRow, theirs: NormalRow) -> list[ColumnDifference]:
    names = [column.target for column in table.columns]
    values = zip(names, ours.forms, theirs.forms, ours.shown, theirs.shown, strict=True)
    found = [ColumnDifference(name, one, other) for name, form, its, one, other in values if form != its]
    return found + [ColumnDifference(name, None, name) for name in theirs.others]


def _forms(row: NormalRow) -> tuple[bytes, ...]:
    return row.forms
