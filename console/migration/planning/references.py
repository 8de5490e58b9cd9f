"""References between tables: their order, what the rules make of those that lead nowhere, and the constraints."""

from __future__ import annotations

import graphlib
import itertools
import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from console.migration.plan import PlannedColumn, PlannedForeignKey, PlannedTable
from console.migration.planning.drafts import Draft
from console.migration.sqlite.introspection import quoted
from console.migration.sqlite.reading import Parameters, fits_condition
from console.migration.sqlite.schema import SourceForeignKey

Drafts = Mapping[str, Draft]  # by the source's name in small letters
Cycles = set[frozenset[str]]  # the pairs of tables that refer to each other


def in_order(drafts: Drafts) -> tuple[list[Draft], Cycles]:
    """Return the tables, each after those it refers to, and the pairs of tables in cycles."""
    graph = {name: _parents(draft, drafts) - {name} for name, draft in sorted(drafts.items())}
    cyclic = set[frozenset[str]]()
    while True:
        try:
            return [drafts[name] for name in _sorted(graph)], cyclic
        except graphlib.CycleError as error:
            cycle: list[str] = error.args[1]
            for parent, child in itertools.pairwise(cycle):
                cyclic.add(frozenset((parent, child)))
                graph[child].discard(parent)


def _sorted(graph: Mapping[str, set[str]]) -> list[str]:
    sorter, names = graphlib.TopologicalSorter(graph), list[str]()
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        names += ready
        sorter.done(*ready)
    return names


def _parents(draft: Draft, drafts: Drafts) -> set[str]:
    return {key.parent.lower() for key in draft.source.foreign_keys} & set(drafts)


def plan_rows(draft: Draft, drafts: Drafts, cyclic: Cycles) -> None:
    """Give a draft the condition of the rows that stay in by the rules; its parents have theirs, but for circles."""
    conditions = [f"({draft.rules.where})"] if draft.rules.where else []
    conditions += [fits_condition(column) for column in draft.table.columns if column.on_misfit == "skip"]
    for key in draft.source.foreign_keys:
        if _reaction(draft, key) == "skip" and not _is_in_circle(draft, key, cyclic):
            conditions.append(f"NOT ({dangling_condition(draft, key, drafts)})")
    if _circular(draft, cyclic):
        conditions.append(f"({_names(draft)}) NOT IN {_left_out(draft)}")
    draft.table = replace(draft.table, where=" AND ".join(conditions) or None)


def leave_out(connection: sqlite3.Connection, drafts: Drafts, cyclic: Cycles, parameters: Parameters) -> None:
    """Collect the rows that are skipped around circles of references, until no row leads to one of them."""
    some = [draft for draft in drafts.values() if _circular(draft, cyclic)]
    for draft in some:
        table, own = _left_out(draft), f"FROM {quoted(draft.source.name)}"
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"CREATE TEMP TABLE {table.removeprefix('temp.')} AS SELECT {_names(draft)} {own} WHERE 0")
    while any(_leave_out(connection, draft, drafts, cyclic, parameters) for draft in some):
        pass


def _leave_out(
    connection: sqlite3.Connection, draft: Draft, drafts: Drafts, cyclic: Cycles, parameters: Parameters
) -> bool:
    nowhere = " OR ".join(f"({dangling_condition(draft, key, drafts)})" for key in _circular(draft, cyclic))
    kept = f"FROM {quoted(draft.source.name)} WHERE ({draft.table.where}) AND ({nowhere})"
    made = connection.execute(f"INSERT INTO {_left_out(draft)} SELECT {_names(draft)} {kept}", parameters)
    return made.rowcount > 0


def _circular(draft: Draft, cyclic: Cycles) -> list[SourceForeignKey]:
    """Return the references of a circle by which rows are skipped."""
    keys = [key for key in draft.source.foreign_keys if _is_in_circle(draft, key, cyclic)]
    return [key for key in keys if _reaction(draft, key) == "skip"]


def _is_in_circle(draft: Draft, key: SourceForeignKey, cyclic: Cycles) -> bool:
    own, parent = draft.source.name.lower(), key.parent.lower()
    return own == parent or frozenset((own, parent)) in cyclic


def _left_out(draft: Draft) -> str:
    return "temp." + quoted(f"rows left out of {draft.source.name}")


def _names(draft: Draft) -> str:
    """Return SQL for what tells rows apart."""
    names = (draft.source.rowid,) if draft.source.rowid else draft.source.key
    return ", ".join(f"{quoted(draft.source.name)}.{quoted(name)}" for name in names)


