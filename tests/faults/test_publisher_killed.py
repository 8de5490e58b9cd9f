from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.head import Head
from handlers.reads.sqlite_efs import SqliteReader
from handlers.rows import Row
from handlers.snapshots import chain
from handlers.snapshots.publish import Publisher
from handlers.telemetry.usage import Usage
from tests.support.files import (
    EPOCH,
    Calls,
    MemoryLedger,
    Place,
    flip_bit,
    in_child,
    names_in,
    page,
    publish,
    served,
    start,
    wait,
)

UNAVAILABLE = Bookmark(0, 10**9)  # instead of a bookmark: the answer is 503


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Case:
    """Something that a publisher is killed at.

    Attributes:
        ledger: that is to be published.
        run: what is killed.
        before: what readers see before.
        between: what they may see where it is killed in the middle.
    """

    ledger: MemoryLedger
    run: Callable[[], object]
    before: Bookmark
    between: frozenset[Bookmark] = frozenset()


def the_first_publish(place: Place) -> Case:
    ledger = MemoryLedger(5)
    return Case(ledger, lambda: place.publish(ledger), NOTHING)


def a_merge(place: Place) -> Case:
    place.publish(ledger := MemoryLedger(3))
    ledger.grow(2)
    return Case(ledger, lambda: place.publish(ledger), Bookmark(EPOCH, 3))


def one_segment_more(place: Place) -> Case:
    place.publish(ledger := MemoryLedger(300))
    ledger.grow(2)
    return Case(ledger, lambda: place.publish(ledger), Bookmark(EPOCH, 300))


def one_more_by_a_warm_publisher(place: Place) -> Case:
    publish(publisher := place.publisher(ledger := MemoryLedger(300)), ledger)
    ledger.grow(2)
    return Case(ledger, lambda: publish(publisher, ledger), Bookmark(EPOCH, 300))


def a_compaction(place: Place) -> Case:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain, "MERGED_ROWS", 400)
        place.publish(ledger := MemoryLedger(300))
        ledger.grow(300)
        place.publish(ledger)
    return Case(ledger, lambda: place.publish(ledger, compact=True), ledger.bookmark)


def a_rebuild(place: Place) -> Case:
    place.publish(ledger := MemoryLedger(3))
    ledger.grow(2)
    return Case(ledger, lambda: place.rebuild(ledger), Bookmark(EPOCH, 3))


def a_branch(place: Place) -> Case:
    ledger = MemoryLedger()
    for count in (2000, 250):
        ledger.grow(count)
        place.publish(ledger)
    before = ledger.bookmark
    ledger.branch(EPOCH + 1, 2250)
    ledger.grow(2)
    parts = frozenset({Bookmark(EPOCH + 1, 2000), Bookmark(EPOCH + 1, 2250)})  # prefixes of the new history
    return Case(ledger, lambda: place.publish(ledger), before, parts)


def the_newest_damaged(place: Place) -> Case:
    place.publish(ledger := MemoryLedger(3))
    ledger.grow(2)
    flip_bit(place.path(place.publish(ledger)), 8 * 10_000)
    return Case(ledger, lambda: place.publish(ledger), Bookmark(EPOCH, 3))


def the_only_one_damaged(place: Place) -> Case:
    ledger = MemoryLedger(5)
    flip_bit(place.path(place.publish(ledger)), 8 * 10_000)
    return Case(ledger, lambda: place.publish(ledger), UNAVAILABLE)


def seen_by(reader: SqliteReader) -> Bookmark:
    """What a reader sees, of which it can read all rows that a page holds."""
    try:
        texts = page(reader)
    except Problem as problem:
        assert problem.status == 503
        return UNAVAILABLE
    assert len(texts) == min(1000, served(reader).seq)
    assert reader.retries == 0
    return served(reader)


def newest(place: Place) -> Bookmark:
    """What new readers see."""
    readers = place.on_efs(), place.in_tmp()
    (found,) = {seen_by(reader) for reader in readers}
    for reader in readers:
        reader.drop()
    return found


@pytest.mark.parametrize(
    "prepare",
    [
        the_first_publish,
        a_merge,
        one_segment_more,
        one_more_by_a_warm_publisher,
        a_compaction,
        a_rebuild,
        a_branch,
        the_newest_damaged,
        the_only_one_damaged,
    ],
)
def test_killed_at_any_call_readers_see_the_old_or_the_new_and_the_next_publisher_goes_on(
    tmp_path: Path, prepare: Callable[[Place], Case]
) -> None:
    seen: set[Bookmark] = set()
    goal, case = NOTHING, prepare(Place(tmp_path / "0"))
    code, step = 1, 0
    while code != 0:
        step += 1
        place = Place(tmp_path / str(step))
        case = prepare(place)
        goal = case.ledger.bookmark
        open_before = None if case.before == UNAVAILABLE else place.on_efs()
        assert open_before is None or seen_by(open_before) == case.before

        def killed(place: Place = place, step: int = step, run: Callable[[], object] = case.run) -> None:
            with Calls(place.efs, step, kill_this_process):
                run()

        code = in_child(killed)
        assert code in (0, -signal.SIGKILL)
        now = newest(place)
        assert now in {case.before, goal} | case.between
        seen.add(now)
        if open_before:
            assert seen_by(open_before) == now
        the_next_publisher_goes_on(place, case)
    assert step > 10
    assert seen == {case.before, goal} | case.between


def the_next_publisher_goes_on(place: Place, case: Case) -> None:
    orphans = names_in(place.staging)
    assert len(orphans) <= 1
    place.publish(case.ledger)
    assert newest(place) == case.ledger.bookmark
    place.rebuild(case.ledger)
    assert newest(place) == case.ledger.bookmark
    assert names_in(place.efs / "rebuild") == []
    assert names_in(place.staging) == orphans  # somebody may still be writing it
    for orphan in orphans:
        long_ago_s = time.time() - 3600
        os.utime(place.staging / orphan, (long_ago_s, long_ago_s))
    case.ledger.grow(1)
    place.publish(case.ledger)
    assert names_in(place.staging) == []


class SharedLedger(MemoryLedger):
    """A ledger that several processes append to: how many rows it has is the size of a file."""

    def __init__(self, path: Path, most_rows: int) -> None:
        super().__init__(most_rows)
        self.whole: list[Row] = self.stored
        self.path = path
        path.touch()
        self.look()

    def look(self) -> Bookmark:
        self.stored = self.whole[: self.path.stat().st_size]
        return self.bookmark

    def append(self, count: int) -> Bookmark:
        with self.path.open("ab", buffering=0) as file:
            file.write(b"." * count)
        return self.look()

    def head(self, deadline: Deadline) -> Head:
        self.look()
        return super().head(deadline)


def test_publishers_in_several_processes_at_once_all_succeed_and_agree(tmp_path: Path) -> None:
    efs = tmp_path / "efs"
    places = [Place(tmp_path / str(number), efs) for number in range(3)]
    ledger = SharedLedger(tmp_path / "ledger", 3 * 233)

    def publish_often(publisher: Publisher, compact: bool) -> None:
        for count in (1, 2, 30, 200):
            asked = ledger.append(count)
            assert publisher.publish(asked, Usage(), compact=compact).bookmark >= asked

    children = [
        start(lambda place=place, compact=compact: publish_often(place.publisher(ledger), compact))
        for place, compact in zip(places, (False, True, False), strict=True)
    ]
    assert [wait(child) for child in children] == [0, 0, 0]
    assert {newest(place) for place in places} == {Bookmark(EPOCH, 3 * 233)}
    assert names_in(places[0].staging) == names_in(places[0].quarantine) == []
