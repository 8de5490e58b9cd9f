"""PostgreSQL's rows are exactly the ledger's, whoever feeds it, however often, and wherever that is cut off."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.feed import feeder, growth, inheritance
from handlers.feed.feeder import MOST_FRESH_ROWS, Fed, Feeder
from handlers.feed.growth import DivergedHomeError
from handlers.feed.homes import Homes, begin_replacement, discard_unread, go_live, table_id
from handlers.ledger.head import Head
from handlers.ledger.ledger import Range
from handlers.postgres.connection import Database
from handlers.postgres.home import Home
from handlers.postgres.tables import SQL_COLUMNS, table_name
from handlers.rows import MODEL
from tests.handlers.feed.site import Site, settings_of
from tests.support.files import MemoryLedger
from tests.support.meddling import Clock


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of ten rows, and from five on by COPY."""
    monkeypatch.setattr(feeder, "CHUNK_ROWS", 10)
    monkeypatch.setattr(inheritance, "COPIED_ROWS", 10)
    monkeypatch.setattr(growth, "COPY_ROWS", 5)
    monkeypatch.setattr("handlers.ledger.ledger.PAGE_ROWS", 7)
    monkeypatch.setattr("handlers.aws.table.PAGE_ROWS", 7)


def test_a_ledger_without_rows_is_a_home_without_rows(site: Site) -> None:
    assert site.feed() == Fed(site.ledger.bookmark, site.ledger.bookmark)
    site.check()


def no_ledger(_: Deadline) -> None:
    """No ledger was made yet."""


def test_before_there_is_a_ledger_there_is_a_home_without_rows_until_there_is_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(site.ledger, "head", no_ledger)
        for _ in range(2):
            assert site.feed() == Fed(NOTHING)
            assert Feeder(site.ledger, site.database).refresh() == Fed(NOTHING)
            assert site.live().bookmark == NOTHING
    site.ledger.grow(3)
    assert site.feed().rows == 3
    site.check()


