from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
import pytest
from rich.console import Console

from console.local.database.server import PostgresServer
from console.migration.plan import PlannedTable
from console.migration.targets.postgresql.address import Address
from console.migration.targets.postgresql.connection import Login
from console.migration.targets.postgresql.transfer import PostgresCopy, PostgresTarget, Transfer
from console.terminal import Advance, Steps
from tests.support.database.planned import Rows, rows_of
from tests.support.database.postgres import new_database

Content = Mapping[PlannedTable, Rows]
Put = Callable[..., PostgresCopy]
Ask = Callable[..., list[Any]]


class StepsSeen(Steps):
    """The steps, by their names; what is to happen during one happens at its beginning."""

    def __init__(self, meddle: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(Console(quiet=True))
        self.seen: list[str] = []
        self._meddle = meddle

    @contextmanager
    def __call__(self, what: str, total: int = 0, unit: str = "rows") -> Generator[Advance]:
        self.seen.append(what)
        with super().__call__(what, total, unit) as advance:
            self._meddle(what)
            yield advance


@pytest.fixture
def url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new, empty database."""
    with new_database(postgres_server) as made:
        yield made


@pytest.fixture
def ask(url: str) -> Ask:
    """What a statement gives, asked by somebody else: its only column, or its rows."""

    def rows(statement: LiteralString) -> list[Any]:
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            found = cursor.fetchall() if cursor.description else []
            return [row[0] if len(row) == 1 else row for row in found]

    return rows


@pytest.fixture
def put(url: str) -> Put:
    """Copy tables with their rows."""

    def run(
        content: Content, steps: Steps | None = None, given: Mapping[str, int] | None = None, **options: Any
    ) -> Any:
        target = PostgresTarget(Login(Address(options.pop("url", url))), **options)
        rows = rows_of({table.name: rows for table, rows in content.items()})
        return Transfer(tuple(content), rows, given or {}, steps or StepsSeen()).run(target)

    return run
