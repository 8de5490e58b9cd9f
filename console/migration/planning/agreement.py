"""The rules held against the source: every name is there, and all SQL is the source's."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable

from console.errors import ConsoleError
from console.migration.rules import HINT, Rules, TableRules
from console.migration.source import SourceFile
from console.migration.sqlite.introspection import quoted
from console.migration.sqlite.schema import SourceTable


def check_rules(rules: Rules, source: SourceFile) -> None:
    """Hold the rules against a source.

    Raises:
        ConsoleError: they name what it does not have, or a condition is none of SQLite's.
    """
    tables = {table.name.lower(): table for table in source.tables()}
    for name, rule in rules.tables.items():
        _check_name(f"tables.{name}", name, tables)
        table = tables[name.lower()]
        columns = [column.name.lower() for column in table.columns]
        for column in [*rule.columns, *rule.key, *filter(None, [rule.ttl])]:
            _check_name(f"tables.{name}", column, columns)
        _check_destination(name, rule, table)
        if rule.where is not None:
            _check_where(name, rule.where, source)


def _check_name(at: str, name: str, known: Iterable[str]) -> None:
    if name.lower() not in known:
        raise ConsoleError(f"rules: {at}: there is no {name}; there are {', '.join(known) or 'none'}", HINT, 2)


def _check_destination(name: str, rule: TableRules, table: SourceTable) -> None:
    if rule.ttl and rule.destination != "dynamodb":
        raise ConsoleError(f'rules: tables.{name}.ttl is for destination = "dynamodb" alone', HINT, 2)
    if rule.destination == "dynamodb" and not (rule.key or table.key):
        raise ConsoleError(f"rules: tables.{name} goes to DynamoDB and has no primary key: give a `key`", HINT, 2)


def _check_where(name: str, where: str, source: SourceFile) -> None:
    known = source.parameters
    try:
        source.connection.execute(f"EXPLAIN SELECT count(*) FROM {quoted(name)} WHERE ({where})", known)  # noqa: S608 - quoted
    except (sqlite3.Error, sqlite3.Warning) as error:
        said = re.sub(r"You did not supply a value for binding (parameter )?:?", "there is no :", str(error))
        allowed = ", ".join(f":{each}" for each in known)
        raise ConsoleError(
            f"rules: tables.{name}.where = {where!r}: {said}", f"SQL of SQLite, with {allowed}", 2
        ) from error
