from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.telemetry.usage import Usage
from tests.support.files import Calls, MemoryLedger, Place, count_of, flip_bit, in_child, names_in, publish, start, wait

UNAVAILABLE = -1  # instead of a count: the answer is 503


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count_or_unavailable(place: Place) -> int:
    counts: set[int] = set()
    for reader in (place.on_efs(), place.in_tmp()):
        try:
            counts.add(count_of(reader))
        except Problem as problem:
            assert problem.status == 503
            counts.add(UNAVAILABLE)
        assert reader.retries == 0
        reader.drop()
    assert len(counts) == 1
    return counts.pop()


def nothing_published(place: Place, ledger: MemoryLedger) -> Callable[[], object]:
    return lambda: place.publish(ledger)


def three_rows_published(place: Place, ledger: MemoryLedger) -> Callable[[], object]:
    place.publish(MemoryLedger(3))
    return lambda: place.publish(ledger)


def a_warm_publisher(place: Place, ledger: MemoryLedger) -> Callable[[], object]:
    publisher = place.publisher(small := MemoryLedger(3))
    publish(publisher, small)
    small.stored = ledger.stored
    return lambda: publish(publisher, ledger)


def a_full_build(place: Place, ledger: MemoryLedger) -> Callable[[], object]:
    place.publish(MemoryLedger(3))
    return lambda: place.publish(ledger, full=True)


def the_newest_damaged(place: Place, ledger: MemoryLedger) -> Callable[[], object]:
    place.publish(MemoryLedger(3))
    flip_bit(place.path(place.publish(MemoryLedger(4))), 50_000)
    return lambda: place.publish(ledger)


def the_only_one_damaged(place: Place, ledger: MemoryLedger) -> Callable[[], object]:
    flip_bit(place.path(place.publish(ledger)), 50_000)
    return lambda: place.publish(ledger)


@pytest.mark.parametrize(
    ("prepare", "before"),
    [
        (nothing_published, 0),
        (three_rows_published, 3),
        (a_warm_publisher, 3),
        (a_full_build, 3),
        (the_newest_damaged, 3),
        (the_only_one_damaged, UNAVAILABLE),
    ],
)
def test_killed_at_any_call_readers_see_the_old_or_the_new_and_the_next_publisher_goes_on(
    tmp_path: Path, prepare: Callable[[Place, MemoryLedger], Callable[[], object]], before: int
) -> None:
    seen: set[int] = set()
    code, step = 1, 0
    while code != 0:
        step += 1
        place = Place(tmp_path / str(step))
        ledger = MemoryLedger(5)
        run = prepare(place, ledger)
        open_before = None if before == UNAVAILABLE else place.on_efs()
        if open_before:
            assert count_of(open_before) == before

        def killed(place: Place = place, step: int = step, run: Callable[[], object] = run) -> None:
            with Calls(place.efs, step, kill_this_process):
                run()

        code = in_child(killed)
        assert code in (0, -signal.SIGKILL)
        now = count_or_unavailable(place)
        assert now in (before, 5)
        seen.add(now)
        if open_before:
            assert count_of(open_before) == now
        the_next_publisher_goes_on(place, ledger)
    assert step > 15
    assert seen == {before, 5}


def the_next_publisher_goes_on(place: Place, ledger: MemoryLedger) -> None:
    orphans = names_in(place.staging)
    assert len(orphans) <= 1
    place.publish(ledger)
    assert count_or_unavailable(place) == 5
    assert names_in(place.staging) == orphans  # somebody may still be writing it
    for orphan in orphans:
        long_ago_s = time.time() - 3600
        os.utime(place.staging / orphan, (long_ago_s, long_ago_s))
    ledger.grow(1)
    place.publish(ledger)
    assert names_in(place.staging) == []


class SharedLedger(MemoryLedger):
    """A ledger that several processes append to: its head is the size of a file."""

    def __init__(self, path: Path, most_rows: int) -> None:
        super().__init__(most_rows)
        self.path = path

    @property
    def bookmark(self) -> Bookmark:
        return Bookmark(self.epoch, self.path.stat().st_size)

    def grow(self, count: int) -> Bookmark:
        with self.path.open("ab", buffering=0) as file:
            file.write(b"." * count)
        return self.bookmark


def test_publishers_in_several_processes_at_once_all_succeed_and_agree(tmp_path: Path) -> None:
    efs = tmp_path / "efs"
    places = [Place(tmp_path / str(number), efs) for number in range(3)]

    ledger = SharedLedger(tmp_path / "ledger", 3 * 233)

    def publish_often(place: Place, full: bool) -> None:
        publisher = place.publisher(ledger)
        for count in (1, 2, 30, 200):
            asked = ledger.grow(count)
            assert publisher.publish(asked, Usage(), full).bookmark >= asked

    children = [
        start(lambda place=place, full=full: publish_often(place, full))
        for place, full in zip(places, (False, True, False), strict=True)
    ]
    assert [wait(child) for child in children] == [0, 0, 0]
    assert {count_or_unavailable(place) for place in places} == {3 * 233}
    assert names_in(places[0].staging) == names_in(places[0].quarantine) == []
