"""A snapshot too large to be copied at once: read where it is published while its copy grows."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.reads import sqlite_tmp
from handlers.reads.sqlite_tmp import CopyingReader
from handlers.reads.sqlite_view import SqliteView
from handlers.snapshots import files
from handlers.snapshots.catalog import Name
from handlers.snapshots.files import FileCopy
from handlers.telemetry.usage import Usage
from tests.support.files import EPOCH, MemoryLedger, Place, count_of, failing, served

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
    return sorted(path.name for path in (place.tmp / "snapshots").iterdir())


def folder_read(reader: CopyingReader, usage: Usage | None = None) -> str:
    """Where the file is that a read uses."""

    def use(view: object) -> str:
        assert isinstance(view, SqliteView)
        (database,) = view._connection.execute("PRAGMA database_list").fetchall()  # pyright: ignore[reportPrivateUsage]
        return Path(database[2]).parent.parent.name

    return reader.read(NOTHING, usage or Usage(), use)


def read_and_copied(reader: CopyingReader) -> tuple[str, dict[str, float] | None]:
    """Where the file is that a read uses, and what it copied."""
    usage = Usage()
    return folder_read(reader, usage), usage.copy


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


def test_each_read_copies_one_step_until_the_copy_is_what_is_read(place: Place) -> None:
    published = place.publish(MemoryLedger(200))
    size_bytes = published.size_bytes
    assert size_bytes > 3 * STEP
    reader = place.in_tmp()
    folder, copy = read_and_copied(reader)
    assert copy
    assert (folder, copy["bytes"], copy["remaining_bytes"]) == ("efs", 0, size_bytes)
    remaining_bytes = size_bytes
    while (read := read_and_copied(reader))[0] == "efs":
        copy = read[1]
        assert copy
        assert copy["bytes"] == min(STEP, remaining_bytes)
        remaining_bytes -= STEP
        assert copy["remaining_bytes"] == max(0, remaining_bytes)
        assert copies(place) == [f"1-{published.name}"]
    assert remaining_bytes <= 0
    assert read[1]
    assert read[1]["remaining_bytes"] == 0
    assert read_and_copied(reader) == ("tmp", None)
    assert copies(place) == [f"1-{published.name}"]
    assert count_of(reader) == 200


def test_what_has_to_be_proven_first_is_copied_at_once(tmp_path: Path) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="10000000")
    published = place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    folder, copy = read_and_copied(reader)
    assert copy
    assert (folder, copy["bytes"], copy["remaining_bytes"]) == ("tmp", published.size_bytes, 0)


def test_a_newer_snapshot_ends_the_copy_of_an_older_one(place: Place) -> None:
    place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    served(reader)
    served(reader)
    newer = place.publish(MemoryLedger(300))
    assert served(reader) == newer.bookmark
    assert copies(place) == [f"2-{newer.name}"]
    while folder_read(reader) == "efs":
        pass
    assert count_of(reader) == 300


def test_the_copy_of_the_older_snapshot_is_given_back_at_once(place: Place) -> None:
    place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    while folder_read(reader) == "efs":
        pass
    newer = place.publish(MemoryLedger(300))
    assert folder_read(reader) == "efs"
    assert copies(place) == [f"2-{newer.name}"]


def test_a_file_that_the_copy_finds_damaged_is_left_for_the_older_one(place: Place) -> None:
    place.publish(MemoryLedger(200))
    damage(place.path(place.publish(MemoryLedger(300))))
    reader = place.in_tmp()
    assert served(reader).seq == 300  # as on sqlite-efs: too large to be hashed first
    while served(reader).seq == 300:
        pass
    assert served(reader) == Bookmark(EPOCH, 200)
    assert [name.split("-")[2] for name in copies(place)] == ["000000000200"]


@pytest.mark.parametrize("call", ["write", "readv"])
def test_what_cannot_be_copied_is_read_where_it_is(place: Place, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    served(reader)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(errno.ENOSPC))
        assert count_of(reader) == 200
        assert copies(place) == []
    for _ in range(3):
        assert folder_read(reader) == "efs"
    assert copies(place) == []
    place.publish(MemoryLedger(300))
    while folder_read(reader) == "efs":
        pass
    assert count_of(reader) == 300


def test_a_file_gone_before_it_is_opened_leaves_no_copy_behind(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.publish(MemoryLedger(100))
    place.publish(MemoryLedger(200))
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing(errno.ESTALE))
        reader = place.in_tmp()
        with pytest.raises(Problem, match="cannot be read now"):
            served(reader)
        assert not (place.tmp / "snapshots").exists()
    assert count_of(reader) == 200


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
        folder, copy = read_and_copied(reader)
        assert copy
        assert (folder, copy["bytes"], copy["remaining_bytes"]) == ("efs", 0, published.size_bytes)


def test_no_copy_is_begun_that_has_no_room(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    published = place.publish(MemoryLedger(200))
    free_bytes(monkeypatch, published.size_bytes - 1)
    reader = place.in_tmp()
    for _ in range(3):
        assert folder_read(reader) == "efs"
    assert copies(place) == []


def test_refresh_makes_room_for_the_new_copy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    published = place.publish(MemoryLedger(200))
    monkeypatch.setattr(sqlite_tmp, "REFRESH_EVERY_S", 0.0)
    reader = place.in_tmp()
    reader.refresh(Usage())
    free_bytes(monkeypatch, published.size_bytes // 2)
    held: list[list[str]] = []
    proven = sqlite_tmp.copy_proven

    def look(source: str, target: str, name: Name) -> int:
        held.append(copies(place))
        return proven(source, target, name)

    monkeypatch.setattr(sqlite_tmp, "copy_proven", look)
    reader.refresh(Usage())
    assert held == [[]]
    assert count_of(reader) == 200


def test_a_refresh_that_finds_damage_passes_over_what_no_copy_has_proven(place: Place) -> None:
    place.publish(MemoryLedger(200))
    damage(place.path(place.publish(MemoryLedger(300))))
    reader = place.in_tmp()
    assert served(reader).seq == 300
    with pytest.raises(Problem, match="cannot be copied now"):
        reader.refresh(Usage())
    assert served(reader) == Bookmark(EPOCH, 200)


def test_a_refresh_that_fails_leaves_the_growing_copy_alone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    served(reader)
    with monkeypatch.context() as patch, pytest.raises(Problem, match="cannot be copied now"):
        patch.setattr(os, "write", failing(errno.EIO))
        reader.refresh(Usage())
    while folder_read(reader) == "efs":
        pass
    assert count_of(reader) == 200


def test_a_close_that_fails_is_no_reason_to_lose_the_copy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    closed = FileCopy.close

    def close(copy: FileCopy) -> None:
        closed(copy)
        raise OSError(errno.EIO, "a late error")

    monkeypatch.setattr(FileCopy, "close", close)
    while folder_read(reader) == "efs":
        pass
    assert count_of(reader) == 200
    assert len(copies(place)) == 1


def test_refresh_copies_the_whole_file_at_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_tmp, "REFRESH_EVERY_S", 0.0)
    published = place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    served(reader)
    served(reader)  # a step of the growing copy is not the refresh's
    for number in (2, 3):
        usage = Usage()
        reader.refresh(usage)
        assert usage.copy
        assert (usage.copy["bytes"], usage.copy["remaining_bytes"]) == (published.size_bytes, 0)
        assert copies(place) == [f"{number}-{published.name}"]
        assert folder_read(reader) == "tmp"


def test_dropping_ends_the_copy(place: Place) -> None:
    place.publish(MemoryLedger(200))
    reader = place.in_tmp()
    served(reader)
    reader.drop()
    assert copies(place) == []
    assert count_of(reader) == 200
