"""Segments too large to be copied at once: read where they are published while their copies grow."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.reads import sqlite_tmp
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_tmp import RETRY_AFTER_S, CopyingReader
from handlers.reads.sqlite_view import SqliteView
from handlers.snapshots import files
from handlers.snapshots.files import FileCopy
from handlers.snapshots.names import Name
from handlers.snapshots.published import Published
from handlers.telemetry.meter import METERS
from handlers.telemetry.usage import Usage
from tests.support.files import EPOCH, MemoryLedger, Place, descriptors, failing, names_in, page
from tests.support.meddling import Clock

STEP = 8192


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_tmp, "WHOLE_BYTES", 0)
    monkeypatch.setattr(sqlite_tmp, "STEP_BYTES", STEP)
    monkeypatch.setattr(files, "CHUNK_BYTES", 4096)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, VERIFY_MAX_BYTES="0")


def copies(place: Place) -> list[str]:
    """The names of the segments of which there is a copy, whole or not."""
    return sorted(name.partition("-")[2] for name in names_in(place.tmp / "snapshots"))


def read(reader: CopyingReader, limit: int = 1000) -> tuple[list[str], dict[str, float] | None]:
    """Where the segments are that a read of the newest rows uses, newest first, and what it copied."""
    usage = Usage()

    def use(view: SqliteView) -> list[str]:
        _, count, _ = view.page(PageQuery({"limit": str(limit)}))
        assert count == min(limit, view.bookmark.seq)
        opened = [link.segment for link in view.links if link.segment]
        databases = [segment.connection.execute("PRAGMA database_list").fetchone()[2] for segment in opened]
        return [Path(database).parent.parent.name for database in databases]

    return reader.read(NOTHING, usage, use), usage.copy


def read_on(reader: CopyingReader, limit: int = 1000) -> None:
    """Read until all copies are whole."""
    while "efs" in read(reader, limit)[0]:
        pass


def free_bytes(monkeypatch: pytest.MonkeyPatch, size_bytes: int) -> None:
    disk = SimpleNamespace(f_bavail=size_bytes, f_frsize=1)

    def statvfs(_: str) -> SimpleNamespace:
        return disk

    monkeypatch.setattr(os, "statvfs", statvfs)


def damage(path: Path) -> None:
    """Change a byte that SQLite does not mind."""
    content = path.read_bytes()
    at = content.rindex(b'{"id":"') + 7
    path.write_bytes(content[:at] + b"X" + content[at + 1 :])


def reached(place: Place, limit: int = 1000) -> CopyingReader:
    """A reader that has read once: that copies no part of what is large, each further read a step."""
    reader = place.in_tmp()
    _, copy = read(reader, limit)
    assert copy
    assert (copy["bytes"], copies(place)) == (0, [])
    return reader


def test_a_step_of_a_copy_comes_after_the_query_and_is_no_part_of_its_time(place: Place) -> None:
    place.publish(MemoryLedger(200))
    reader, usage = reached(place), Usage()
    reader.read(NOTHING, usage, lambda view: view.page(PageQuery({})))
    assert [*usage.phases_ns] == ["check", "query", "copy"]


def test_a_newer_snapshot_is_looked_for_before_a_copy_is_gone_on_with(place: Place) -> None:
    ledger = MemoryLedger(200)
    (superseded,) = place.publish(ledger).chain
    reader = reached(place)
    ledger.grow(100)
    (newest,) = place.publish(ledger, compact=True).chain
    _, copy = read(reader)
    assert copy
    assert copies(place) in ([], [newest])
    assert superseded not in copies(place)


def test_the_first_read_copies_no_part_and_each_further_one_a_step_until_the_copy_is_what_is_read(
    place: Place,
) -> None:
    published = place.publish(MemoryLedger(200))
    remaining_bytes = published.size_bytes
    assert remaining_bytes > 3 * STEP
    reader = place.in_tmp()
    assert read(reader) == (["efs"], {"bytes": 0, "ms": 0.0, "remaining_bytes": remaining_bytes})
    assert copies(place) == []
    while remaining_bytes > 0:
        folders, copy = read(reader)
        assert copy
        assert (folders, copy["bytes"]) == (["efs"], min(STEP, remaining_bytes))
        remaining_bytes -= STEP
        assert copy["remaining_bytes"] == max(0, remaining_bytes)
        assert copies(place) == [*published.chain]
    folders, copy = read(reader)
    if folders == ["efs"]:  # the last step was full: the end of the file shows with the next one
        assert copy == {"bytes": 0, "ms": copy["ms"] if copy else 0, "remaining_bytes": 0}
        folders, copy = read(reader)
    assert (folders, copy) == (["tmp"], None)
    assert copies(place) == [*published.chain]
    assert len(page(reader)) == 200


def test_several_large_segments_are_copied_in_turn_each_once_it_was_reached(place: Place) -> None:
    published = place.publish_parts(MemoryLedger(), 600, 70)
    newest, oldest = (segment.size_bytes for segment in published.segments)
    assert oldest > 2 * newest > 2 * STEP
    reader = place.in_tmp()
    read_on(reader, limit=70)
    assert copies(place) == [published.chain[0]]
    copied_bytes = 0
    while (outcome := read(reader))[0] == ["tmp", "efs"]:
        copy = outcome[1]
        assert copy
        copied_bytes += copy["bytes"]
        assert copy["remaining_bytes"] == oldest - copied_bytes
    assert outcome == (["tmp", "tmp"], None)
    assert copied_bytes == oldest
    assert copies(place) == sorted(published.chain)


def test_of_several_segments_that_are_reached_at_once_the_oldest_is_copied_first_and_one_at_a_time(
    place: Place,
) -> None:
    published = place.publish_parts(MemoryLedger(), 600, 70)
    sizes = [segment.size_bytes for segment in published.segments]
    reader = reached(place)
    seen: list[tuple[str, ...]] = []
    remaining: list[float] = []
    while (outcome := read(reader))[1]:
        seen.append(tuple(outcome[0]))
        remaining.append((outcome[1] or {})["remaining_bytes"])
        assert len(copies(place)) <= (1 if remaining[-1] > sizes[0] else 2)
    assert list(dict.fromkeys(seen)) == [("efs", "efs"), ("efs", "tmp")]
    assert remaining == sorted(remaining, reverse=True)
    assert (remaining[0], remaining[-1]) == (sum(sizes) - STEP, 0)
    assert outcome[0] == ["tmp", "tmp"]


def test_a_new_version_leaves_the_copy_of_what_stays_alone(place: Place) -> None:
    ledger = MemoryLedger()
    place.publish_parts(ledger, 600)
    reader = reached(place)
    read(reader)
    published = place.publish_parts(ledger, 1)
    copied_bytes = STEP
    while (outcome := read(reader))[0][1] == "efs":
        copied_bytes += int((outcome[1] or {})["bytes"])
    assert copied_bytes == published.segments[1].size_bytes
    read_on(reader)
    assert copies(place) == sorted(published.chain)


def test_the_newest_page_of_a_cold_sandbox_copies_small_segments_alone_however_large_the_others_are(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = place.publish_parts(MemoryLedger(), 20_000, 80)
    small, large = (segment.size_bytes for segment in published.segments)
    monkeypatch.setattr(sqlite_tmp, "WHOLE_BYTES", small)
    assert large > 50 * small
    reader = place.in_tmp()
    folders, copy = read(reader, limit=100)
    assert copy
    assert (folders, copy["bytes"], copy["remaining_bytes"]) == (["tmp", "efs"], small, large)
    assert copies(place) == [published.chain[0]]
    _, copy = read(reader, limit=100)
    assert copy
    assert (copy["bytes"], copy["remaining_bytes"]) == (STEP, large - STEP)
    assert copies(place) == sorted(published.chain)


def test_what_has_to_be_proven_first_is_copied_at_once(tmp_path: Path) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="10000000")
    published = place.publish(MemoryLedger(200))
    folders, copy = read(place.in_tmp())
    assert copy
    assert (folders, copy["bytes"], copy["remaining_bytes"]) == (["tmp"], published.size_bytes, 0)


def test_a_version_without_a_segment_ends_the_copy_of_it(place: Place) -> None:
    place.publish(ledger := MemoryLedger(150))
    reader = reached(place)
    read(reader)
    read(reader)
    newer = place.publish_parts(ledger, 100)
    (name,) = newer.chain
    assert read(reader)[0] == ["efs"]
    assert copies(place) == [name]
    read_on(reader)
    assert len(page(reader)) == 250


def test_the_whole_copy_of_a_segment_that_the_newest_version_has_no_more_is_given_back_at_once(place: Place) -> None:
    place.publish(ledger := MemoryLedger(150))
    reader = place.in_tmp()
    read_on(reader)
    newer = place.publish_parts(ledger, 100)
    assert read(reader)[0] == ["efs"]
    assert copies(place) == []
    read_on(reader)
    assert copies(place) == [*newer.chain]


def test_a_file_that_the_copy_finds_damaged_is_served_no_more_until_it_is_mended(place: Place) -> None:
    ledger = MemoryLedger()
    place.publish_parts(ledger, 300)
    published = place.publish_parts(ledger, 30)
    damage(place.path(published))
    reader = place.in_tmp()
    assert len(page(reader)) == 330  # as on sqlite-efs: too large to be hashed first
    with pytest.raises(Problem, match="next publish mends it") as caught:
        while True:
            page(reader)
    assert (caught.value.status, copies(place)) == (503, [])
    place.publish(ledger, compact=True)
    assert len(page(reader)) == 330


@pytest.mark.parametrize("call", ["write", "readv"])
def test_a_copy_that_fails_is_begun_again_after_a_minute(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    published = place.publish(MemoryLedger(200))
    clock = Clock()
    reader = CopyingReader(place.catalog(), place.settings, clock)
    read(reader)
    read(reader)
    assert copies(place) == [*published.chain]
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(errno.EIO))
        assert read(reader)[0] == ["efs"]
        assert copies(place) == []
    for passed_s in (0.0, RETRY_AFTER_S - 1):
        clock.pass_s(passed_s)
        folders, copy = read(reader)
        assert (folders, copies(place)) == (["efs"], [])
        assert copy
        assert copy["bytes"] == 0
        assert copy["remaining_bytes"] > 0
    clock.pass_s(1.0)
    read(reader)
    assert copies(place) == [*published.chain]
    read_on(reader)
    assert len(page(reader)) == 200
    assert reader.retries == 0


def test_a_file_gone_before_it_is_opened_leaves_no_copy_behind(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing(errno.ESTALE))
        with pytest.raises(Problem, match="cannot be read now"):
            read(reader)
        assert not (place.tmp / "snapshots").exists()
    assert len(page(reader)) == 200


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_what_cannot_even_be_begun_is_read_where_it_is_and_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    published = place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    opened = os.open

    def refuse(path: str, flags: int, *mode: int) -> int:
        return failing(code)() or 0 if flags & os.O_CREAT else opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", refuse)
    for _ in range(3):
        assert read(reader) == (["efs"], {"bytes": 0, "ms": 0.0, "remaining_bytes": published.size_bytes})


def test_no_copy_is_begun_that_has_no_room(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    published = place.publish(MemoryLedger(200))
    clock = Clock()
    reader = CopyingReader(place.catalog(), place.settings, clock)
    with monkeypatch.context() as patch:
        free_bytes(patch, published.size_bytes - 1)
        for _ in range(3):
            assert read(reader)[0] == ["efs"]
            clock.pass_s(RETRY_AFTER_S)
        assert copies(place) == []
        free_bytes(patch, published.size_bytes)
        read_on(reader)
    assert copies(place) == [*published.chain]


def test_a_file_that_is_a_file_no_more_when_its_copy_begins_is_passed_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = place.publish(ledger := MemoryLedger(200))
    clock = Clock()
    reader = CopyingReader(place.catalog(), place.settings, clock)
    with monkeypatch.context() as patch:
        free_bytes(patch, 0)
        read(reader)
        read(reader)
    place.path(published).unlink()
    place.path(published).symlink_to(place.tmp)
    clock.pass_s(RETRY_AFTER_S)
    read(reader)  # the listing has another file of that name: it is not the one that is open
    with pytest.raises(Problem, match="next publish mends it"):
        read(reader)
    place.publish(ledger)
    assert len(page(reader)) == 200


def test_refresh_ends_a_growing_copy_and_it_begins_anew(place: Place) -> None:
    published = place.publish(MemoryLedger(200))
    reader = reached(place)
    read(reader)
    read(reader)
    assert copies(place) == [*published.chain]
    reader.refresh()
    assert copies(place) == []
    for copied_bytes in (0, STEP):
        folders, copy = read(reader)
        assert copy
        assert (folders, copy["bytes"]) == (["efs"], copied_bytes)
        assert copy["remaining_bytes"] == published.size_bytes - copied_bytes


def test_a_close_that_fails_is_no_reason_to_lose_the_copy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    published = place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    closed = FileCopy.close

    def close(copy: FileCopy) -> None:
        closed(copy)
        raise OSError(errno.EIO, "a late error")

    monkeypatch.setattr(FileCopy, "close", close)
    read_on(reader)
    assert len(page(reader)) == 200
    assert copies(place) == [*published.chain]


def test_a_growing_copy_that_ends_with_an_error_costs_no_newer_version(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(ledger := MemoryLedger(150))
    before = descriptors()
    reader = reached(place)
    read(reader)
    place.publish_parts(ledger, 100)
    closed = FileCopy.close

    def close(copy: FileCopy) -> None:
        closed(copy)
        raise OSError(errno.EIO, "a late error")

    with monkeypatch.context() as patch:
        patch.setattr(FileCopy, "close", close)
        assert page(reader) == page(place.on_efs())
    assert len(page(reader)) == 250
    assert reader.retries == 0
    reader.drop()
    assert (descriptors(), copies(place)) == (before, [])


def test_dropping_ends_the_copy(place: Place) -> None:
    place.publish(MemoryLedger(200))
    reader = reached(place)
    read(reader)
    assert len(copies(place)) == 1
    reader.drop()
    assert copies(place) == []
    assert len(page(reader)) == 200


OPEN_SEGMENT, GROWING_COPY = 1, 2  # descriptors


@pytest.mark.parametrize("end", ["whole", "damaged", "wrong", "newer", "no room", "refresh", "dropped"])
def test_a_copy_that_ends_closes_its_files_however_it_ends(
    place: Place, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    published = place.publish(ledger := MemoryLedger(150))
    before = descriptors()
    reader = reached(place)
    assert descriptors() == before + OPEN_SEGMENT
    read(reader)
    assert descriptors() == before + OPEN_SEGMENT + GROWING_COPY
    left = OPEN_SEGMENT
    if end == "whole":
        read_on(reader)
    elif end in ("damaged", "wrong"):
        end_in_503(place, published, reader, monkeypatch, end)
        left = 0
    elif end == "newer":
        ledger.grow(100)
        place.publish(ledger)
        read(reader)
        left += GROWING_COPY
    elif end == "no room":
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", failing(errno.ENOSPC))
            read(reader)
    elif end == "refresh":
        reader.refresh()
        read(reader)
        read(reader)
        left += GROWING_COPY
    else:
        reader.drop()
        left = 0
    assert descriptors() == before + left
    assert len(copies(place)) == (end in ("whole", "newer", "refresh"))


def end_in_503(
    place: Place, published: Published, reader: CopyingReader, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Go on until a copy is whole that has other bytes than its name says, or another meta row."""
    if how == "damaged":
        damage(place.path(published))
    else:
        monkeypatch.setattr(sqlite_tmp, "open_segment", unproven)
    with pytest.raises(Problem, match="next publish mends it"):
        while True:
            read(reader)


