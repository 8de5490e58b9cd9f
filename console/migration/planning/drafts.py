"""A table on its way into the plan: its columns named, their kinds chosen, the rules applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from console.errors import ConsoleError
from console.migration.dialect.defaults import target_default
from console.migration.dialect.names import TAKEN, fits, target_name
from console.migration.kinds import Kind
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.planning.choice import KindChoice, Profile, choose
from console.migration.rules import HINT, ColumnRules, TableRules
from console.migration.sqlite.schema import SourceColumn, SourceTable

TIMES = ("unixepoch", "unixepoch_ms", "julianday")


@dataclass
class Draft:
    """A table that moves, as far as it is planned; `table` is replaced as more becomes known."""

    source: SourceTable
    rules: TableRules
    profiles: Mapping[str, Profile]
    table: PlannedTable
    notes: list[str] = field(default_factory=list[str])

    @property
    def columns(self) -> dict[str, PlannedColumn]:
        """The columns that move, by the source's names in small letters."""
        return {column.name.lower(): column for column in self.table.columns}

    @property
    def folded(self) -> frozenset[str]:
        """The columns of text, in small letters, that SQLite does not compare byte by byte."""
        kinds = {name: column.kind for name, column in self.columns.items()}
        named = {column.name.lower() for column in self.source.columns if column.collation != "BINARY"}
        return frozenset(name for name in named if kinds.get(name) == "text")

    def targets(self, names: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the target names of columns; None where one does not move."""
        columns = self.columns
        found = [columns.get(name.lower()) for name in names]
        return tuple(column.target for column in found if column) if all(found) else None

    def note(self, text: str) -> None:
        """Say something of the table."""
        self.notes.append(f"{self.source.name}: {text}")


def draft_table(source: SourceTable, rules: TableRules, profiles: Mapping[str, Profile], target: str) -> Draft:
    """Return the draft of a table: all but what has to do with others.

    Raises:
        ConsoleError: the rules contradict the table.
    """
    draft = Draft(source, rules, profiles, PlannedTable(source.name, target, (), (), where=rules.where))
    key = _key(source, rules)
    columns = _columns(draft, {name.lower() for name in key})
    draft.table = replace(draft.table, columns=columns, destination=rules.destination)
    targets = draft.targets(key)
    if targets is None:
        raise ConsoleError(f"{source.name}: a column of its key {', '.join(key)} is left out", HINT, 2)
    counts = source.is_identity and not rules.key and draft.columns[key[0].lower()].kind == "bigint"
    ttl = draft.targets((rules.ttl,)) if rules.ttl else None
    draft.table = replace(
        draft.table, key=targets, identity=targets[0] if counts else None, ttl=ttl[0] if ttl else None
    )
    if not key:
        draft.note("has no primary key: a rule `key` names one")
    return draft


def _key(source: SourceTable, rules: TableRules) -> tuple[str, ...]:
    names = {column.name.lower(): column.name for column in source.columns}
    return tuple(names[name.lower()] for name in rules.key) or source.key


def _columns(draft: Draft, key: set[str]) -> tuple[PlannedColumn, ...]:
    made, taken = list[PlannedColumn](), set(TAKEN)
    for column in draft.source.columns:
        rule = draft.rules.of_column(column.name)
        if rule.skip:
            draft.note(f"column {column.name} is left out by rule")
            continue
        target = _target(draft, column, rule, taken)
        taken.add(target)
        made.append(_column(draft, column, rule, target, is_key=column.name.lower() in key))
    return tuple(made)


def _target(draft: Draft, column: SourceColumn, rule: ColumnRules, taken: set[str]) -> str:
    if rule.rename is not None:
        if not fits(rule.rename) or rule.rename in taken:
            said = f"rules rename {draft.source.name}.{column.name} to {rule.rename!r}"
            raise ConsoleError(f"{said}, which is taken, empty, or longer than 63 bytes", HINT, 2)
        return rule.rename
    target = target_name(column.name, taken)
    if target != column.name:
        draft.note(f"column {column.name} becomes {target}")
    return target


def _column(draft: Draft, column: SourceColumn, rule: ColumnRules, target: str, *, is_key: bool) -> PlannedColumn:
    chosen = _choice(column, rule, draft.profiles[column.name])
    is_nullable = column.is_nullable and not is_key
    if rule.on_misfit == "null" and not is_nullable:
        raise ConsoleError(f'{draft.source.name}.{column.name}: on_misfit = "null", but it is NOT NULL', HINT, 2)
    default = _default(draft, column, chosen.kind)
    if chosen.note:
        draft.note(f"column {column.name} {chosen.note}")
    if column.is_generated:
        draft.note(f"column {column.name} is reckoned by SQLite: its values move, its expression does not")
    return PlannedColumn(
        name=column.name,
        target=target,
        kind=chosen.kind,
        is_nullable=is_nullable,
        default=default,
        declared=column.declared,
        convert=rule.convert,
        on_misfit=rule.on_misfit,
    )


def _choice(column: SourceColumn, rule: ColumnRules, profile: Profile) -> KindChoice:
    if rule.kind:
        return KindChoice(rule.kind)
    if any(step in TIMES or step.startswith("local:") for step in rule.convert):
        return KindChoice("timestamptz")
    if "text" in rule.convert:
        return KindChoice("text")
    return choose(column.declared, profile)


def _default(draft: Draft, column: SourceColumn, kind: Kind) -> str | None:
    if column.default is None or column.default.upper() == "NULL":
        return None
    default = target_default(column.default, kind)
    if default is None:
        draft.note(f"column {column.name}: its default {column.default} does not move")
    return default
