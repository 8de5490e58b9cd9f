"""Unique columns, checks and indexes of a table, as PostgreSQL can have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from console.migration.dialect.expressions import portable_condition, portable_term
from console.migration.dialect.names import given_name, target_name
from console.migration.plan import PlannedIndex
from console.migration.planning.drafts import Draft
from console.migration.sqlite.introspection import quoted
from console.migration.sqlite.schema import IndexTerm, SourceIndex
from console.migration.sqlite.tokens import SqlToken, checks, group, split, tokens


def given_names(draft: Draft) -> set[str]:
    """Return the names that PostgreSQL gives to what a draft has: its sequence, its key, its uniques."""
    table = draft.table
    names = {given_name(table.target, (), "pkey")} if table.key else set[str]()
    if table.identity:
        names.add(given_name(table.target, (table.identity,), "seq"))
    return names | {given_name(table.target, columns, "key") for columns in _uniques(draft)}


def plan_constraints(draft: Draft, taken: set[str]) -> None:
    """Give a draft its uniques, checks and indexes; what cannot move is noted.

    Args:
        taken: the names of tables and indexes so far; those of this table are added.
    """
    indexes = list[PlannedIndex]()
    for index in draft.source.indexes:
        if not _is_key(draft, index) and not _unique(draft, index) and (made := _index(draft, index, taken)):
            indexes.append(made)
            taken.add(made.name)
    draft.table = replace(draft.table, uniques=_uniques(draft), indexes=tuple(indexes), checks=tuple(_checks(draft)))


def _is_key(draft: Draft, index: SourceIndex) -> bool:
    return index.origin == "pk" and not draft.rules.key and not _folds(index)


def _uniques(draft: Draft) -> tuple[tuple[str, ...], ...]:
    indexes = [index for index in draft.source.indexes if not _is_key(draft, index)]
    return tuple(dict.fromkeys(columns for index in indexes if (columns := _unique(draft, index))))


def _unique(draft: Draft, index: SourceIndex) -> tuple[str, ...] | None:
    """Return the columns of an index that becomes a constraint; nothing of others."""
    names = tuple(term.column for term in index.terms if term.column is not None)
    return draft.targets(names) if index.origin != "c" and not _folds(index) else None


def _folds(index: SourceIndex) -> bool:
    return any(term.collation != "BINARY" for term in index.terms)


def _checks(draft: Draft) -> list[str]:
    made = list[str]()
    for check in checks(draft.source.sql):
        condition = portable_condition(check, draft.columns, draft.folded)
        if condition is None:
            draft.note(f"CHECK ({_said(check)}) does not move: PostgreSQL has none such, or means something else by it")
        else:
            made.append(condition)
    return made


def _index(draft: Draft, index: SourceIndex, taken: set[str]) -> PlannedIndex | None:
    terms, where = _terms(draft, index), _where(draft, index)
    name = (
        index.name
        if index.origin == "c"
        else f"{draft.table.target}_{'_'.join(t.column or '' for t in index.terms)}_key"
    )
    if terms is None or where == "":
        lost = "and with it what it keeps unique " if index.is_unique else ""
        draft.note(f"index {index.name} {lost}does not move: {index.sql or 'a column of it is left out'}")
        return None
    if any(term.collation == "NOCASE" for term in index.terms):
        draft.note(f"index {name} is by lower(…), as NOCASE: ask for lower(column) = lower(value) to use it")
    target = target_name(name, taken)
    if target != name:
        draft.note(f"index {name} becomes {target}")
    return PlannedIndex(target, terms, index.is_unique, where)


def _terms(draft: Draft, index: SourceIndex) -> tuple[str, ...] | None:
    expressions = _expressions(index)
    made = [_term(draft, term, expressions[number] if expressions else ()) for number, term in enumerate(index.terms)]
    return None if None in made else tuple(term for term in made if term is not None)


def _term(draft: Draft, term: IndexTerm, expression: Sequence[SqlToken]) -> str | None:
    if term.column is None:
        said = portable_term(expression, draft.columns)
    else:
        column = draft.columns.get(term.column.lower())
        said = quoted(column.target) if column else None
        if column and term.collation == "NOCASE":
            said = f"lower({said})" if column.kind == "text" else said
    if said is None or term.collation not in ("BINARY", "NOCASE"):
        return None
    return f"{said} DESC" if term.is_descending else said


def _expressions(index: SourceIndex) -> list[tuple[SqlToken, ...]]:
    """Return the tokens of each term of a CREATE INDEX, without its order."""
    terms = list(split(group(tokens(index.sql))))
    return [tuple(token for token in term if token.upper not in ("ASC", "DESC")) for term in terms]


def _where(draft: Draft, index: SourceIndex) -> str | None:
    """Return the condition of a partial index; None where it is not partial, empty where it cannot move."""
    if not index.is_partial:
        return None
    given = tokens(index.sql)
    at = max(number for number, token in enumerate(given) if token.upper == "WHERE")
    return portable_condition(given[at + 1 :], draft.columns, draft.folded) or ""


def _said(condition: Sequence[SqlToken]) -> str:
    return " ".join(token.text for token in condition)
