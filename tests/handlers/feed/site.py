"""A ledger and a real PostgreSQL that is fed from it, and what has to hold of the two at any time."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg

from handlers.feed.feeder import Fed, Feeder
from handlers.feed.growth import with_rows
from handlers.feed.homes import Homes
from handlers.ledger.ledger import Ledger
from handlers.model.model import Row
from handlers.postgres.connection import Database
from handlers.postgres.home import Home
from handlers.postgres.tables import SQL_COLUMNS, table_name, values_of
from handlers.rows import MODEL
from handlers.settings import Settings
from tests.support.files import MemoryLedger

LIMIT_S = 100.0


def settings_of(url: str, **others: str) -> Settings:
    return Settings({"TABLE_NAME": "unused", "DATABASE_URL": url, "DATABASE_AUTH": "trust", **others})


class Site:
    """A ledger in memory, and its home.

    Attributes:
        url: of the database.
        ledger: grows and branches as told.
        database: the first sandbox's connection.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.ledger = MemoryLedger(0)
        self.database = Database(settings_of(url))

    def feed(self, limit_s: float = LIMIT_S, ledger: Ledger | None = None, **options: Any) -> Fed:
        return Feeder(ledger or self.ledger, self.database).feed(limit_s, **options)

    @contextmanager
    def connected(self) -> Generator[psycopg.Connection[Any]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement of somebody else's answers."""
        with self.connected() as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def homes(self) -> Homes:
        with self.connected() as connection:
            return Homes(connection)

    def live(self) -> Home:
        home = self.homes().live
        assert home is not None
        return home

    def rows_in(self, epoch: int) -> list[tuple[Any, ...]]:
        names = ", ".join(SQL_COLUMNS)
        return self.ask(f"SELECT {names} FROM {table_name(epoch)} ORDER BY seq")

    def tables(self) -> set[str]:
        return {name for (name,) in self.ask("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^rows_'")}

    def check(self, *, is_up_to_date: bool = True) -> None:
        """Readers see a prefix of the ledger's history, or of the one before it, with its hash and statistics."""
        home = self.live()
        if is_up_to_date:
            assert home.bookmark == self.ledger.bookmark
        if home.epoch == self.ledger.epoch:
            expected = self.ledger.stored[: home.seq]
            assert self.rows_in(home.epoch) == values_of(expected)
            assert facts_of(home) == facts_of(expected_home(home.epoch, expected))


def expected_home(epoch: int, rows: list[Row]) -> Home:
    """The live home that has these rows."""
    return (
        with_rows(Home.new(epoch, is_live=True), rows, MODEL.json_texts(rows))
        if rows
        else Home.new(epoch, is_live=True)
    )


def facts_of(home: Home) -> tuple[object, ...]:
    return (home.bookmark, home.hash, home.counterpart_hash, home.stats.answer(), home.is_live)
