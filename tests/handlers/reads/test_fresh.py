"""`fresh=1`: rows of the ledger beyond the snapshot. test_paths_agree.py compares it with full reads of the ledger."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.domain.timestamps import seconds_of
from handlers.ledger.ledger import Ledger, Range
from handlers.reads import fresh
from handlers.reads.fresh import MOST_ROWS, FreshReader
from handlers.reads.page import PageQuery
from handlers.reads.reader import WAIT_S
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_view import SqliteView
from handlers.rows import MODEL
from handlers.sql.heap import heap_limited
from handlers.telemetry.usage import Usage
from tests.support.drafts import with_value
from tests.support.files import EPOCH, MemoryLedger, Place, descriptors, flip_bit, make_row, served, texts_of
from tests.support.meddling import Clock

PATHS = ("on_efs", "in_tmp")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def reader_of(place: Place, path: str) -> SqliteReader:
    return place.on_efs() if path == "on_efs" else place.in_tmp()


def fresh_reader(snapshots: SqliteReader, ledger: MemoryLedger) -> tuple[FreshReader, Clock]:
    clock = Clock()
    return FreshReader(snapshots, ledger, clock, clock.sleep), clock


def page(reader: FreshReader, at_least: Bookmark = NOTHING) -> tuple[list[str], Bookmark]:
    """The oldest thousand rows and the bookmark."""

    def use(view: SqliteView) -> tuple[list[str], Bookmark]:
        text, count, _ = view.page(PageQuery({"limit": "1000", "order": "asc"}))
        return texts_of(text, count), view.bookmark

    return reader.read(at_least, Usage(), use)  # pyright: ignore[reportArgumentType] - its views are these


def refused_by(reader: FreshReader, at_least: Bookmark = NOTHING) -> Problem:
    with pytest.raises(Problem) as caught:
        page(reader, at_least)
    return caught.value


@pytest.mark.parametrize(("published", "rows", "oldest"), [(5, 0, 0), (5, 2, 6), (0, 5, 1)])
def test_it_learns_how_far_the_snapshot_lags_behind(place: Place, published: int, rows: int, oldest: int) -> None:
    ledger = MemoryLedger(published)
    place.publish(ledger)
    ledger.grow(rows)
    now = Clock(1_800_000_000.0)
    usage = Usage()
    FreshReader(place.on_efs(), ledger, now=now).read(NOTHING, usage, lambda view: view.bookmark)
    assert usage.lag is not None
    age_s = now() - seconds_of(make_row(oldest)[-1]) if rows else 0.0
    assert usage.lag.answer() == {"rows": rows, "seconds": age_s}


def test_rows_that_a_branch_inherits_and_its_parent_has_published_do_not_lag(place: Place) -> None:
    ledger = MemoryLedger(5)
    place.publish(ledger)
    ledger.branch(EPOCH + 1, 4)
    for rows in (0, 2):
        ledger.grow(rows)
        usage = Usage()
        FreshReader(place.on_efs(), ledger).read(NOTHING, usage, lambda view: view.bookmark)
        assert usage.lag is not None
        assert usage.lag.rows == rows


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("added", [0, 1, 7])
def test_the_rows_beyond_the_snapshot_are_read_and_no_others(place: Place, path: str, added: int) -> None:
    ledger = MemoryLedger(5)
    place.publish(ledger)
    snapshots = reader_of(place, path)
    reader, _ = fresh_reader(snapshots, ledger)
    page(reader)
    ledger.grow(added)
    ledger.spans.clear()
    assert page(reader) == ([MODEL.json_text(row) for row in ledger.stored], ledger.bookmark)
    assert ledger.spans == [Range(((1, EPOCH),), 5, 5 + added)]  # the snapshot's last row: is it the ledger's?
    assert served(snapshots) == Bookmark(EPOCH, 5)


@pytest.mark.parametrize("count", [0, 3])
def test_before_anything_is_published_all_rows_are_the_ledgers(place: Place, count: int) -> None:
    ledger = MemoryLedger(count)
    reader, _ = fresh_reader(place.on_efs(), ledger)
    assert page(reader) == ([MODEL.json_text(row) for row in ledger.stored], ledger.bookmark)
    place.publish(MemoryLedger(0))
    assert page(reader) == ([MODEL.json_text(row) for row in ledger.stored], ledger.bookmark)


def test_before_there_is_a_ledger_there_are_no_rows(place: Place, ledger: Ledger) -> None:
    assert page(FreshReader(place.on_efs(), ledger)) == ([], NOTHING)


@pytest.mark.parametrize("published", [0, 2])
def test_so_many_rows_may_follow_the_snapshot_and_no_more(
    place: Place, monkeypatch: pytest.MonkeyPatch, published: int
) -> None:
    monkeypatch.setattr(fresh, "MOST_ROWS", 4)
    ledger = MemoryLedger(published)
    if published:
        place.publish(ledger)
    snapshots = place.on_efs()
    reader, _ = fresh_reader(snapshots, ledger)
    ledger.grow(4)
    assert len(page(reader)[0]) == published + 4
    ledger.grow(1)
    problem = refused_by(reader)
    assert (problem.status, problem.kind, problem.headers) == (503, "not-there-yet", {"retry-after": "1"})
    assert "5 rows follow the snapshot, 4 are allowed; publish first" in problem.detail
    place.publish(ledger)
    assert len(page(reader)[0]) == published + 5
    assert snapshots.retries == 0


def test_rows_that_have_no_room_in_memory_are_503() -> None:
    rows = [make_row(seq) for seq in range(1, 2001)]
    with pytest.raises(Problem) as caught, heap_limited(200_000):
        fresh.segment_of(rows, 1)
    assert (caught.value.status, caught.value.kind) == (503, "not-there-yet")
    assert "2000 rows follow the snapshot, more than there is memory for; publish first" in caught.value.detail
    fresh.segment_of(rows, 1).close()


def test_that_many_are_five_thousand() -> None:
    assert MOST_ROWS == 5000


def test_a_snapshot_of_an_older_epoch_is_no_part_of_the_answer(place: Place) -> None:
    place.publish(MemoryLedger(5))
    ledger = MemoryLedger(3, EPOCH + 1)
    ledger.stored = [with_value(row, 7.5) for row in ledger.stored]
    assert page(fresh_reader(place.on_efs(), ledger)[0]) == (
        [MODEL.json_text(row) for row in ledger.stored],
        Bookmark(EPOCH + 1, 3),
    )


@pytest.mark.parametrize("how", ["newer epoch", "beyond the head", "another row at the boundary", "another row there"])
@pytest.mark.parametrize("path", PATHS)
def test_a_snapshot_that_is_not_of_this_ledger_is_409(place: Place, path: str, how: str) -> None:
    ledger = MemoryLedger(5)
    if how == "newer epoch":
        place.publish(MemoryLedger(1, EPOCH + 1))
    elif how == "beyond the head":
        place.publish(MemoryLedger(6))
    else:
        place.publish(MemoryLedger(5 if how == "another row at the boundary" else 4))
        ledger.stored[3:] = [(row[0], "another", *row[2:]) for row in ledger.stored[3:]]  # pyright: ignore[reportArgumentType]
    snapshots = reader_of(place, path)
    before = descriptors()
    problem = refused_by(fresh_reader(snapshots, ledger)[0])
    assert (problem.status, problem.kind) == (409, "diverged")
    assert f"head is {ledger.bookmark}" in problem.detail
    snapshots.drop()
    assert descriptors() == before


def test_a_bookmark_that_no_snapshot_has_is_satisfied_by_the_ledger(place: Place) -> None:
    ledger = MemoryLedger(2)
    place.publish(ledger)
    reader, clock = fresh_reader(place.on_efs(), ledger)
    assert page(reader, ledger.grow(2))[1] == Bookmark(EPOCH, 4)
    assert clock.slept_s == []


@pytest.mark.parametrize(
    ("asked", "status", "waited_s"),
    [((EPOCH, 3), 503, WAIT_S), ((EPOCH + 1, 0), 503, WAIT_S), ((EPOCH - 1, 1), 409, 0)],
)
def test_a_bookmark_that_the_ledger_has_not_is_refused_as_everywhere(
    place: Place, asked: tuple[int, int], status: int, waited_s: float
) -> None:
    ledger = MemoryLedger(2)
    place.publish(ledger)
    reader, clock = fresh_reader(place.on_efs(), ledger)
    assert refused_by(reader, Bookmark(*asked)).status == status
    assert waited_s <= sum(clock.slept_s) < waited_s + 0.1


@pytest.mark.parametrize("path", PATHS)
def test_a_damaged_snapshot_is_no_other_history(place: Place, path: str) -> None:
    ledger = MemoryLedger(3)
    flip_bit(place.path(place.publish(ledger)), 8 * 5000)
    assert refused_by(fresh_reader(reader_of(place, path), ledger)[0]).status == 503


@pytest.mark.parametrize("path", PATHS)
def test_no_descriptor_and_no_rows_are_left_behind(place: Place, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = MemoryLedger(3)
    place.publish(ledger)
    snapshots = reader_of(place, path)
    reader, _ = fresh_reader(snapshots, ledger)
    page(reader)
    before = descriptors()
    ledger.grow(2)
    left: list[sqlite3.Connection] = []

    def use(view: SqliteView) -> None:
        left.append(view.links[0].opened().connection)
        if len(left) == 2:
            raise Problem("not-found", "no such row")

    reader.read(NOTHING, Usage(), use)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Problem, match="no such row"):
        reader.read(NOTHING, Usage(), use)  # pyright: ignore[reportArgumentType]
    assert descriptors() == before
    for connection in left:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert len(served_segments(snapshots)) == 1


def served_segments(reader: SqliteReader) -> list[int]:
    return reader.read(NOTHING, Usage(), lambda view: [link.first for link in view.links])


def test_its_phases_are_timed(place: Place) -> None:
    ledger = MemoryLedger(3)
    place.publish(ledger)
    usage = Usage()
    fresh_reader(place.on_efs(), ledger)[0].read(NOTHING, usage, lambda view: json.loads(view.stats_text()))
    assert [*usage.phases_ns] == ["check", "open", "ledger"]


def test_a_row_that_is_in_no_snapshot_is_found_by_its_id(place: Place) -> None:
    ledger = MemoryLedger(3)
    place.publish(ledger)
    ledger.grow(1)
    found = fresh_reader(place.on_efs(), ledger)[0].read(NOTHING, Usage(), lambda view: view.row(make_row(4)[1]))
    assert found == MODEL.json_text(make_row(4))
