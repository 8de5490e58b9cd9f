"""An insert is taken apart without a gap; its calls become the round trips that docs/performance.md counts."""

from __future__ import annotations

import itertools
from pathlib import Path

from tests.perf.writes.inserts import BUILD, COPY, FSYNC, LINK, LIST, wrap_parts
from tests.perf.writes.over_nfs import FILE_SYNCED, Trips, trips_of
from tests.perf.writes.stopwatch import REST, Stopwatch
from tests.support.files import Calls, MemoryLedger, Place, publish


class Layers:
    """Calls within calls."""

    def outer(self) -> None:
        self.inner()
        self.inner()

    def inner(self) -> None:
        """Take the time of two looks at the clock."""


def test_time_belongs_to_the_innermost_part() -> None:
    with Stopwatch(itertools.count().__next__) as stopwatch:  # a second passes with each look
        stopwatch.wrap(Layers, "outer", "outer")
        stopwatch.wrap(Layers, "inner", "inner")
        stopwatch.taken()
        Layers().outer()
        parts_ms = stopwatch.taken()
    assert parts_ms == {REST: 2000, "outer": 3000, "inner": 2000}
    assert Layers.outer.__name__ == "outer"


def test_a_publish_has_all_parts_of_its_own(tmp_path: Path) -> None:
    place, ledger = Place(tmp_path), MemoryLedger(30)
    with Stopwatch() as stopwatch:
        wrap_parts(stopwatch)
        place.publish(ledger)
        parts_ms = stopwatch.taken()
    assert {BUILD, COPY, FSYNC, LINK, LIST, REST} <= parts_ms.keys()
    assert all(spent_ms > 0 for spent_ms in parts_ms.values())


def test_an_insert_is_twelve_round_trips_over_nfs(tmp_path: Path) -> None:
    place, ledger = Place(tmp_path), MemoryLedger(1000)
    publisher = place.publisher(ledger)
    for _ in range(2):
        publish(publisher, ledger)
        ledger.grow(1)
    with Calls(place.efs) as calls:
        publish(publisher, ledger)
    assert trips_of(calls.seen) == Trips(reads=7, writes=5)
    assert trips_of(["open", "write", "fsync", "close"]) == FILE_SYNCED
