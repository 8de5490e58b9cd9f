"""Rows that refer to rows which do not move or are not there, or that break a check."""

from __future__ import annotations

from console.migration.dialect.expressions import portable_condition
from console.migration.planning.drafts import Draft
from console.migration.planning.misfits import Misfits
from console.migration.planning.references import Drafts, dangling_condition
from console.migration.source import SourceFile
from console.migration.sqlite.introspection import quoted
from console.migration.sqlite.reading import key_names
from console.migration.sqlite.schema import SourceForeignKey
from console.migration.sqlite.tokens import checks


def find_dangling(source: SourceFile, draft: Draft, drafts: Drafts, misfits: Misfits) -> None:
    """Find the rows of a table whose references lead nowhere, where the rules do not say what becomes of them."""
    for key in draft.source.foreign_keys:
        if _matters(draft, key, drafts):
            _find(source, draft, key, dangling_condition(draft, key, drafts), misfits)


def _matters(draft: Draft, key: SourceForeignKey, drafts: Drafts) -> bool:
    """Tell whether the target would refuse such a row, or the rules take away what it refers to."""
    if key.parent.lower() not in drafts:
        return draft.table.destination == "postgresql"
    return any(each.columns == draft.targets(key.columns) for each in draft.table.foreign_keys)


def _find(source: SourceFile, draft: Draft, key: SourceForeignKey, nowhere: str, misfits: Misfits) -> None:
    names = key_names(draft.table, draft.source)
    table = quoted(draft.source.name)
    values = [draft.columns[name.lower()].expression or quoted(name) for name in key.columns]
    terms = ", ".join([*(f"{table}.{quoted(name)}" for name in names), *values])
    kept = f"({draft.table.where}) AND " if draft.table.where else ""
    is_there = " AND ".join(f"{value} IS NOT NULL" for value in values)
    sql = f"SELECT {terms} FROM {table} WHERE {kept}({nowhere}) AND {is_there}"  # noqa: S608 - quoted
    for row in source.connection.execute(sql, source.parameters):
        own, value = row[: len(names)], row[len(names) :]
        told = value[0] if len(value) == 1 else ", ".join(map(str, value))
        reason = f"refers to a row of {key.parent} that is not there, or does not move"
        misfits.add(draft.source.name, ", ".join(key.columns), own, told, reason)


def find_broken_checks(source: SourceFile, draft: Draft, misfits: Misfits) -> None:
    """Find the rows of a table that break a check which moves: SQLite may have been told to ignore it."""
    if draft.table.destination != "postgresql":
        return
    table = quoted(draft.source.name)
    names = key_names(draft.table, draft.source)
    terms = ", ".join([*map(quoted, names), "1"])
    kept = f"({draft.table.where}) AND " if draft.table.where else ""
    for check in checks(draft.source.sql):
        if portable_condition(check, draft.columns, draft.folded) is not None:
            said = " ".join(token.text for token in check)
            sql = f"SELECT {terms} FROM {table} WHERE {kept}NOT ({said})"  # noqa: S608 - the source's own
            for *key, _ in source.connection.execute(sql, source.parameters):
                misfits.add(draft.source.name, "", key, None, f"breaks CHECK ({said})")
