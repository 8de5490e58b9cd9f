"""Copies of segments on the sandbox's own disk; test_gradual_copy.py has the large ones, tests/faults the bad days."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_tmp import REFRESH_EVERY_S, RETRY_AFTER_S, CopyingReader
from handlers.snapshots.names import Name
from handlers.telemetry.usage import Usage
from tests.support.files import (
    EPOCH,
    MemoryLedger,
    Place,
    count_of,
    failing,
    flip_bit,
    names_in,
    page,
    served,
)
from tests.support.meddling import Clock


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def reader_with(place: Place) -> tuple[CopyingReader, Clock]:
    clock = Clock()
    return CopyingReader(place.catalog(), place.settings, clock), clock


def copies(place: Place) -> list[str]:
    """The names of the segments that are copied."""
    return [name.partition("-")[2] for name in names_in(place.tmp / "snapshots")]


def copy_of(reader: CopyingReader, limit: int = 1000) -> dict[str, float] | None:
    """What the read of the newest rows copied."""
    usage = Usage()
    reader.read(NOTHING, usage, lambda view: view.page(PageQuery({"limit": str(limit)})))
    return usage.copy


def test_a_segment_is_copied_when_it_is_first_reached_and_reported_once(place: Place) -> None:
    published = place.publish_parts(MemoryLedger(), 2500, 300, 20)
    sizes = [segment.size_bytes for segment in published.segments]
    reader = place.in_tmp()
    for limit, copied in ((20, sizes[:1]), (20, []), (21, sizes[1:2]), (1000, sizes[2:]), (1000, [])):
        copy = copy_of(reader, limit)
        assert (copy["bytes"] if copy else 0) == sum(copied)
        assert (copy is None) == (not copied)
        if copy:
            assert copy["remaining_bytes"] == 0
            assert copy["ms"] >= 0
    assert copies(place) == list(published.chain)


def test_a_copy_was_proven_while_it_was_made_so_no_row_can_be_missing(place: Place) -> None:
    place.publish(MemoryLedger(3))
    reader = place.in_tmp()
    assert reader.read(NOTHING, Usage(), lambda view: [link.opened().is_whole for link in view.links]) == [True]


def test_the_newest_page_copies_one_small_file_however_many_rows_there_are(place: Place) -> None:
    published = place.publish_parts(MemoryLedger(), 20_000, 110)
    copy = copy_of(reader_with(place)[0], 100)
    assert copy
    assert copy["bytes"] == published.segments[0].size_bytes < published.segments[1].size_bytes / 50
    assert copies(place) == [published.chain[0]]


def test_a_new_version_copies_only_what_is_new_and_gives_back_what_it_replaces(place: Place) -> None:
    ledger = MemoryLedger()
    before = place.publish_parts(ledger, 1000, 100)
    reader = place.in_tmp()
    copy_of(reader)
    after = place.publish_parts(ledger, 1)
    copy = copy_of(reader)
    assert copy
    assert copy["bytes"] == after.segments[0].size_bytes
    assert copies(place) == [before.chain[1], after.chain[0]]


def test_refresh_forgets_the_copies_and_the_next_read_makes_those_that_it_needs(place: Place) -> None:
    published = place.publish_parts(MemoryLedger(), 1000, 100)
    reader, clock = reader_with(place)
    for _ in range(2):
        copy_of(reader)
        assert len(copies(place)) == 2
        clock.pass_s(REFRESH_EVERY_S)
        reader.refresh()
        assert copies(place) == []
        copy = copy_of(reader, 100)
        assert copy
        assert copy["bytes"] == published.segments[0].size_bytes
        assert copies(place) == [published.chain[0]]


def test_refresh_is_for_once_in_a_while(place: Place) -> None:
    place.publish(MemoryLedger(3))
    reader, clock = reader_with(place)
    reader.refresh()
    for passed_s, retry_after in ((0.0, "10"), (0.5, "10"), (9.0, "1")):
        clock.pass_s(passed_s)
        with pytest.raises(Problem, match="once in 10 s") as caught:
            reader.refresh()
        assert (caught.value.status, caught.value.headers["retry-after"]) == (429, retry_after)
    clock.pass_s(0.5)
    reader.refresh()
    assert count_of(reader) == 3


def test_refresh_of_nothing_copies_nothing(place: Place) -> None:
    reader = place.in_tmp()
    reader.refresh()
    assert copy_of(reader) is None
    assert count_of(reader) == 0


@pytest.mark.parametrize("how", ["deleted", "damaged", "no file system"])
def test_what_cannot_be_copied_again_is_503_until_it_is_there(place: Place, how: str) -> None:
    ledger = MemoryLedger(3)
    path = place.path(place.publish(ledger))
    reader = place.in_tmp()
    assert count_of(reader) == 3
    if how == "deleted":
        path.unlink()
    elif how == "damaged":
        flip_bit(path, 8 * 5000)
    else:
        place.efs.rename(place.tmp / "away")
    reader.refresh()
    with pytest.raises(Problem) as caught:
        count_of(reader)
    assert (caught.value.status, copies(place)) == (503, [])
    if how == "no file system":
        (place.tmp / "away").rename(place.efs)
    place.publish(ledger)
    assert count_of(reader) == 3


def test_leftovers_of_a_process_that_died_here_are_swept(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    (place.tmp / "snapshots").mkdir()
    (place.tmp / "snapshots" / "1-leftover.db").write_bytes(b"x")
    (place.tmp / "mine").touch()
    count_of(place.in_tmp())
    assert copies(place) == [*published.chain]
    assert (place.tmp / "mine").exists()


def test_dropping_gives_the_space_back(place: Place) -> None:
    place.publish(MemoryLedger(3))
    reader = place.in_tmp()
    reader.drop()
    count_of(reader)
    reader.drop()
    assert copies(place) == []
    assert count_of(reader) == 3


def test_a_copy_that_does_not_open_is_not_left_behind(place: Place) -> None:
    good = place.publish(MemoryLedger(3))
    content = place.path(good).read_bytes()
    place.plant(content, Bookmark(EPOCH, 4), good.chain[0].digest)  # right digest, wrong bookmark
    reader = place.in_tmp()
    assert count_of(reader) == 3
    assert copies(place) == [*good.chain]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS], ids=errno.errorcode.get)
def test_what_the_disk_has_no_room_for_is_read_where_it_is_published_and_copied_once_there_is_room(
    place: Place, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    size_bytes = place.publish(MemoryLedger(300)).size_bytes
    reader, clock = reader_with(place)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(code))
        for _ in range(2):  # the second time its copy begins to grow, and fails
            assert len(page(reader)) == 300
            assert copies(place) == []
    for passed_s, remaining_bytes in ((RETRY_AFTER_S - 1, size_bytes), (1, 0)):
        clock.pass_s(passed_s)
        copy = copy_of(reader)
        assert copy
        assert copy["remaining_bytes"] == remaining_bytes
    assert len(copies(place)) == 1
    assert copy_of(reader) is None
    assert reader.retries == 0


def test_a_disk_that_fails_otherwise_is_503(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.publish(MemoryLedger(3))
    reader = place.in_tmp()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(errno.EIO))
        with pytest.raises(Problem, match="cannot be read now"):
            page(reader)
    assert copies(place) == []
    assert count_of(reader) == 3


def test_the_newest_segment_alone_is_copied_where_only_the_bookmark_is_asked_for(place: Place) -> None:
    """No bookmark is announced whose newest rows may not be there."""
    published = place.publish_parts(MemoryLedger(), 2500, 300, 20)
    reader = place.in_tmp()
    assert served(reader) == Bookmark(EPOCH, 2820)
    assert copies(place) == [published.chain[0]]


def test_no_bookmark_is_announced_whose_newest_segment_cannot_be_copied(place: Place) -> None:
    published = place.publish_parts(MemoryLedger(), 300, 20)
    flip_bit(place.path(published), 8 * 5000)
    reader = place.in_tmp()
    assert served(reader) == Bookmark(EPOCH, 300)
    assert copies(place) == [published.chain[1]]


def test_the_name_of_a_copy_says_of_which_segment(place: Place) -> None:
    place.publish(MemoryLedger(3))
    count_of(place.in_tmp())
    (name,) = copies(place)
    assert Name.parse(name)
