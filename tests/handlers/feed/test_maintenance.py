"""What is wrong with PostgreSQL is found, told, and mended where that can be; what is left over goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import Problem, unavailable
from handlers.feed.feeder import Fed
from handlers.feed.homes import begin_replacement, discard_unread, table_id
from handlers.feed.maintenance import REMEDY, HomeMaintenance
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Row
from handlers.postgres.tables import table_name
from handlers.rows import MODEL
from handlers.upkeep.findings import FULL, OF_POSTGRES, QUICK, Findings, VerificationError
from tests.handlers.feed.site import LIMIT_S, Site
from tests.support.meddling import Clock

NOW_S = 1_700_000_000.0
RETAIN_S = 3600


class Upkeep(HomeMaintenance):
    """Maintenance of a site, which keeps its findings in a table of the emulator."""

    def __init__(self, site: Site, ledger: Ledger) -> None:
        site.ledger.client, site.ledger.table_name = ledger.client, ledger.table_name
        site.ledger.get = ledger.get
        self.clock = Clock()
        super().__init__(site.ledger, site.database, RETAIN_S, lambda: NOW_S, self.clock)
        self.findings = Findings(ledger)

    def fault(self, level: str) -> str:
        found = self.findings.last(OF_POSTGRES[level], Deadline())
        assert found is not None
        return found.fault


@pytest.fixture
def upkeep(site: Site, ledger: Ledger) -> Upkeep:
    return Upkeep(site, ledger)


def table(site: Site) -> str:
    return table_name(site.ledger.epoch)


def damage(site: Site) -> None:
    site.ask(f"UPDATE {table(site)} SET json = replace(json, '20', '19') WHERE seq = 3")


def test_maintenance_feeds_and_keeps_what_it_found(site: Site, upkeep: Upkeep) -> None:
    site.ledger.grow(5)
    done = upkeep.maintain(LIMIT_S)
    assert (done["rows"], done["dropped"], done["is_done"]) == (5, [], True)
    assert upkeep.fault(QUICK) == ""
    site.check()


def test_nothing_is_proven_while_nothing_can_be_read_yet(upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    def feed(_feeder: object, _limit_s: float) -> Fed:
        return Fed(NOTHING)

    monkeypatch.setattr("handlers.feed.feeder.Feeder.feed", feed)
    assert upkeep.verify(FULL, LIMIT_S)["proven"] == 0


@pytest.mark.parametrize("with_ledger", [False, True])
def test_a_full_verification_reads_every_row(site: Site, upkeep: Upkeep, *, with_ledger: bool) -> None:
    site.ledger.grow(30)
    done = upkeep.verify(FULL, LIMIT_S, with_ledger=with_ledger)
    assert (done["proven"], done.get("compared")) == (30, 30 if with_ledger else None)
    assert upkeep.fault(FULL) == ""


def test_without_a_ledger_there_is_nothing_to_prove(
    upkeep: Upkeep, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: Deadline) -> None:
        """No ledger was made yet."""

    monkeypatch.setattr(site.ledger, "head", none)
    assert upkeep.verify(FULL, LIMIT_S)["proven"] == 0


def test_a_level_that_there_is_not_is_refused(upkeep: Upkeep) -> None:
    with pytest.raises(ValueError, match="level: got 'half', allowed: quick, full"):
        upkeep.verify("half", LIMIT_S)


DAMAGES = {
    "a text": (
        "UPDATE {} SET json = replace(json, '20', '19') WHERE seq = 3",
        r"row 3 \(id-00000003\) has a text that is",
    ),
    "no text": ("UPDATE {} SET json = '[]' WHERE seq = 3", r"row 3 \(id-00000003\) has a text that is"),
    "a time": ("UPDATE {} SET created_at = 'x' WHERE seq = 3", r"row 3 \(id-00000003\) has a text that is"),
    "a row": ("DELETE FROM {} WHERE seq = 3", "row 3 is missing"),
    "the last row": ("DELETE FROM {} WHERE seq = 5", "ends at row 4, and its meta row says 5"),
    "the statistics": (
        "UPDATE home SET stats = replace(stats, '5', '6')",
        "the hash and the statistics of their meta row",
    ),
}


@pytest.mark.parametrize(("statement", "fault"), DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_home_is_told_of_and_fed_anew(site: Site, upkeep: Upkeep, statement: str, fault: str) -> None:
    site.ledger.grow(5)
    site.feed()
    site.ask(statement.format(table(site)))
    with pytest.raises(VerificationError, match=fault):
        upkeep.verify(FULL, LIMIT_S)
    assert fault[:5] in upkeep.fault(FULL)
    site.check()
    assert len(site.tables()) == 1
    assert "proven" in upkeep.verify(FULL, LIMIT_S)
    names = [
        name
        for (name,) in site.ask(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass", table(site)
        )
    ]
    assert [name for name in names if "-" in name] == []
    site.ledger.branch(site.ledger.epoch + 1, 4)
    assert upkeep.maintain(LIMIT_S)["copied"] == 4
    site.check()


def test_a_hash_that_is_not_the_heads_is_damage_where_the_rows_say_so(site: Site, upkeep: Upkeep) -> None:
    site.ledger.grow(5)
    site.feed()
    site.ask("UPDATE home SET hash = repeat('0', 32)")
    with pytest.raises(VerificationError, match="do not have the hash that the head"):
        upkeep.maintain(LIMIT_S)
    site.check()


def test_while_it_is_fed_anew_nobody_reads_what_is_damaged(
    site: Site, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.ledger.grow(5)
    site.feed()
    damage(site)

    def gone(*_: object) -> Any:
        raise unavailable("the table is away")

    with monkeypatch.context() as away, pytest.raises(VerificationError, match=r"row 3 \(id-00000003\) has a text"):
        away.setattr(site.ledger, "rows", gone)
        upkeep.verify(FULL, LIMIT_S)
    assert site.homes().live is None
    assert upkeep.maintain(LIMIT_S)["rows"] == 5
    site.check()


def test_a_replacement_that_is_not_the_ledgers_is_begun_again(site: Site, upkeep: Upkeep) -> None:
    site.ledger.grow(5)
    site.feed()
    epoch = site.ledger.epoch
    with site.connected() as connection:
        begin_replacement(connection, epoch, table_id(connection, epoch))
    site.ask("UPDATE home SET hash = repeat('1', 32), seq = 5 WHERE epoch < 0")
    with pytest.raises(VerificationError):
        upkeep.maintain(LIMIT_S)
    site.check()


def test_what_has_been_replaced_meanwhile_is_not_fed_anew_once_more(site: Site) -> None:
    site.ledger.grow(5)
    site.feed()
    epoch = site.ledger.epoch
    with site.connected() as connection:
        doubted = table_id(connection, epoch)
        begin_replacement(connection, epoch, doubted)
        site.feed()
        begin_replacement(connection, epoch, doubted)
        replaced = table_id(connection, epoch)
        begin_replacement(connection, -epoch, doubted)
        assert table_id(connection, epoch) == replaced != doubted
    assert len(site.tables()) == 1
    site.check()


def test_a_home_that_readers_read_by_now_is_not_thrown_away(site: Site) -> None:
    site.ledger.grow(5)
    site.feed()
    with site.connected() as connection:
        discard_unread(connection, site.ledger.epoch)
    site.check()


def test_who_replaces_and_who_goes_live_lock_in_one_order(site: Site) -> None:
    """Both homes are locked before either is changed: so of two, one waits and neither is in the other's way."""
    site.ledger.grow(5)
    site.feed()
    epoch = site.ledger.epoch
    with site.connected() as connection, site.connected() as other:
        table = table_id(connection, epoch)
        begin_replacement(connection, epoch, table)
        connection.execute("UPDATE home SET is_live = true WHERE epoch = %s", (epoch,))
        with connection.transaction():
            connection.execute("SELECT FROM home WHERE epoch = %s FOR UPDATE", (-epoch,))
            thread = threading.Thread(target=begin_replacement, args=(other, epoch, table))
            thread.start()
            wait_until_blocked(connection, other.info.backend_pid)
            connection.execute("SELECT FROM home WHERE epoch = %s FOR UPDATE NOWAIT", (epoch,))
        thread.join()
    site.feed()
    site.check()


