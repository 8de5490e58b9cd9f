"""A plan carried out: tables that go to DynamoDB first, because that can go on; then PostgreSQL, all at once.

Before the first row is written, both targets are looked at, and every row that goes to DynamoDB.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.data.ledger import make_client
from console.errors import ConsoleError
from console.migration.plan import MigrationPlan, PlannedTable
from console.migration.rules import read_rules
from console.migration.source import SourceFile
from console.migration.targets.dynamodb.state import CopyStateFile, digest_of
from console.migration.targets.dynamodb.transfer import DynamoCopy, ItemTransfer
from console.migration.targets.goal import Goal
from console.migration.targets.postgresql.address import Address
from console.migration.targets.postgresql.connection import Login
from console.migration.targets.postgresql.transfer import PostgresCopy, PostgresTarget, Transfer
from console.terminal import Steps
from console.wording import rows


@dataclass(frozen=True)
class CopyWish:
    """The wish of whoever copies.

    Attributes:
        prefix: of the tables in DynamoDB.
        replaces: tables in PostgreSQL give way, items in DynamoDB are written over.
    """

    goal: Goal
    prefix: str = ""
    schema: str = ""
    replaces: bool = False
    is_iam: bool = False


@dataclass(frozen=True)
class Copied:
    """The outcome; None for a target that nothing goes to."""

    file: str
    now: str
    postgresql: PostgresCopy | None
    dynamodb: DynamoCopy | None


class Copying:
    """The copy of one file.

    Args:
        steps: shows what is done.
    """

    def __init__(self, file: Path, wish: CopyWish, steps: Steps) -> None:
        self._file = file
        self._wish = wish
        self._steps = steps
        is_dynamodb = wish.goal.kind == "dynamodb"
        self._prefix = wish.goal.text if is_dynamodb else wish.prefix
        self._login = None if is_dynamodb else Login(Address(wish.goal.text), wish.is_iam)

    def begun_at(self, rules: Path | None) -> str:
        """Return what `:now` was when a copy began that is to go on; empty where one begins. Raises ConsoleError."""
        goes_there = self._login is None or (
            rules is not None and any(rule.destination == "dynamodb" for rule in read_rules(rules).tables.values())
        )
        return self._state_file().load().now if goes_there and not self._wish.replaces else ""

    def run(self, source: SourceFile, plan: MigrationPlan) -> Copied:
        """Copy. Raises ConsoleError, which says what is where."""
        items = [table for table in plan.tables if self._login is None or table.destination == "dynamodb"]
        tables = [table for table in plan.tables if table not in items]
        transfer = Transfer(tables, source.rows, given_keys(source), self._steps)
        target = self._login and PostgresTarget(self._login, self._wish.schema, self._wish.replaces)
        if target and items and tables:
            transfer.check(target)
        written = self._write_items(source, items) if items else None
        copied = self._fill(transfer, target, written) if target and tables else None
        return Copied(str(self._file), source.now, copied, written)

    def _fill(self, transfer: Transfer, target: PostgresTarget, written: DynamoCopy | None) -> PostgresCopy:
        try:
            return transfer.run(target)
        except ConsoleError as error:
            if written is None:
                raise
            message = f"{error}; {rows(sum(written.rows.values()))} are in DynamoDB"
            raise ConsoleError(message, error.hint, error.code) from error

    def _state_file(self) -> CopyStateFile:
        return CopyStateFile(self._file, f"{make_client(os.environ).meta.endpoint_url} {self._prefix}")

    def _write_items(self, source: SourceFile, tables: Sequence[PlannedTable]) -> DynamoCopy:
        transfer = ItemTransfer(make_client(os.environ), tables, self._prefix, source.rows, self._steps)
        transfer.check()
        file = self._state_file()
        content = digest_of(source.copy)
        state = file.begin_or_go_on(source.now, content, tables, anew=self._wish.replaces)
        return transfer.run(file, state, replaces=self._wish.replaces)


def given_keys(source: SourceFile) -> Mapping[str, int]:
    """Return the greatest key that each table ever gave, of those that never give one twice."""
    if not any(table.is_autoincrement for table in source.tables()):
        return {}
    found = source.connection.execute("SELECT name, seq FROM sqlite_sequence WHERE typeof(seq) = 'integer'")
    return dict(found.fetchall())
