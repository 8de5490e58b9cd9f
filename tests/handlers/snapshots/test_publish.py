"""What a publish does and costs; tests/faults has other histories, deaths and interleavings."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.head import Head
from handlers.ledger.ledger import Range
from handlers.model.model import Row
from handlers.rows import MODEL
from handlers.snapshots import chain, maker
from handlers.snapshots.maker import INDEXES_S
from handlers.snapshots.names import Name
from handlers.snapshots.publish import BUILD_LIMIT_S, LISTING_GOOD_S, Publisher
from handlers.snapshots.published import Published
from handlers.snapshots.retention import Retention
from handlers.telemetry.usage import Usage
from tests.support.files import (
    EPOCH,
    Calls,
    MemoryLedger,
    Place,
    contents,
    count_of,
    flip_bit,
    names_in,
    publish,
    served,
)
from tests.support.meddling import Clock

STEPS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(["warm", "cold", "compact", "rebuild", "branch"])),
    min_size=1,
    max_size=8,
)
SMALL_RULE = {"SMALL_ROWS": 5, "GROWTH": 2, "MERGED_ROWS": 60}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def ranges(published: Published) -> list[tuple[int, int]]:
    """First and last row of each segment, newest first."""
    return [(name.first, name.last) for name in published.chain]


def check_is_ledger(place: Place, published: Published, ledger: MemoryLedger) -> None:
    """The chain is the ledger: its rows, one by one, its hash and its statistics."""
    head = ledger.head(Deadline())
    assert (published.bookmark, published.hash) == (head.bookmark, head.hash)
    found: list[tuple[object, ...]] = []
    for name in reversed(published.chain):
        found += contents(place.path(name))[0]
    assert found == [(*row, MODEL.json_text(row)) for row in ledger.stored]
    assert sum(segment.stats.count for segment in published.segments) == head.seq


# What is published


@given(STEPS, st.integers(1, 40))
@settings(max_examples=40)
def test_any_history_of_publishes_merges_compactions_rebuilds_and_branches_gives_the_ledger(
    steps: list[tuple[int, str]], batch_rows: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for name, rows in SMALL_RULE.items():
            patch.setattr(chain, name, rows)
        patch.setattr(maker, "BATCH_ROWS", batch_rows)
        place, ledger = Place(Path(folder)), MemoryLedger()
        publisher = place.publisher(ledger)
        for count, kind in steps:
            if kind == "branch":
                ledger.branch(ledger.epoch + 1, max(0, len(ledger.stored) - count))
            ledger.grow(count)
            publisher = place.publisher(ledger) if kind == "cold" else publisher
            if kind == "rebuild":
                published = place.rebuild(ledger)
            else:
                published = publish(publisher, ledger, compact=kind == "compact")
            check_is_ledger(place, published, ledger)


def test_equal_builds_are_equal_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    places = [Place(tmp_path / number) for number in "12"]
    builds = [place.publish(MemoryLedger(500)) for place in places]
    assert builds[0].chain == builds[1].chain
    assert len({place.path(build).read_bytes() for place, build in zip(places, builds, strict=True)}) == 1


def test_the_file_is_in_rollback_mode_and_has_no_company(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(10))
    for _ in range(3):
        published = publish(publisher, ledger)
        assert place.path(published).read_bytes()[18:20] == b"\1\1"
        assert all(Name.parse(name) for name in names_in(place.snapshots))
        ledger.grow(10)
    assert names_in(place.staging) == []


def test_the_name_is_rows_and_digest_and_the_group_may_read(place: Place) -> None:
    published = place.publish(MemoryLedger(7))
    content = place.path(published).read_bytes()
    (name,) = published.chain
    assert name == f"{EPOCH:016d}-{7:012d}-{1:012d}-{MODEL.schema_version:06d}-{blake2b(content).hexdigest()[:16]}.db"
    assert published.size_bytes == published.written_bytes == len(content)
    assert place.path(published).stat().st_mode & 0o777 == 0o640
    assert place.snapshots.stat().st_mode & 0o777 == 0o750


def test_the_bytes_are_durable_before_they_have_their_name(place: Place) -> None:
    with Calls(place.efs) as calls:
        place.publish(MemoryLedger(3))
    order = [name for name in calls.seen if name in ("write", "fsync", "close", "link", "unlink")]
    assert order == ["write", "fsync", "close", "link", "unlink"]


def test_files_are_moved_in_steps_of_one_mib(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    write = os.write

    def noting(file: int, data: memoryview) -> int:
        written.append(len(data))
        return write(file, data)

    monkeypatch.setattr(os, "write", noting)
    size_bytes = place.publish(MemoryLedger(8000)).size_bytes
    mib = 1024 * 1024
    assert size_bytes > mib
    assert written == [mib] * (size_bytes // mib) + [size_bytes % mib]


def test_an_empty_ledger_has_an_empty_snapshot_that_the_first_rows_replace(place: Place) -> None:
    published = place.publish(ledger := MemoryLedger())
    assert (ranges(published), published.bookmark) == ([(1, 0)], (EPOCH, 0))
    assert place.publish(ledger).build == "none"
    assert served(place.in_tmp()) == (EPOCH, 0)
    ledger.grow(2)
    published = place.publish(ledger)
    assert (ranges(published), published.build) == ([(1, 2)], "full")


def test_a_publisher_that_finds_its_rows_published_does_nothing_more(place: Place) -> None:
    ledger = MemoryLedger(300)
    place.publish(ledger)
    ledger.grow(2)
    first = place.publish(ledger)
    other = place.publisher(ledger)
    seen: list[list[str]] = []
    for _ in range(2):
        with Calls(place.efs) as calls:
            found = publish(other, ledger)
        assert (found.chain, found.size_bytes, found.hash) == (first.chain, first.size_bytes, first.hash)
        assert (found.build, found.written_bytes) == ("none", 0)
        assert not {"link", "write", "mkdir", "rename", "unlink"} & set(calls.seen)
        seen.append(calls.seen)
    assert seen[1] == ["scandir", "lstat", "lstat"]  # what is published is proven once, and then looked at
    assert names_in(place.tmp / "build") == []


def test_one_publish_serves_all_who_appended_meanwhile(place: Place) -> None:
    ledger = MemoryLedger(3)
    asked = ledger.bookmark
    ledger.grow(4)
    assert place.publisher(ledger).publish(asked, Usage()).bookmark.seq == 7


def test_a_publisher_that_others_have_overtaken_takes_their_snapshot(place: Place) -> None:
    class Overtaken(MemoryLedger):
        def head(self, deadline: Deadline) -> Head:
            head = super().head(deadline)
            if len(self.stored) < 5:
                self.grow(2)
                place.publish(self)
            return head

    theirs = place.publisher(ledger := Overtaken(3)).publish(Bookmark(EPOCH, 3), Usage())
    assert (theirs.bookmark.seq, theirs.build) == (5, "none")
    check_is_ledger(place, theirs, ledger)


def test_a_new_ledger_starts_from_nothing_and_its_readers_leave_the_old_one(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(5))
    publish(publisher, ledger)
    reader = place.on_efs()
    assert served(reader) == (EPOCH, 5)
    ledger.epoch, ledger.stored = EPOCH + 1, []
    ledger.grow(2)
    assert publish(publisher, ledger).build == "full"
    assert served(reader) == (EPOCH + 1, 2)
    assert publisher.published.greatest_epoch() == EPOCH + 1


def test_the_phases_of_a_publish_are_timed(place: Place) -> None:
    usage = Usage()
    place.publisher(MemoryLedger(3)).publish(MemoryLedger(3).bookmark, usage)
    assert list(usage.timings().all_ms()) == ["check", "build", "ledger", "write", "tidy", "total"]


# Its cost


def one_row_more(place: Place, count: int) -> tuple[Published, list[str], list[str]]:
    """Publish one more row than so many. Returns it with the calls on EFS: of a warm publisher, of a cold one.

    What reads the bytes to be proven is not among the latter.
    """
    ledger = MemoryLedger(count)
    place.publish(ledger)
    ledger.grow(1)
    publish(publisher := place.publisher(ledger), ledger)
    ledger.grow(1)
    ledger.spans.clear()
    with Calls(place.efs) as warm:
        published = publish(publisher, ledger)
    assert [(span.first, span.last) for span in ledger.spans] == [(count + 2, count + 2)]
    ledger.grow(1)
    with Calls(place.efs) as cold:
        place.publish(ledger)
    return published, warm.seen, [call for call in cold.seen if call != "readv"]


def test_one_row_more_costs_one_small_file_and_the_same_calls_at_any_size(tmp_path: Path) -> None:
    found = {count: one_row_more(Place(tmp_path / str(count)), count) for count in (1_000, 20_000)}
    published, warm, cold = found[1_000]
    assert ranges(published) == [(1_001, 1_002), (1, 1_000)]
    assert published.written_bytes == published.segments[0].size_bytes < 32 * 1024
    assert published.build == "incremental"
    assert found[20_000][0].written_bytes == published.written_bytes
    assert found[20_000][1:] == (warm, cold)
    assert len([call for call in warm if call not in ("fstat", "close")]) <= 16  # round trips


def test_only_new_rows_come_from_the_ledger_and_merged_ones_from_their_files(place: Place) -> None:
    ledger = MemoryLedger(100)
    place.publish(ledger)
    ledger.grow(50)
    ledger.spans.clear()
    published = place.publish(ledger)
    assert ranges(published) == [(1, 150)]
    assert [(span.first, span.last) for span in ledger.spans] == [(101, 150)]
    check_is_ledger(place, published, ledger)


def test_a_request_merges_50_000_rows_at_most_and_compaction_the_rest(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, rows in SMALL_RULE.items():
        monkeypatch.setattr(chain, name, rows)
    ledger = MemoryLedger(50)
    place.publish(ledger)
    ledger.grow(30)
    assert ranges(place.publish(ledger)) == [(51, 80), (1, 50)]
    compacted = place.publish(ledger, compact=True)
    assert (ranges(compacted), compacted.build) == ([(1, 80)], "incremental")
    assert compacted.written_bytes == compacted.size_bytes
    check_is_ledger(place, compacted, ledger)
    assert place.publish(ledger, compact=True).build == "none"


def test_compaction_merges_what_the_sandboxs_disk_has_room_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MERGED_ROWS", 400)
    ledger = MemoryLedger(300)
    place.publish(ledger)
    ledger.grow(300)
    place.publish(ledger)
    publisher = place.publisher(ledger)
    size_bytes = publish(publisher, ledger).size_bytes
    monkeypatch.setattr(publisher.maker, "free_bytes", lambda: 2 * size_bytes)
    assert len(publish(publisher, ledger, compact=True).chain) == 2
    monkeypatch.setattr(publisher.maker, "free_bytes", lambda: 3 * size_bytes)
    assert len(publish(publisher, ledger, compact=True).chain) == 1


def test_compaction_proves_all_bytes_and_replaces_what_is_damaged(tmp_path: Path) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="0")
    ledger = MemoryLedger(300)
    oldest = place.publish(ledger)
    ledger.grow(3)
    place.publish(ledger)
    flip_bit(place.path(oldest), 8 * 20_000)
    publisher = place.publisher(ledger)
    assert publish(publisher, ledger).build == "none"  # too large to be proven by every publish
    mended = publish(publisher, ledger, compact=True)
    assert mended.build == "full"
    assert len(names_in(place.quarantine)) == 1
    check_is_ledger(place, mended, ledger)


# Races


def striking(place: Place, ledger: MemoryLedger, strike: Callable[[], object], clock: Clock | None = None) -> Publisher:
    """A publisher beside which something happens once it has decided what to make, the first time."""
    publisher = Publisher(ledger, place.settings, clock or Clock())
    strikes = [strike]

    class StruckMaker(maker.SegmentMaker):
        def new_path(self) -> str:
            if strikes:
                strikes.pop()()
            return super().new_path()

    publisher.maker = StruckMaker(ledger, place.settings.tmp_dir)
    return publisher


def test_of_two_publishers_with_one_listing_the_later_goes_on_from_what_is_there_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, other = Place(tmp_path / "1", tmp_path / "efs"), Place(tmp_path / "2", tmp_path / "efs")
    ledger = MemoryLedger(250)
    place.publish(ledger)
    ledger.grow(10)

    def overtake() -> None:
        ledger.grow(30)  # enough to merge all: no chain with the file below is the newest one
        other.publish(ledger)

    published = publish(striking(place, ledger, overtake), MemoryLedger(260))
    assert ranges(published) == [(1, 290)]
    assert any("260-000000000251" in name for name in names_in(place.snapshots))
    check_is_ledger(place, published, ledger)


def test_two_publishers_of_one_range_make_one_file(tmp_path: Path) -> None:
    place, other = Place(tmp_path / "1", tmp_path / "efs"), Place(tmp_path / "2", tmp_path / "efs")
    ledger = MemoryLedger(5)
    published = publish(striking(place, ledger, lambda: other.publish(ledger)), ledger)
    assert names_in(place.snapshots) == list(published.chain)
    assert names_in(place.staging) == []


@pytest.mark.parametrize(("later_s", "expected"), [(LISTING_GOOD_S, 1), (LISTING_GOOD_S + 0.1, 0)])
def test_nothing_is_linked_later_than_30_s_after_its_listing(place: Place, later_s: float, expected: int) -> None:
    clock = Clock()
    publisher = striking(place, ledger := MemoryLedger(5), lambda: clock.pass_s(later_s), clock)
    if expected:
        assert publish(publisher, ledger).bookmark.seq == 5
    else:
        with pytest.raises(Problem, match="built up to nothing"):  # a request has no time to start over
            publish(publisher, ledger)
    assert len(names_in(place.snapshots)) == expected
    assert names_in(place.staging) == []
    assert publish(publisher, ledger).bookmark.seq == 5


@pytest.mark.parametrize("meddle", ["vanish", "go stale", "damage"])
def test_where_an_input_of_a_merge_is_gone_or_damaged_it_starts_over_from_the_listing(
    place: Place, meddle: str, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = MemoryLedger(5)
    first = place.path(place.publish(ledger))
    ledger.grow(2)

    def go_stale() -> None:
        first.unlink()
        raise OSError(errno.ESTALE, "Stale file handle")

    strikes = {"vanish": first.unlink, "go stale": go_stale, "damage": lambda: flip_bit(first, 8 * 20_000)}
    publisher = striking(place, ledger, strikes[meddle])
    published = publish(publisher, ledger)
    check_is_ledger(place, published, ledger)
    assert published.build == "full"
    assert [(span.first, span.last) for span in ledger.spans[-1:]] == [(1, 7)]
    assert len(names_in(place.quarantine)) == (meddle == "damage")
    assert "starting over from the listing" in caplog.text


def test_publishers_in_several_threads_at_once_all_succeed_and_agree(tmp_path: Path) -> None:
    places = [Place(tmp_path / number, tmp_path / "efs") for number in "123"]
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(places))

    def run(place: Place, compact: bool) -> None:
        publisher = place.publisher(ledger := MemoryLedger())
        try:
            for count in (1, 5, 50, 100):
                ledger.grow(count)
                barrier.wait()
                assert publish(publisher, ledger, compact=compact).bookmark == ledger.bookmark
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(place, place is places[2])) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    check_is_ledger(places[0], places[0].publish(MemoryLedger(156)), MemoryLedger(156))
    assert names_in(places[0].staging) == names_in(places[0].quarantine) == []


def test_a_link_that_was_made_but_not_acknowledged_is_taken_as_made(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def twice(source: str, target: str) -> None:
        if not os.path.exists(target):
            link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", twice)
    assert place.publish(MemoryLedger(3)).bookmark.seq == 3
    assert count_of(place.on_efs()) == 3


def test_a_name_taken_by_damaged_bytes_meanwhile_is_cleared_and_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="0")
    link = os.link
    damaged: list[str] = []

    def damaged_first(source: str, target: str) -> None:
        if not damaged:
            damaged.append(target)
            shutil.copy(source, target)
            flip_bit(Path(target), 8 * 10_000)
        link(source, target)

    monkeypatch.setattr(os, "link", damaged_first)
    assert place.publish(MemoryLedger(3)).bookmark.seq == 3
    assert count_of(place.in_tmp()) == 3
    assert len(names_in(place.quarantine)) == 1


# Its limits


def test_a_build_cut_by_time_publishes_what_it_reached_and_the_next_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maker, "BATCH_ROWS", 10)
    clock = Clock()

    class Slow(MemoryLedger):
        def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
            if span.last > span.first:  # more than the one that proves the history
                clock.pass_s((BUILD_LIMIT_S - INDEXES_S) / 3)
            return super().rows(span, deadline)

    publisher = Publisher(ledger := Slow(95), place.settings, clock)
    for reached in (40, 80):
        with pytest.raises(Problem, match=rf"built up to 1000\.{reached} of 1000\.95") as caught:
            publish(publisher, ledger)
        assert caught.value.status == 503
        assert count_of(place.on_efs()) == reached
    assert publish(publisher, ledger).build == "incremental"
    assert count_of(place.on_efs()) == 95
    read = [(span.first, span.last) for span in ledger.spans if span.last > span.first]
    assert read == [(first, min(95, first + 9)) for first in range(1, 95, 10)]  # no row was read twice


def test_with_more_time_each_step_still_ends_soon_enough_after_its_listing_to_be_linked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maker, "BATCH_ROWS", 10)
    clock = Clock()

    class Slow(MemoryLedger):
        def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
            if span.last > span.first:
                clock.pass_s(3)
            return super().rows(span, deadline)

    publisher = Publisher(ledger := Slow(295), place.settings, clock)
    assert publisher.publish(ledger.bookmark, Usage(), limit_s=280).bookmark == ledger.bookmark
    read = [(span.first, span.last) for span in ledger.spans if span.last > span.first]
    assert read == [(first, min(295, first + 9)) for first in range(1, 295, 10)]  # no row was read twice


def test_what_time_did_not_suffice_for_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "BATCH_ROWS", 10)
    clock = Clock()

    class Slow(MemoryLedger):
        def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
            clock.pass_s(BUILD_LIMIT_S)
            return super().rows(span, deadline)

    publisher = Publisher(Slow(25), place.settings, clock)
    published = publisher.publish(Bookmark(EPOCH, 4), Usage())  # others have appended since
    assert (published.bookmark, published.missing_rows) == (Bookmark(EPOCH, 10), 15)


def test_a_long_ledger_is_published_range_by_range(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "RANGE_ROWS", 1_000)
    published = place.publish(ledger := MemoryLedger(2_500))
    read = [(span.first, span.last) for span in ledger.spans if span.last > span.first]
    assert read == [(1, 1_000), (1_001, 2_000), (2_001, 2_500)]
    assert published.build == "full"
    check_is_ledger(place, published, ledger)


def test_tidying_up_that_fails_takes_nothing_from_what_was_published(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = place.publisher(ledger := MemoryLedger(3))

    def fail(*_: object) -> None:
        raise OSError("no tidying")

    monkeypatch.setattr(Retention, "_remove", fail)
    assert publish(publisher, ledger).bookmark.seq == 3
    assert "no tidying" in caplog.text
