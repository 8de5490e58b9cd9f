from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.head import Head
from handlers.model.model import Row
from handlers.postgres.connection import Database
from handlers.postgres.failures import NOT_SET_UP
from handlers.postgres.home import Home
from handlers.postgres.reader import NOT_READ, NOT_WHOLE, FedReader, PostgresReader
from handlers.postgres.tables import table_name
from handlers.reads.page import PageQuery
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.telemetry.usage import Usage
from tests.support.database.feeding import OTHERS_STOP, put
from tests.support.files import make_rows

if TYPE_CHECKING:
    from handlers.reads.reader import View

EPOCH = 7


def home_of(rows: Sequence[Row], epoch: int = EPOCH, *, is_live: bool = True) -> Home:
    head = Head.new(epoch).plus(rows)
    return Home(epoch, head.seq, head.hash, 0 if MODEL.counterpart else None, head.stats, is_live)


def hold(url: str, count: int, epoch: int = EPOCH) -> None:
    """Let PostgreSQL hold so many rows of a history."""
    rows = make_rows(count)
    put(url, home_of(rows, epoch), rows)


def change(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def text_of(view: View) -> str:
    return view.page(PageQuery({}))[0]


def bookmark(view: View) -> Bookmark:
    return view.bookmark


class Time:
    """A clock that stands still but for what is slept, and what happens then."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.now_s = 0.0
        self._then = then

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self._then()


def problem_in(read: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as error:
        read()
    return error.value


# The newest home


def test_before_anything_is_fed_there_are_no_rows(database: Database) -> None:
    reader = PostgresReader(database, 0)
    for query in ({}, {"from": "2026-01-01T00:00:00Z"}, {"order": "asc", "from": "2026-01-01T00:00:00Z"}):
        page = PageQuery(query)
        assert reader.read(NOTHING, Usage(), lambda view, page=page: view.page(page)) == ("", 0, None)
    assert reader.read(NOTHING, Usage(), lambda view: view.row("0" * 26)) is None
    assert reader.read(NOTHING, Usage(), lambda view: view.stats_text()).startswith('{"count": 0, ')
    assert reader.read(NOTHING, Usage(), bookmark) == NOTHING


def test_it_looks_at_most_once_an_interval(database: Database, database_url: str) -> None:
    time = Time()
    reader = PostgresReader(database, 5, time, time.sleep)
    hold(database_url, 3)
    assert reader.read(NOTHING, Usage(), bookmark) == (EPOCH, 3)
    hold(database_url, 4)
    time.now_s, usage = 4.9, Usage()
    assert reader.read(NOTHING, usage, bookmark) == (EPOCH, 3)
    assert "check" not in usage.phases_ns
    time.now_s, usage = 5.0, Usage()
    assert reader.read(NOTHING, usage, bookmark) == (EPOCH, 4)
    assert "check" in usage.phases_ns


def test_a_bookmark_that_asks_for_more_is_looked_for_at_once(database: Database, database_url: str) -> None:
    time = Time()
    reader = PostgresReader(database, 5, time, time.sleep)
    hold(database_url, 3)
    assert reader.read(NOTHING, Usage(), bookmark) == (EPOCH, 3)
    hold(database_url, 4)
    assert reader.read(Bookmark(EPOCH, 4), Usage(), bookmark) == (EPOCH, 4)
    assert time.now_s == 0


def test_one_that_is_not_there_yet_is_waited_for(database: Database, database_url: str) -> None:
    hold(database_url, 3)
    time = Time(lambda: hold(database_url, 5))
    reader = PostgresReader(database, 0, time, time.sleep)
    assert reader.read(Bookmark(EPOCH, 5), Usage(), bookmark) == (EPOCH, 5)


def test_one_that_does_not_come_is_not_there_yet(database: Database, database_url: str) -> None:
    hold(database_url, 3)
    time = Time()
    reader = PostgresReader(database, 0, time, time.sleep)
    found = problem_in(lambda: reader.read(Bookmark(EPOCH, 4), Usage(), bookmark))
    assert (found.kind, found.headers) == ("not-there-yet", {"retry-after": "1"})


def test_one_of_a_ledger_that_was_replaced_is_told_so(database: Database, database_url: str) -> None:
    hold(database_url, 3)
    reader = PostgresReader(database, 0)
    assert problem_in(lambda: reader.read(Bookmark(EPOCH - 1, 2), Usage(), bookmark)).kind == "epoch-replaced"


# What changes while it is read


def test_a_table_that_has_gone_for_another_history_is_not_missed(
    database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    time = Time()
    reader = PostgresReader(database, 5, time, time.sleep)
    hold(database_url, 3)
    assert reader.read(NOTHING, Usage(), bookmark) == (EPOCH, 3)
    hold(database_url, 2, EPOCH + 1)
    change(database_url, f"DROP TABLE {table_name(EPOCH)}")
    text = reader.read(NOTHING, Usage(), text_of)
    assert text == ",".join(MODEL.json_texts(make_rows(2))[::-1])
    assert "read again" in caplog.text
    assert reader.read(NOTHING, Usage(), bookmark) == (EPOCH + 1, 2)


@pytest.mark.parametrize(
    "harm", ["DROP TABLE {}", "DELETE FROM {} WHERE seq = 2", "DELETE FROM {} WHERE seq = 3", "TRUNCATE {}"]
)
@pytest.mark.parametrize("read", ["page", "stats", "all at once"])
def test_a_home_that_lacks_rows_is_unavailable(
    database: Database, database_url: str, caplog: pytest.LogCaptureFixture, harm: str, read: str
) -> None:
    hold(database_url, 3)
    change(database_url, harm.format(table_name(EPOCH)))
    asked: dict[str, Callable[[View], object]] = {
        "page": text_of,
        "stats": lambda view: view.at(Bookmark(EPOCH, 2)).stats_text() + view.at(Bookmark(EPOCH, 3)).stats_text(),
        "all at once": lambda view: view.page(PageQuery({"limit": "1000", "order": "asc"})),
    }
    if read == "stats" and harm.endswith("seq = 3"):
        asked["stats"] = lambda view: view.at(Bookmark(EPOCH, 3)).page(PageQuery({"limit": "1"}))
    reader = PostgresReader(database, 0)
    found = problem_in(lambda: reader.read(NOTHING, Usage(), asked[read]))
    assert (found.kind, found.detail, found.headers) == ("unavailable", NOT_WHOLE, {"retry-after": "1"})
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]


def test_rows_that_are_mended_meanwhile_are_found_at_the_second_look(database: Database, database_url: str) -> None:
    hold(database_url, 3)
    reader = PostgresReader(database, 1000)
    assert reader.read(NOTHING, Usage(), bookmark) == (EPOCH, 3)
    change(database_url, f"DELETE FROM {table_name(EPOCH)} WHERE seq = 3")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE home SET seq = 2")
    assert reader.read(NOTHING, Usage(), text_of) == ",".join(MODEL.json_texts(make_rows(2))[::-1])


def test_while_no_home_is_live_it_is_unavailable(database: Database, database_url: str) -> None:
    hold(database_url, 3)
    change(database_url, OTHERS_STOP.decode())
    found = problem_in(lambda: PostgresReader(database, 0).read(NOTHING, Usage(), bookmark))
    assert (found.kind, found.detail) == ("unavailable", NOT_READ)


# PostgreSQL itself


def test_a_database_that_was_not_migrated_is_not_set_up(database: Database, database_url: str) -> None:
    change(database_url, "DROP TABLE home")
    found = problem_in(lambda: PostgresReader(database, 0).read(NOTHING, Usage(), bookmark))
    assert (found.kind, found.detail) == ("unavailable", NOT_SET_UP)


def test_a_connection_lost_between_reads_or_within_one_is_made_anew(database: Database, database_url: str) -> None:
    hold(database_url, 3)
    reader = PostgresReader(database, 0)
    end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    end += " AND datname = current_database()"
    reader.read(NOTHING, Usage(), bookmark)
    change(database_url, end)
    assert reader.read(NOTHING, Usage(), bookmark) == (EPOCH, 3)
    times = iter(range(10))

    def lose_it_first(view: View) -> str:
        if next(times) == 0:
            change(database_url, end)
        return text_of(view)

    assert reader.read(NOTHING, Usage(), lose_it_first).count('"id"') == 3
    assert reader.retries == 2


def test_a_statement_that_takes_too_long_is_unavailable(database: Database, database_url: str) -> None:
    hold(database_url, 3)
    user = conninfo_to_dict(database_url)["user"]
    name = conninfo_to_dict(database_url)["dbname"]
    change(database_url, f"ALTER ROLE {user} IN DATABASE {name} SET statement_timeout = '200ms'")
    reader = PostgresReader(database, 0)
    with psycopg.connect(database_url) as other:
        other.execute(f"LOCK TABLE {table_name(EPOCH)}".encode())
        found = problem_in(lambda: reader.read(NOTHING, Usage(), text_of))
    assert (found.kind, found.headers) == ("unavailable", {"retry-after": "1"})
    assert "took longer" in found.detail
    assert reader.read(NOTHING, Usage(), bookmark) == (EPOCH, 3)


def test_a_defect_of_ours_stays_one(database: Database, database_url: str) -> None:
    hold(database_url, 3)
    change(database_url, f"ALTER TABLE {table_name(EPOCH)} RENAME COLUMN json TO other")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        PostgresReader(database, 0).read(NOTHING, Usage(), text_of)


def test_a_server_that_is_away_is_unavailable(environ: dict[str, str]) -> None:
    away = Database(Settings({**environ, "DATABASE_URL": "postgresql://somebody@127.0.0.1:1/nowhere"}))
    assert problem_in(lambda: PostgresReader(away, 0).read(NOTHING, Usage(), bookmark)).kind == "unavailable"


# Fresh reads


def test_a_fresh_read_is_of_what_was_fed_for_it(database: Database, database_url: str) -> None:
    time = Time()
    reader = PostgresReader(database, 1000, time, time.sleep)
    hold(database_url, 3)
    assert reader.read(NOTHING, Usage(), bookmark) == (EPOCH, 3)

    def feed() -> Bookmark:
        hold(database_url, 5)
        return Bookmark(EPOCH, 5)

    usage = Usage()
    assert FedReader(reader, feed).read(NOTHING, usage, bookmark) == (EPOCH, 5)
    assert next(iter(usage.phases_ns)) == "feed"
    assert problem_in(lambda: FedReader(reader, feed).read(Bookmark(EPOCH, 6), Usage(), bookmark)).status == 503