def unproven(*_: object) -> None:
    raise files.UnprovenError("its meta row says otherwise")


def test_what_is_suspect_is_copied_at_once_whatever_its_size(place: Place) -> None:
    published = place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    errors = [sqlite3.DatabaseError("damaged")]
    errors[0].sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    def use(view: SqliteView) -> int:
        if errors:
            raise errors.pop()
        return view.page(PageQuery({}))[1]

    usage = Usage()
    assert reader.read(NOTHING, usage, use) == 100
    assert usage.copy
    assert (usage.copy["bytes"], usage.copy["remaining_bytes"]) == (published.size_bytes, 0)
    assert read(reader) == (["tmp"], None)


def test_what_is_suspect_is_proven_whatever_its_size_and_no_room_is_no_excuse(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After damage the retry copies a segment at once; where that has no room, its bytes are hashed where they are."""
    published = place.publish(MemoryLedger(900))
    content = bytearray(place.path(published).read_bytes())
    for start in range(8 * 4096, len(content), 4096):
        content[start : start + 100] = bytes(100)
    place.path(published).write_bytes(content)
    free_bytes(monkeypatch, 0)
    monkeypatch.setattr(os, "write", failing(errno.ENOSPC))
    reader = place.in_tmp()
    with pytest.raises(Problem, match="next publish mends it"):
        read(reader)
    assert reader.retries == 1


def test_what_is_done_on_efs_to_begin_a_copy_is_metered(place: Place) -> None:
    place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    # a listing, a look and an opening; a listing, an opening and a step; a listing and a step
    for wanted in ((3, 0, 0), (2, 2, STEP), (1, 2, STEP)):
        before = METERS.efs
        read(reader)
        assert tuple(now - then for now, then in zip(METERS.efs, before, strict=True)) == wanted


def test_its_name_says_of_which_segment_a_growing_copy_is(place: Place) -> None:
    published = place.publish(MemoryLedger(200))
    read(reached(place))
    (name,) = copies(place)
    parsed = Name.parse(name)
    assert parsed
    assert parsed.bookmark == published.bookmark == Bookmark(EPOCH, 200)
