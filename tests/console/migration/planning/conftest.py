from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from rich.console import Console

from console.local.database.server import PostgresServer
from console.migration.targets.postgresql.address import Address
from console.migration.targets.postgresql.connection import Login
from console.migration.targets.postgresql.transfer import PostgresTarget, Transfer
from console.terminal import Steps
from tests.console.migration.conftest import Planned
from tests.support.database.postgres import new_database

Copy = Callable[[Planned, LiteralString], list[tuple[Any, ...]]]


@pytest.fixture
def copy(postgres_server: PostgresServer) -> Iterator[Copy]:
    """Copy what is planned to a new PostgreSQL, and ask it something."""
    with new_database(postgres_server) as url:

        def run(made: Planned, question: LiteralString) -> list[tuple[Any, ...]]:
            steps = Steps(Console(quiet=True))
            Transfer(made.plan.tables, made.source.rows, {}, steps).run(PostgresTarget(Login(Address(url))))
            with psycopg.connect(url) as connection:
                return connection.execute(question).fetchall()

        yield run