def wait_until_blocked(connection: psycopg.Connection[Any], pid: int) -> None:
    while connection.execute("SELECT cardinality(pg_blocking_pids(%s))", (pid,)).fetchall() == [(0,)]:
        time.sleep(0.005)


def test_a_home_of_another_history_stays_as_it_is_and_the_remedy_is_told(site: Site, upkeep: Upkeep) -> None:
    site.ledger.grow(5)
    site.feed()
    before = site.rows_in(site.ledger.epoch)
    site.ledger.stored = site.ledger.stored[:2]
    site.ledger.stored += [(3, "another", *row[2:]) for row in site.ledger.stored[:1]]
    for count in (0, 2, 4):
        site.ledger.grow(count)
        with pytest.raises(VerificationError, match="is of another history"):
            upkeep.maintain(LIMIT_S)
    assert REMEDY in upkeep.fault(QUICK)
    assert site.rows_in(site.ledger.epoch) == before


def test_what_there_was_no_time_to_read_is_not_taken_for_damaged(site: Site, upkeep: Upkeep) -> None:
    site.ledger.grow(5)
    site.feed()
    site.ask("UPDATE home SET hash = repeat('0', 32)")
    with pytest.raises(VerificationError, match="there was time to read the rows 1 to 0 alone"):
        upkeep.verify(QUICK, 0.0)
    assert site.live().seq == 5