def plan_references(draft: Draft, drafts: Drafts, cyclic: Cycles) -> None:
    """Give a draft its foreign keys, and null where the rules want that; all drafts have their rows."""
    columns = {column.name: column for column in draft.table.columns}
    for key in draft.source.foreign_keys:
        if _reaction(draft, key) == "null":
            nowhere = dangling_condition(draft, key, drafts)
            for column in _affected(draft, key):
                null = f"CASE WHEN {nowhere} THEN NULL ELSE {quoted(column.name)} END"
                columns[column.name] = replace(column, expression=null)
    planned = [_constraint(draft, key, drafts, cyclic) for key in draft.source.foreign_keys]
    draft.table = replace(
        draft.table, columns=tuple(columns.values()), foreign_keys=tuple(key for key in planned if key)
    )


def dangling_condition(draft: Draft, key: SourceForeignKey, drafts: Drafts) -> str:
    """Return SQL that is true of a row whose reference leads to no row that moves."""
    own = quoted(draft.source.name)
    given = " AND ".join(f"{own}.{quoted(column)} IS NOT NULL" for column in key.columns)
    parent = drafts.get(key.parent.lower())
    if parent is None:
        return given
    name = quoted("parent of " + draft.source.name)
    pairs = " AND ".join(
        f"{name}.{quoted(theirs)} = {own}.{quoted(ours)}"
        f" AND {own}.{quoted(ours)} COLLATE BINARY = {name}.{quoted(theirs)}"
        for ours, theirs in zip(key.columns, key.parent_columns, strict=True)
    )
    # In a query of its own, so that a rule which names its table means the parent's row.
    kept = f" WHERE ({parent.table.where})" if parent.table.where else ""
    rows = f"(SELECT * FROM {quoted(parent.source.name)}{kept}) AS {name}"  # noqa: S608 - quoted
    return f"{given} AND NOT EXISTS (SELECT 1 FROM {rows} WHERE {pairs})"  # noqa: S608 - quoted


def adopt_kinds(draft: Draft, drafts: Drafts) -> None:
    """Give a column that refers to another and holds nothing the kind of that other."""
    columns = {column.name: column for column in draft.table.columns}
    for key in draft.source.foreign_keys:
        parent = drafts.get(key.parent.lower())
        for ours, theirs in zip(key.columns, key.parent_columns, strict=False):
            own = draft.columns.get(ours.lower())
            other = parent.columns.get(theirs.lower()) if parent else None
            if own and other and not draft.profiles[own.name].values and not draft.rules.of_column(own.name).kind:
                columns[own.name] = replace(own, kind=other.kind)
    draft.table = replace(draft.table, columns=tuple(columns.values()))


def _affected(draft: Draft, key: SourceForeignKey) -> list[PlannedColumn]:
    columns = [draft.columns[name.lower()] for name in key.columns if name.lower() in draft.columns]
    return [column for column in columns if column.on_misfit == "null"]


def _reaction(draft: Draft, key: SourceForeignKey) -> str:
    reactions = {draft.rules.of_column(name).on_misfit for name in key.columns}
    return "skip" if "skip" in reactions else "null" if "null" in reactions else "fail"


def _constraint(draft: Draft, key: SourceForeignKey, drafts: Drafts, cyclic: Cycles) -> PlannedForeignKey | None:
    parent = drafts.get(key.parent.lower())
    ours = draft.targets(key.columns)
    theirs = parent.targets(key.parent_columns) if parent else None
    why = _obstacle(draft, parent, ours, theirs)
    if why or parent is None or ours is None or theirs is None:
        draft.note(f"the reference of {', '.join(key.columns)} to {key.parent} does not move: {why}")
        return None
    is_in_cycle = parent is not draft and _is_in_circle(draft, key, cyclic)
    return PlannedForeignKey(
        ours, parent.table.target, theirs, key.on_delete, key.on_update, key.is_deferred, is_in_cycle
    )


def _obstacle(draft: Draft, parent: Draft | None, ours: tuple[str, ...] | None, theirs: tuple[str, ...] | None) -> str:
    if parent is None:
        return "that table does not move"
    if ours is None or theirs is None:
        return "a column of it does not move"
    if "dynamodb" in (draft.table.destination, parent.table.destination):
        return "DynamoDB has none"
    if set(theirs) not in _unique_columns(parent.table):
        return "there is no key or UNIQUE for it"
    kinds = [{column.target: column.kind for column in each.table.columns} for each in (draft, parent)]
    for one, other in zip(ours, theirs, strict=True):
        if kinds[0][one] != kinds[1][other]:
            return f"{one} is {kinds[0][one]} and {other} is {kinds[1][other]}"
    return ""


def _unique_columns(table: PlannedTable) -> list[set[str]]:
    """Return the columns of each key that PostgreSQL lets others refer to: unique indexes of plain columns, too."""
    plain = {quoted(column.target): column.target for column in table.columns}
    found = [set(table.key), *map(set, table.uniques)]
    for index in table.indexes:
        names = [plain.get(term.removesuffix(" DESC")) for term in index.terms]
        if index.is_unique and index.where is None and None not in names:
            found.append({name for name in names if name})
    return found