def test_where_the_ledger_is_gone_the_home_stays(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.ledger.grow(3)
    site.feed()
    monkeypatch.setattr(site.ledger, "head", no_ledger)
    assert site.feed() == Fed(site.ledger.bookmark)
    assert Feeder(site.ledger, site.database).refresh() == Fed(site.ledger.bookmark)
    assert len(site.tables()) == 1


def look_late(site: Site) -> tuple[Homes, Head]:
    """One reads homes and head, and is late with what it makes of that."""
    homes, head = Feeder(site.ledger, site.database).look()
    assert head is not None
    return homes, head


def grow_unread(site: Site, count: int) -> None:
    """Somebody else adds rows to a home that is not live, and is cut off before it is."""
    head = site.ledger.head(Deadline())
    with site.connected() as connection:
        feeder._add(connection, head.epoch, head, site.ledger.stored[:count])  # pyright: ignore[reportPrivateUsage] - the moment between


def test_a_home_beyond_a_head_is_not_made_live_by_whoever_knows_that_head_alone(site: Site) -> None:
    site.ledger.grow(5)
    _, head = look_late(site)
    site.ledger.grow(4)
    grow_unread(site, 7)
    site.ask("UPDATE home SET hash = repeat('0', 32)")
    with site.connected() as connection:
        assert go_live(connection, head.epoch, head).live is None
    with pytest.raises(DivergedHomeError, match="do not have the hash"):
        site.feed()
    assert site.homes().live is None


def test_whoever_finds_a_home_beyond_its_head_looks_again_and_goes_on(site: Site) -> None:
    site.ledger.grow(5)
    homes, head = look_late(site)
    site.ledger.grow(4)
    grow_unread(site, 7)
    fed = Feeder(site.ledger, site.database)._feed_on(homes, head, 100.0)  # pyright: ignore[reportPrivateUsage] - the moment between
    assert (fed.visible, fed.head, fed.reached) == (site.ledger.bookmark, site.ledger.bookmark, 9)
    site.check()


def test_a_ledger_that_is_gone_at_the_second_look_ends_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.ledger.grow(5)
    homes, head = look_late(site)
    site.ledger.grow(4)
    grow_unread(site, 7)
    monkeypatch.setattr(site.ledger, "head", no_ledger)
    fed = Feeder(site.ledger, site.database)._feed_on(homes, head, 100.0)  # pyright: ignore[reportPrivateUsage] - the moment between
    assert (fed.visible, fed.reached) == (NOTHING, 7)


@pytest.mark.usefixtures("small")
def test_no_number_is_below_zero_where_a_replacement_took_its_place_or_a_home_was_begun_anew(site: Site) -> None:
    site.ledger.grow(35)
    site.feed()
    with site.connected() as connection:
        begin_replacement(connection, site.ledger.epoch, table_id(connection, site.ledger.epoch))
    site.feed(0.0)
    homes, head = look_late(site)
    assert homes.target(head).seq == 14
    site.feed()
    fed = Feeder(site.ledger, site.database)._feed(homes, head, 100.0)  # pyright: ignore[reportPrivateUsage] - the moment between
    assert (fed.visible, fed.reached, fed.rows, fed.copied) == (site.ledger.bookmark, 35, 21, 0)
    site.check()

    site.ledger = MemoryLedger(35, site.ledger.epoch + 1)
    site.feed(0.0)
    homes, head = look_late(site)
    with site.connected() as connection:
        discard_unread(connection, head.epoch)
    fed = Feeder(site.ledger, site.database)._feed_on(homes, head, 100.0)  # pyright: ignore[reportPrivateUsage] - the moment between
    assert (fed.visible, fed.reached, fed.rows, fed.copied) == (site.ledger.bookmark, 35, 35, 0)
    site.check()


def test_statistics_are_there_before_readers_have_to_wait_for_a_change_of_tables(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.ledger.grow(5)
    site.feed()
    with site.connected() as connection:
        begin_replacement(connection, site.ledger.epoch, table_id(connection, site.ledger.epoch))
    said: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: bytes, *arguments: Any, **options: Any) -> Any:
        said.append(query if isinstance(query, str) else query.decode())
        return execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    site.feed()
    steps = [statement.split()[0] for statement in said if re.match("ANALYZE|DROP|ALTER TABLE", statement)]
    assert steps == ["ANALYZE", "DROP", "ALTER"]
    site.check()


@pytest.mark.parametrize("most_inserted", [0, 1_000_000], ids=["COPY", "INSERT"])
def test_rows_come_as_they_are(site: Site, most_inserted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "COPY_ROWS", most_inserted)
    site.ledger.grow(30)
    assert site.feed().rows == 30
    site.check()
    site.ledger.grow(1)
    assert site.feed().answer() == {
        "bookmark": str(site.ledger.bookmark),
        "head": str(site.ledger.bookmark),
        "reached": 31,
        "rows": 1,
        "copied": 0,
        "is_done": True,
    }
    site.check()


def test_a_home_that_is_there_already_is_not_touched(site: Site) -> None:
    site.ledger.grow(3)
    site.feed()
    before = site.ask("SELECT xmin::text, changed_at FROM home")
    assert site.feed().rows == 0
    assert site.ask("SELECT xmin::text, changed_at FROM home") == before


@pytest.mark.usefixtures("small")
def test_the_time_is_kept_chunk_by_chunk_and_the_next_call_goes_on(site: Site) -> None:
    site.ledger.grow(35)
    fed = site.feed(0.0)
    assert (fed.visible, fed.reached, fed.answer()["is_done"]) == (NOTHING, 14, False)  # two pages make a chunk
    assert site.homes().live is None
    reached = [site.feed(0.0).reached for _ in range(2)]
    assert reached == [28, 35]
    site.check()


@pytest.mark.usefixtures("small")
def test_a_live_home_that_falls_behind_shows_what_it_has(site: Site) -> None:
    site.feed()
    site.ledger.grow(35)
    assert site.feed(0.0).visible == Bookmark(site.ledger.epoch, 14)
    site.check(is_up_to_date=False)


@pytest.mark.usefixtures("small")
def test_a_new_epoch_is_read_once_it_has_all_rows_and_has_those_before_from_postgresql(site: Site) -> None:
    site.ledger.grow(40)
    site.feed()
    before = site.live()
    site.ledger.branch(site.ledger.epoch + 1, 33)
    site.ledger.grow(9)
    fed = site.feed(0.0)
    assert fed.visible == before.bookmark
    clock = Clock()
    site.ledger.spans.clear()
    assert Feeder(site.ledger, site.database, clock).feed(1.0).copied == 33 - fed.reached
    assert [span.first for span in site.ledger.spans] == [34]
    site.check()
    assert site.homes().get(before.epoch) is not None  # readers that know of no other yet


def test_what_another_feeder_has_copied_meanwhile_is_not_copied_again(site: Site) -> None:
    site.ledger.grow(20)
    site.feed()
    before = site.homes()
    site.ledger.branch(site.ledger.epoch + 1, 20)
    head = site.ledger.head(Deadline())
    site.feed()
    stale = Home.new(head.epoch, is_live=False)
    assert inheritance.inherit(site.database, before, stale, head, lambda: True).bookmark == head.bookmark
    site.check()


def test_a_new_epoch_can_be_fed_from_the_ledger_alone(site: Site) -> None:
    site.ledger.grow(5)
    site.feed()
    site.ledger.branch(site.ledger.epoch + 1, 5)
    fed = site.feed(inherits=False)
    assert (fed.copied, fed.rows) == (0, 5)
    site.check()


def test_of_a_history_that_shares_nothing_no_row_is_copied(site: Site) -> None:
    site.ledger.grow(5)
    site.feed()
    other = MemoryLedger(7, site.ledger.epoch + 9)
    fed = site.feed(ledger=other)
    assert (fed.copied, fed.rows) == (0, 7)


def test_whoever_has_read_an_old_head_does_not_bring_it_back(site: Site) -> None:
    site.ledger.grow(5)
    late = site.ledger.head(Deadline())
    homes = site.database.run(feeder.Homes)
    site.ledger.branch(site.ledger.epoch + 1, 4)
    site.feed()
    fed = Feeder(MemoryLedger(5), site.database)._feed(homes, late, 100.0)  # pyright: ignore[reportPrivateUsage] - the moment between
    assert fed.visible == site.ledger.bookmark
    site.check()


@pytest.mark.parametrize("place", ["seq", "epoch"])
def test_what_is_beyond_the_ledger_is_of_another_history(site: Site, place: str) -> None:
    site.ledger.grow(5)
    site.feed()
    other = MemoryLedger(4) if place == "seq" else MemoryLedger(9, site.ledger.epoch - 1)
    with pytest.raises(DivergedHomeError, match=r"holds 1000\.5, beyond the ledger's head"):
        site.feed(ledger=other)
    site.check()


@pytest.mark.parametrize("grown", [0, 1])
def test_rows_with_another_hash_are_of_another_history_and_nothing_is_added(site: Site, grown: int) -> None:
    site.ledger.grow(5)
    site.feed()
    site.ask("UPDATE home SET hash = repeat('0', 32)")
    site.ledger.grow(grown)
    with pytest.raises(DivergedHomeError, match="do not have the hash"):
        site.feed()
    assert len(site.rows_in(site.ledger.epoch)) == 5


@pytest.mark.parametrize("most_inserted", [0, 1_000_000], ids=["COPY", "INSERT"])
def test_a_row_that_the_meta_row_does_not_know_of_is_no_reason_to_pass_over_it(
    site: Site, most_inserted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "COPY_ROWS", most_inserted)
    site.ledger.grow(5)
    site.feed()
    table = table_name(site.ledger.epoch)
    columns = ", ".join(SQL_COLUMNS[2:])
    site.ask(f"INSERT INTO {table} (seq, id, {columns}) SELECT 6, 'x', {columns} FROM {table} WHERE seq = 5")
    site.ledger.grow(2)
    with pytest.raises(DivergedHomeError, match="has rows that its meta row, which ends at 5"):
        site.feed()


def test_a_reader_who_waits_is_given_all_there_is_or_told_how_much_that_would_be(site: Site) -> None:
    waiting = Feeder(site.ledger, site.database)
    site.ledger.grow(3)
    assert waiting.refresh().visible == site.ledger.bookmark
    site.ledger.grow(MOST_FRESH_ROWS + 1)
    with pytest.raises(
        Problem, match=f"{MOST_FRESH_ROWS + 1} rows follow what PostgreSQL holds, {MOST_FRESH_ROWS} are"
    ):
        waiting.refresh()
    site.feed()
    site.ask("UPDATE home SET hash = repeat('0', 32)")
    with pytest.raises(Problem) as problem:
        waiting.refresh()
    assert problem.value.kind == "diverged"


@pytest.mark.usefixtures("small")
def test_a_reader_who_waits_longer_than_there_is_time_is_told_so(site: Site) -> None:
    site.ledger.grow(30)

    class Slow(Clock):
        def __call__(self) -> float:
            self.pass_s(7)
            return super().__call__()

    with pytest.raises(Problem) as problem:
        Feeder(site.ledger, site.database, Slow()).refresh()
    assert (problem.value.kind, problem.value.status) == ("not-there-yet", 503)


@pytest.mark.usefixtures("small")
def test_two_at_once_add_every_row_once(site: Site) -> None:
    site.ledger.grow(60)
    site.ledger.head(Deadline())
    both = threading.Barrier(2, timeout=60)
    failed: list[BaseException] = []

    def feed() -> None:
        database = Database(settings_of(site.url))
        try:
            both.wait()
            Feeder(site.ledger, database).feed(100.0)
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=feed) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    site.check()


