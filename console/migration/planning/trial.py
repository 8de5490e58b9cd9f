"""Every row that would move, read and converted as the copy does it, so that nothing is left to fail then."""

from __future__ import annotations

from collections.abc import Sequence

from console.migration.kinds import SourceValue, TargetValue
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.planning.drafts import Draft
from console.migration.planning.duplicates import Duplicates
from console.migration.planning.limits import Check, limit_of
from console.migration.planning.misfits import Misfits
from console.migration.source import SourceFile
from console.migration.values import convert_all, converter_of
from console.terminal import Advance

Keyed = tuple[Sequence[tuple[SourceValue, ...]], Sequence[SourceValue]]  # keys of rows, and values of a column


def try_rows(source: SourceFile, draft: Draft, misfits: Misfits, advance: Advance) -> None:
    """Find the values of a table that do not fit."""
    table = draft.table
    limits = [limit_of(column, table) for column in table.columns]
    duplicates = Duplicates(table, is_new_key=bool(draft.rules.key))
    try:
        for batch in source.batches(table):
            made = [
                _try_column(table, column, limit, (batch.keys, values), misfits)
                for column, limit, values in zip(table.columns, limits, batch.columns, strict=True)
            ]
            duplicates.look(batch.keys, made, misfits)
            advance(len(batch.keys))
    finally:
        duplicates.close()


def _try_column(
    table: PlannedTable,
    column: PlannedColumn,
    limit: Check | None,
    keyed: Keyed,
    misfits: Misfits,
) -> Sequence[TargetValue]:
    """Return the target's values, None for those that do not fit."""
    if limit is None:
        try:
            made = convert_all(column, keyed[1])
        except ValueError:
            pass
        else:
            if column.is_nullable or None not in made:
                return made
    return _try_each(table, column, limit, keyed, misfits)


def _try_each(
    table: PlannedTable,
    column: PlannedColumn,
    limit: Check | None,
    keyed: Keyed,
    misfits: Misfits,
) -> list[TargetValue]:
    into, found = converter_of(column), list[TargetValue]()
    for key, value in zip(*keyed, strict=True):
        made: TargetValue = None
        try:
            made = into(value)
            _check(column, made, limit)
        except ValueError as error:
            misfits.add(table.name, column.name, key, value, str(error))
        found.append(made)
    return found


def _check(column: PlannedColumn, value: TargetValue, limit: Check | None) -> None:
    if value is None and not column.is_nullable:
        raise ValueError("is NULL where the column may not be")
    if limit and value is not None:
        limit(value)
