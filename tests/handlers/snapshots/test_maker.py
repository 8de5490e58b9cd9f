from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.problem import unavailable
from handlers.ledger.ledger import Range
from handlers.model.model import Row
from handlers.snapshots import maker
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.maker import INDEXES_S, LAST_BATCH_S, SegmentMaker, Staging
from handlers.snapshots.published import Published
from handlers.telemetry.usage import Usage
from tests.support.files import Calls, MemoryLedger, Place, contents, descriptors, failing, flip_bit, names_in
from tests.support.meddling import Clock

NEVER_S = 1e9


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def made(
    place: Place, ledger: MemoryLedger, merged: Published | None = None, first: int = 1, end_s: float = NEVER_S
) -> tuple[int, int, list[int]]:
    """Make a segment. Returns its first and last row, by its meta row, and the rows that its file has."""
    segments = SegmentMaker(ledger, str(place.tmp))
    with segments.made(place.catalog(), merged, first, ledger.head(Deadline()), end_s=end_s, usage=Usage()) as (
        segment,
        path,
    ):
        found = contents(Path(path))[0]
    assert names_in(place.tmp / "build") == []
    return segment.first, segment.last, [int(str(row[0])) for row in found]


def test_a_segment_holds_the_ledgers_rows_from_the_first_one_on(place: Place) -> None:
    assert made(place, MemoryLedger(5)) == (1, 5, [1, 2, 3, 4, 5])
    assert made(place, MemoryLedger(5), first=4) == (4, 5, [4, 5])
    assert made(place, MemoryLedger(0)) == (1, 0, [])


def test_what_is_merged_comes_first(place: Place) -> None:
    ledger = MemoryLedger(250)
    place.publish(ledger)
    ledger.grow(2)
    published = place.publish(ledger)
    ledger.grow(1)
    ledger.spans.clear()
    assert made(place, ledger, published, 253) == (1, 253, list(range(1, 254)))
    assert ledger.spans == [Range(ledger.head(Deadline()).roots, 253, 253)]
    newest = published.split(1)[1]
    assert made(place, ledger, newest, 253) == (251, 253, [251, 252, 253])


def test_a_range_ends_after_250_000_rows(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "RANGE_ROWS", 3)
    assert made(place, MemoryLedger(9), first=2) == (2, 4, [2, 3, 4])


def test_rows_are_read_in_batches_as_long_as_the_time_allows_and_one_at_least(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maker, "BATCH_ROWS", 2)
    clock = Clock(0.0)

    class Slow(MemoryLedger):
        def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
            clock.pass_s(1)
            return super().rows(span, deadline)

    for end_s, last in ((NEVER_S, 9), (INDEXES_S + 3, 6), (0, 2)):
        clock.now_s = 0.0
        segments = SegmentMaker(ledger := Slow(9), str(place.tmp), clock)
        with segments.made(place.catalog(), None, 1, ledger.head(Deadline()), end_s=end_s, usage=Usage()) as (
            segment,
            _,
        ):
            assert segment.last == last


def test_a_batch_gets_no_more_time_than_is_left_but_enough_to_be_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maker, "BATCH_ROWS", 1)
    limits_s: list[float] = []

    class NotedDeadline(Deadline):
        def __init__(self, *, limit_s: float) -> None:
            limits_s.append(limit_s)
            super().__init__(limit_s=limit_s)

    monkeypatch.setattr(maker, "Deadline", NotedDeadline)
    for end_s in (NEVER_S, 6.0, 0.0):
        segments = SegmentMaker(ledger := MemoryLedger(1), str(place.tmp), Clock(0.0))
        head = ledger.head(Deadline())
        with segments.made(place.catalog(), None, 1, head, end_s=end_s + INDEXES_S, usage=Usage()):
            pass
    assert limits_s == [Deadline.LIMIT_S, 6.0, LAST_BATCH_S]


@pytest.mark.parametrize("meddle", ["damage", "vanish", "no ledger"])
def test_nothing_is_left_of_what_cannot_be_made(place: Place, meddle: str) -> None:
    class Away(MemoryLedger):
        def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
            raise unavailable("away")

    published = place.publish(MemoryLedger(5))
    ledger = Away(7)
    if meddle == "damage":
        flip_bit(place.path(published), 8 * 20_000)
    if meddle == "vanish":
        place.path(published).unlink()
    before = descriptors()
    expected = {"damage": UnprovenError, "vanish": FileNotFoundError, "no ledger": type(unavailable(""))}
    with pytest.raises(expected[meddle]):
        made(place, ledger, published, 6)
    assert names_in(place.tmp / "build") == []
    assert descriptors() <= before


def test_what_a_dead_process_left_on_the_sandboxs_disk_is_gone_before_the_first_build(place: Place) -> None:
    folder = place.tmp / "build"
    folder.mkdir()
    for name in ("old.db", "old.db-journal"):
        (folder / name).touch()
    segments = SegmentMaker(MemoryLedger(), str(place.tmp))
    assert os.path.dirname(segments.new_path()) == str(folder)
    assert names_in(folder) == []
    (folder / "mine.db").touch()  # a file of this process
    assert segments.new_path() != segments.new_path()
    assert names_in(folder) == ["mine.db"]


def test_the_room_on_the_disk_is_what_anybody_may_use(place: Place) -> None:
    disk = os.statvfs(place.tmp)
    assert 0 < SegmentMaker(MemoryLedger(), str(place.tmp)).free_bytes() <= disk.f_bfree * disk.f_frsize


# Staging


def test_a_staged_file_is_a_durable_copy_that_is_gone_afterwards(place: Place, tmp_path: Path) -> None:
    (tmp_path / "made.db").write_bytes(b"x" * 5000)
    with Calls(place.efs) as calls, Staging(str(place.efs)).staged(str(tmp_path / "made.db")) as staged:
        path, size_bytes, digest = staged
        assert Path(path).read_bytes() == b"x" * 5000
        assert os.path.dirname(path) == str(place.staging)
        assert (size_bytes, len(digest)) == (5000, 16)
        assert os.stat(path).st_mode & 0o777 == 0o640
        assert "fsync" in calls.seen
    assert names_in(place.staging) == []
    assert place.staging.stat().st_mode & 0o777 == 0o750


def test_a_copy_that_fails_is_not_left_in_staging(place: Place, tmp_path: Path) -> None:
    (tmp_path / "made.db").write_bytes(b"x" * 5000)
    staging = Staging(str(place.efs))
    with staging.staged(str(tmp_path / "made.db")):
        pass
    with Calls(place.efs) as calls, staging.staged(str(tmp_path / "made.db")):
        pass
    at = calls.seen.index("fsync") + 1
    with (
        Calls(place.efs, at, failing(28)),
        pytest.raises(OSError, match="No space"),
        staging.staged(str(tmp_path / "made.db")),
    ):
        pass
    assert names_in(place.staging) == []
