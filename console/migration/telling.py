"""A plan as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from console.migration.plan import MigrationPlan, Misfit, PlannedColumn, PlannedTable
from console.migration.shown import shown_key, shown_value
from console.wording import counted, joined, rows, visible


def as_json(plan: MigrationPlan, *, is_hidden: bool) -> dict[str, Any]:
    """Return a plan for other programs: its values as texts, cut or hidden as people see them."""
    misfits = [
        asdict(misfit)
        | {"key": shown_key(misfit.key, is_hidden=is_hidden), "value": shown_value(misfit.value, is_hidden=is_hidden)}
        for misfit in plan.misfits
    ]
    return asdict(plan) | {"misfits": misfits, "fits": not plan.counts}


def lines(plan: MigrationPlan, *, is_hidden: bool) -> Iterator[str]:
    """Yield the lines of a plan: its tables in order, what does not fit, what is to be known, what a copy would do."""
    for table in plan.tables:
        yield from _table(table)
    if plan.misfits:
        yield from ("", f"{counted(sum(each.count for each in plan.counts), 'misfit')}:")
        yield from _misfits(plan, is_hidden=is_hidden)
    if plan.notes:
        yield from ("", "To be known:", *(f"  {visible(note)}" for note in plan.notes))
    yield from ("", _summary(plan))


def _table(table: PlannedTable) -> Iterator[str]:
    name = table.name if table.name == table.target else f"{table.name} as {table.target}"
    where = " to DynamoDB" if table.destination == "dynamodb" else ""
    left_out = f", {table.left_out:,} left out by rule" if table.left_out else ""
    yield visible(f"{name}{where}: {rows(table.rows)}{left_out}")
    width = max((len(column.target) for column in table.columns), default=0)
    for column in table.columns:
        yield visible(f"  {column.target:{width}}  {_column(table, column)}")
    for key in table.foreign_keys:
        yield visible(f"  {', '.join(key.columns)} refers to {key.parent} ({', '.join(key.parent_columns)})")
    for unique in table.uniques:
        yield visible(f"  unique: {', '.join(unique)}")
    for index in table.indexes:
        condition = f" where {index.where}" if index.where else ""
        yield visible(f"  {'unique ' * index.is_unique}index {index.name}: {', '.join(index.terms)}{condition}")
    for check in table.checks:
        yield visible(f"  check: {check}")


def _column(table: PlannedTable, column: PlannedColumn) -> str:
    is_key, counts = column.target in table.key, column.target == table.identity
    words = [
        column.kind,
        *(["not null"] if not column.is_nullable and not is_key else []),
        *(["key"] if is_key else []),
        *(["counts by itself"] if counts else []),
        *([f"by {' and '.join(column.convert)}"] if column.convert else []),
        *(["by whose time items are forgotten"] if column.target == table.ttl else []),
    ]
    return ", ".join(words)


def _misfits(plan: MigrationPlan, *, is_hidden: bool) -> Iterator[str]:
    counts = {(each.table, each.column, each.reason): each.count for each in plan.counts}
    shown = dict.fromkeys(counts, 0)
    for misfit in plan.misfits:
        yield _misfit(misfit, is_hidden=is_hidden)
        kind = (misfit.table, misfit.column, misfit.reason.partition(":")[0])
        shown[kind] += 1
    for (table, column, reason), count in counts.items():
        if more := count - shown[table, column, reason]:
            yield visible(f"  {table}.{column}: {more:,} more whose value {reason}")


def _misfit(misfit: Misfit, *, is_hidden: bool) -> str:
    key = shown_key(misfit.key, is_hidden=is_hidden)
    value = shown_value(misfit.value, is_hidden=is_hidden)
    return f"  {visible(misfit.table)}, row {key}, column {visible(misfit.column)}: {value} {visible(misfit.reason)}"


def _summary(plan: MigrationPlan) -> str:
    if plan.counts:
        return "As long as there are misfits nothing is copied: mend them in the application, or give rules for them."
    parts = [_part(plan, "postgresql", "PostgreSQL"), _part(plan, "dynamodb", "DynamoDB")]
    said = joined([part for part in parts if part]) or "nothing"
    return f"Everything fits. A copy moves {said}; with --now {plan.now} the rules leave out the same rows again."


def _part(plan: MigrationPlan, destination: str, name: str) -> str:
    tables = [table for table in plan.tables if table.destination == destination]
    count = sum(table.rows for table in tables)
    return f"{counted(len(tables), 'table')} with {rows(count)} to {name}" if tables else ""
