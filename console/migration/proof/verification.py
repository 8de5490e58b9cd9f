"""A whole move, proven: every table of the plan on both sides."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from console.migration.kinds import TargetValue
from console.migration.plan import MigrationPlan, PlannedTable
from console.migration.proof.comparison import TableComparison, TableProof
from console.migration.proof.dynamodb import DynamoTables
from console.migration.proof.forms import ItemForms, RowForms
from console.migration.proof.postgresql import PostgresTables
from console.migration.source import SourceFile
from console.migration.targets.postgresql.connection import connect
from console.terminal import Steps

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from console.migration.targets.postgresql.connection import Login


@dataclass(frozen=True)
class ProofWish:
    """The targets to hold a source against.

    Attributes:
        login: into PostgreSQL; None: all tables are in DynamoDB.
        schema: of the tables there; empty: the first one of the user's search path.
        prefix: of the tables' names in DynamoDB.
    """

    login: Login | None
    schema: str
    prefix: str


class MoveVerification:
    """The comparison of a source with what was made of it.

    Args:
        client: makes the client of DynamoDB, where a table is there.
        steps: shows what is done.
    """

    def __init__(
        self, source: SourceFile, plan: MigrationPlan, wish: ProofWish, client: DynamoDBClient, steps: Steps
    ) -> None:
        self._source = source
        self._plan = plan
        self._wish = wish
        self._client = client
        self._steps = steps
        self._tables: PostgresTables | None = None

    def run(self) -> list[TableProof]:
        """Compare all tables, and return their outcomes in the plan's order. Raises ConsoleError."""
        proofs: list[TableProof] = []
        with contextlib.ExitStack() as opened:
            for table in self._plan.tables:
                if self._wish.login is None or table.destination == "dynamodb":
                    proofs.append(self._of_items(table))
                else:
                    proofs.append(self._of_rows(table, self._postgresql(self._wish.login, opened)))
        return proofs

    def _postgresql(self, login: Login, opened: contextlib.ExitStack) -> PostgresTables:
        """Return the tables in PostgreSQL, all in the snapshot that begins with the first of them."""
        if self._tables is None:
            connection = opened.enter_context(contextlib.closing(connect(login)))
            self._tables = PostgresTables(connection, self._wish.schema)
        return self._tables

    def _of_rows(self, table: PlannedTable, tables: PostgresTables) -> TableProof:
        if lack := tables.lack(table):
            return TableProof(table.name, table.target, fault=lack, rows=table.rows)
        with self._steps(f"compare {table.target}", table.rows + tables.count(table)) as advance:
            forms = RowForms(table)
            proof = TableComparison(
                table, forms, lambda: self._source.rows(table), lambda: tables.rows(table), advance
            ).run()
        return replace(proof, form_faults=tables.faults(table))

    def _of_items(self, table: PlannedTable) -> TableProof:
        tables = DynamoTables(self._client, self._wish.prefix)
        if lack := tables.lack(table):
            return TableProof(table.name, table.target, fault=lack, rows=table.rows)
        forms = ItemForms(table)

        def source() -> Iterator[tuple[TargetValue, ...]]:
            return (row for row in self._source.rows(table) if not tables.is_over(table, forms.item(row)))

        def target() -> Iterator[Mapping[str, Any]]:
            return (item for item in tables.rows(table) if not tables.is_over(table, item))

        with self._steps(f"compare {table.target} in DynamoDB", 2 * table.rows) as advance:
            return TableComparison(table, forms, source, target, advance).run()