class Cut(BaseException):
    """The process was killed."""


class Cutting:
    """A connection that is cut off before the n-th statement, in a way that the server notices."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch, cut: Callable[[Any], None]) -> None:
        self.left = -1
        execute = psycopg.Cursor.execute

        def counted(cursor: Any, *arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                cut(cursor.connection)
            return execute(cursor, *arguments, **options)

        monkeypatch.setattr(psycopg.Cursor, "execute", counted)


def kill(connection: Any) -> None:
    connection.close()
    raise Cut


def lose(connection: Any) -> None:
    """The server goes on without it, and the client tries once more."""
    with psycopg.connect(connection.info.dsn, autocommit=True) as other:
        other.pgconn.exec_(b"SELECT pg_terminate_backend(%d)" % connection.info.backend_pid)


@pytest.mark.usefixtures("small")
def test_a_kill_before_any_statement_leaves_a_prefix_and_the_next_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting = Cutting(site.database, monkeypatch, kill)
    site.ledger.grow(12)
    site.feed()
    for number in range(1, 60):
        site.ledger.branch(site.ledger.epoch + 1, 11)
        site.ledger.grow(5)
        cutting.left = number
        try:
            site.feed()
        except Cut:
            cutting.left = -1
            site.check(is_up_to_date=False)
            site.database.close()
            site.feed()
            site.check()
        else:
            cutting.left = -1
            site.check()
            assert number > 12
            return
    pytest.fail("it never came to the end")


@pytest.mark.usefixtures("small")
def test_a_connection_that_is_lost_at_any_statement_is_made_anew_and_nothing_is_done_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting = Cutting(site.database, monkeypatch, lose)
    site.feed()
    for number in range(1, 8):
        site.ledger.grow(23)
        cutting.left = number
        site.feed()
        cutting.left = -1
        site.check()


def test_a_ledger_that_goes_away_leaves_what_was_fed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder, "CHUNK_ROWS", 1000)
    site.feed()
    site.ledger.grow(2500)
    rows = site.ledger.rows

    def gone(span: Range, deadline: Deadline) -> Any:
        pages = rows(span, deadline)
        yield next(pages)
        raise unavailable("away")

    monkeypatch.setattr(site.ledger, "rows", gone)
    with pytest.raises(Problem, match="away"):
        site.feed()
    assert site.live().seq == 1000
    site.check(is_up_to_date=False)


def test_during_a_change_of_columns_the_head_is_met_by_the_hash_of_those_before(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.ledger.grow(3)
    head = site.ledger.head(Deadline())
    assert head.columns == MODEL.rows_version
    other = Head(head.epoch, 3, head.hash + 1, head.stats, head.roots, columns=MODEL.rows_version + 1)

    def theirs(_: Deadline) -> Head:
        return other

    monkeypatch.setattr(site.ledger, "head", theirs)
    with pytest.raises(DivergedHomeError):
        site.feed()


def test_a_replacement_that_has_taken_its_place_is_not_begun_again(site: Site) -> None:
    site.ledger.grow(3)
    site.feed()
    head, epoch = site.ledger.head(Deadline()), site.ledger.epoch
    with site.connected() as connection:
        found = feeder._add(connection, -epoch, head, site.ledger.stored)  # pyright: ignore[reportPrivateUsage] - the moment between
    assert (found.seq, found.is_live) == (3, True)
    assert len(site.tables()) == 1
    site.check()