def test_a_history_that_nobody_reads_yet_is_thrown_away_where_it_is_wrong(site: Site, upkeep: Upkeep) -> None:
    site.ledger.grow(5)
    site.feed()
    damage(site)
    site.ledger.branch(site.ledger.epoch + 1, 4)
    with pytest.raises(VerificationError, match=r"row 3 \(id-00000003\) has a text"):
        upkeep.maintain(LIMIT_S)
    site.check()


class Lying:
    """Takes a ledger's rows, and gives others."""

    def __init__(self, site: Site, patch: pytest.MonkeyPatch, lie: Callable[[Row], Row]) -> None:
        self._rows = site.ledger.rows
        self._lie = lie
        patch.setattr(site.ledger, "rows", self.rows)

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        for page in self._rows(span, deadline):
            yield [self._lie(row) if row[0] == 4 else row for row in page]


def test_a_ledger_that_is_wrong_itself_is_told_of(site: Site, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    site.ledger.grow(5)
    Lying(site, monkeypatch, lambda row: (*row[:-1], "2026-01-01T00:00:09.000Z"))
    with pytest.raises(VerificationError, match="do not have the hash that the head"):
        upkeep.maintain(LIMIT_S)
    assert site.homes().live is None


def test_a_row_that_is_not_the_ledgers_is_named(site: Site, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    site.ledger.grow(5)
    site.feed()
    Lying(site, monkeypatch, lambda row: (4, "other", *row[2:]))
    with pytest.raises(VerificationError, match=r"row 4 \(id-00000004\) is not the ledger's, which is other"):
        upkeep.verify(FULL, LIMIT_S, with_ledger=True)


def test_a_verification_says_how_far_the_time_sufficed(
    site: Site, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.ledger.grow(2500)
    site.feed()
    monkeypatch.setattr("handlers.feed.proof.READ_ROWS", 1000)
    done = upkeep.verify(FULL, 0.0, with_ledger=True)
    assert (done["proven"], done["compared"]) == (0, 1000)


def age(site: Site, seconds: int, where: str = "true") -> None:
    site.ask(f"UPDATE home SET changed_at = now() - make_interval(secs => {seconds}) WHERE {where}")


def test_a_history_that_was_left_goes_once_its_time_is_over(site: Site, upkeep: Upkeep) -> None:
    site.ledger.grow(5)
    upkeep.maintain(LIMIT_S)
    left = f"rows_{MODEL.schema_version}_{site.ledger.epoch}"
    site.ledger.branch(site.ledger.epoch + 1, 3)
    assert upkeep.maintain(LIMIT_S)["dropped"] == []
    age(site, RETAIN_S - 60)
    assert upkeep.maintain(LIMIT_S)["dropped"] == []
    age(site, RETAIN_S + 60)
    assert upkeep.maintain(LIMIT_S)["dropped"] == [left]
    assert left not in site.tables()
    site.check()


def test_the_home_of_other_code_goes_after_a_day_without_use(site: Site, upkeep: Upkeep) -> None:
    site.ask("INSERT INTO home VALUES (1, 7, 0, '', NULL, '', true)")
    site.ask("CREATE TABLE rows_1_7 (seq bigint)")
    age(site, 86_000)
    assert upkeep.maintain(LIMIT_S)["dropped"] == []
    age(site, 86_500)
    assert upkeep.maintain(LIMIT_S)["dropped"] == ["rows_1_7"]


def test_a_home_in_use_is_marked_so(site: Site, upkeep: Upkeep) -> None:
    site.feed()
    age(site, 90_000)
    upkeep.maintain(LIMIT_S)
    assert site.ask("SELECT now() - changed_at < '1 hour' FROM home") == [(True,)]


def test_a_ledger_that_is_away_is_not_a_fault(site: Site, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> Any:
        raise unavailable("the table is away")

    monkeypatch.setattr(site.ledger, "head", gone)
    with pytest.raises(Problem, match="away"):
        upkeep.maintain(LIMIT_S)


def test_a_ledger_that_is_gone_meanwhile_mends_nothing(
    site: Site, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.ledger.grow(5)
    site.feed()
    site.ask("UPDATE home SET hash = repeat('0', 32)")
    heads = iter([site.ledger.head(Deadline()), None, None])

    def next_head(_: Deadline) -> Head | None:
        return next(heads)

    monkeypatch.setattr(site.ledger, "head", next_head)
    with pytest.raises(VerificationError, match="of another history"):
        upkeep.maintain(LIMIT_S)
    assert site.live().seq == 5
