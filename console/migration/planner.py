"""The plan, made: the schema looked at, the data surveyed, the rules applied."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from console.errors import ConsoleError
from console.migration.dialect.names import fits, target_name
from console.migration.plan import MigrationPlan
from console.migration.planning.agreement import check_rules
from console.migration.planning.constraints import given_names, plan_constraints
from console.migration.planning.dangling import find_broken_checks, find_dangling
from console.migration.planning.drafts import Draft, draft_table
from console.migration.planning.limits import find_excess
from console.migration.planning.misfits import Misfits
from console.migration.planning.references import adopt_kinds, in_order, leave_out, plan_references, plan_rows
from console.migration.planning.survey import survey
from console.migration.planning.trial import try_rows
from console.migration.rules import HINT, Rules
from console.migration.source import SourceFile
from console.migration.sqlite.schema import SourceTable
from console.terminal import Advance

MOST_SHOWN = 10  # misfits of one column for one reason


def make_plan(
    source: SourceFile, rules: Rules, advance: Advance | None = None, most_shown: int = MOST_SHOWN
) -> MigrationPlan:
    """Return the plan for a source.

    Args:
        advance: called with the number of rows just looked at.
        most_shown: so many misfits of one column for one reason; all are counted.

    Raises:
        ConsoleError: the rules name what the source does not have, or contradict it; or the source cannot be read.
    """
    try:
        check_rules(rules, source)
        return _plan(source, rules, advance or _ignore, Misfits(most_shown))
    except sqlite3.Error as error:
        raise ConsoleError(f"{source.path} cannot be read: {error}", "see that SQLite alone can read it") from error


def _plan(source: SourceFile, rules: Rules, advance: Advance, misfits: Misfits) -> MigrationPlan:
    notes = [*source.left_behind(), *_collations(source)]
    drafts = _drafts(source, rules, notes)
    taken = {draft.table.target for draft in drafts.values()}.union(*map(given_names, drafts.values()))
    for draft in drafts.values():
        plan_constraints(draft, taken)
    ordered, cyclic = in_order(drafts)
    for draft in ordered:
        adopt_kinds(draft, drafts)
        plan_rows(draft, drafts, cyclic)
    leave_out(source.connection, drafts, cyclic, source.parameters)
    for draft in ordered:
        plan_references(draft, drafts, cyclic)
        try_rows(source, draft, misfits, advance)
        find_dangling(source, draft, drafts, misfits)
        find_broken_checks(source, draft, misfits)
        find_excess(source, draft, misfits)
        kept, left_out = source.count(draft.table)
        draft.table = replace(draft.table, rows=kept, left_out=left_out)
        notes += draft.notes
    notes += [f"{' and '.join(sorted(pair))} refer to each other: that constraint comes last" for pair in cyclic]
    return MigrationPlan(
        tuple(draft.table for draft in ordered), misfits.first, tuple(notes), misfits.counts, source.now
    )


def _drafts(source: SourceFile, rules: Rules, notes: list[str]) -> dict[str, Draft]:
    kept = [table for table in source.tables() if not rules.of_table(table.name).skip]
    for table in source.tables():
        if table not in kept:
            notes.append(f"{table.name}: left out by rule")
    targets = _targets(kept, rules, notes)
    drafts = dict[str, Draft]()
    for table in kept:
        rule = rules.of_table(table.name)
        profiles = survey(source.connection, table.name, table.columns, rule.where, source.parameters)
        drafts[table.name.lower()] = draft_table(table, rule, profiles, targets[table.name])
    return drafts


def _targets(tables: list[SourceTable], rules: Rules, notes: list[str]) -> dict[str, str]:
    made = dict[str, str]()
    for table in sorted(tables, key=lambda each: rules.of_table(each.name).rename is None):
        rename = rules.of_table(table.name).rename
        if rename is not None and (not fits(rename) or rename in made.values()):
            said = f"rules rename {table.name} to {rename!r}, which is taken, empty, or longer than 63 bytes"
            raise ConsoleError(said, HINT, 2)
        made[table.name] = rename or target_name(table.name, set(made.values()))
        if made[table.name] != table.name:
            notes.append(f"{table.name}: becomes {made[table.name]}")
    return made


def _collations(source: SourceFile) -> list[str]:
    return [
        f"the collation {name} is the application's own: PostgreSQL sorts otherwise"
        for name in source.unknown_collations
    ]


def _ignore(_: int) -> None:
    """Take no notice."""
