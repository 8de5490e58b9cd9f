"""The values in the columns of a table, counted by SQLite in one pass."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from console.migration.planning.choice import TIMES, Profile, declared_kind
from console.migration.sqlite.introspection import quoted
from console.migration.sqlite.reading import Parameters
from console.migration.sqlite.schema import SourceColumn

MOST_COLUMNS = 200  # a statement: SQLite has at most 2,000 results
OFFSETS = (
    "*:*[0-9][Zz]",
    "*:* UTC",
    "*:*[+-][0-9][0-9]",
    "*:*[+-][0-9][0-9]:[0-9][0-9]",
    "*:*[+-][0-9][0-9][0-9][0-9]",
)
NONE = ("0", "0")


def survey(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[SourceColumn],
    where: str | None,
    parameters: Parameters,
) -> dict[str, Profile]:
    """Return the profile of each column over the rows that move."""
    found = dict[str, Profile]()
    for start in range(0, len(columns), MOST_COLUMNS):
        some = columns[start : start + MOST_COLUMNS]
        terms = ", ".join(f"coalesce(sum({term}), 0)" for column in some for term in _terms(column))
        condition = f" WHERE ({where})" if where else ""
        counts = connection.execute(f"SELECT {terms} FROM {quoted(table)}{condition}", parameters).fetchone()  # noqa: S608 - quoted
        for number, column in enumerate(some):
            found[column.name] = Profile(*counts[number * 6 : number * 6 + 6])
    return found


def _terms(column: SourceColumn) -> tuple[str, ...]:
    name = quoted(column.name)
    types = tuple(f"typeof({name}) = '{each}'" for each in ("integer", "real", "text", "blob"))
    if declared_kind(column.declared) not in TIMES:
        return (*types, *NONE)
    is_text = f"typeof({name}) = 'text'"
    offsets = " OR ".join(f"{name} GLOB '{pattern}'" for pattern in OFFSETS)
    return (*types, f"{is_text} AND ({offsets})", f"{is_text} AND length({name}) = 10")
