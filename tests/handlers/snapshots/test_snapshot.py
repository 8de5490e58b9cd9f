"""Proving, opening, describing and copying; tests/faults has the files that are no snapshots."""

from __future__ import annotations

import _sqlite3
import errno
import importlib.util
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from handlers.snapshots.snapshot import Snapshot, describe, file_uri, open_snapshot

from handlers.domain.timestamps import utc_text
from handlers.snapshots import snapshot as snapshot_module
from handlers.snapshots.catalog import Name
from handlers.snapshots.files import (
    HEADER_BYTES,
    MAGIC,
    UnprovenError,
    copy_durably,
    copy_proven,
    open_file,
    proven_size,
)
from handlers.snapshots.publish import Published
from tests.support.files import EPOCH, Calls, MemoryLedger, Place, descriptors, failing, flip_bit


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def published(place: Place) -> Published:
    return place.publish(MemoryLedger(3))


@pytest.fixture
def path(place: Place, published: Published) -> str:
    return str(place.path(published))


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() <= before


@pytest.mark.parametrize("limit", [None, 0, 10**9])
def test_a_proven_snapshot_opens_with_its_place_and_statistics(
    path: str, published: Published, limit: int | None
) -> None:
    opened = open_snapshot(path, published.name, limit)
    assert (opened.bookmark, opened.name, opened.size_bytes) == ((EPOCH, 3), published.name, published.size_bytes)
    assert opened.hash == published.hash
    assert opened.stats.count == 3
    opened.close()


def test_it_cannot_be_written_to_and_nothing_appears_beside_it(path: str, published: Published) -> None:
    opened = open_snapshot(path, published.name)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        opened.connection.execute("DELETE FROM randoms")
    assert opened.connection.execute("SELECT count(*) FROM randoms").fetchone() == (3,)
    assert os.listdir(os.path.dirname(path)) == [published.name]
    opened.close()


def test_it_is_opened_immutable_so_that_nobody_locks(path: str, published: Published) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    opened = open_snapshot(path, published.name)
    assert opened.connection.execute("SELECT count(*) FROM randoms").fetchone() == (3,)
    opened.close()
    other.close()


def test_it_can_be_read_from_another_thread(path: str, published: Published) -> None:
    opened = open_snapshot(path, published.name)
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(opened.connection.execute("SELECT 1").fetchone()))
    thread.start()
    thread.join()
    assert found == [(1,)]
    opened.close()


def test_a_file_that_fails_its_proof_is_closed_again(path: str, published: Published) -> None:
    wrong = Name(published.name.replace("003-", "004-"))
    with pytest.raises(UnprovenError, match=r"says 1000\.3 with 3 rows"):
        open_snapshot(path, wrong)
    flip_bit(Path(path), 5000)
    with pytest.raises(UnprovenError, match="have the digest"):
        open_snapshot(path, published.name)


def test_a_file_that_is_not_there_is_no_bad_file(path: str, published: Published) -> None:
    with pytest.raises(FileNotFoundError):
        open_snapshot(path + "x", published.name)
    with pytest.raises(FileNotFoundError):
        describe(path + "x", published.name)
    with pytest.raises(FileNotFoundError):
        copy_proven(path + "x", path + "y", published.name)


def test_a_file_deleted_after_its_proof_is_gone_and_nothing_is_made_in_its_place(
    path: str, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def proven_then_deleted(file: str, name: Name, verify_max_bytes: int | None) -> int:
        size_bytes = proven_size(file, name, verify_max_bytes)
        os.unlink(file)
        return size_bytes

    monkeypatch.setattr(snapshot_module, "proven_size", proven_then_deleted)
    with pytest.raises(FileNotFoundError):
        open_snapshot(path, published.name)
    assert os.listdir(os.path.dirname(path)) == []


@pytest.mark.parametrize("kind", ["directory", "pipe", "socket"])
def test_what_is_no_regular_file_is_closed_again(tmp_path: Path, published: Published, kind: str) -> None:
    path = tmp_path / "other"
    if kind == "directory":
        path.mkdir()
    else:
        os.mknod(path, 0o600 | (stat.S_IFIFO if kind == "pipe" else stat.S_IFSOCK))
    with pytest.raises(UnprovenError, match="not a regular file"):
        open_snapshot(str(path), published.name)


def test_every_part_of_the_header_is_looked_at(tmp_path: Path, published: Published) -> None:
    """SQLite would refuse most of these too, but only once they are opened."""
    good = MAGIC + (4096).to_bytes(2, "big") + b"\1\1" + bytes(8) + (1).to_bytes(4, "big") + bytes(4064)
    path = tmp_path / "header.db"
    path.write_bytes(good)
    assert proven_size(str(path), published.name, 0) == 4096
    short = MAGIC + (HEADER_BYTES - 1).to_bytes(2, "big") + good[18 : HEADER_BYTES - 1]
    for content in (
        short,
        good.replace(b"SQLite", b"sqlite"),
        good.replace(b"\1\1", b"\2\1"),
        good.replace(b"\1\1", b"\1\2"),
    ):
        path.write_bytes(content)
        with pytest.raises(UnprovenError, match="not a SQLite file in rollback mode"):
            proven_size(str(path), published.name, 0)
    for content in (good + b"x", good[:-1], good.replace((1).to_bytes(4, "big"), (2).to_bytes(4, "big"))):
        path.write_bytes(content)
        with pytest.raises(UnprovenError, match="are not what its header says"):
            proven_size(str(path), published.name, 0)


def test_a_description_is_what_the_api_lists(path: str, published: Published) -> None:
    os.utime(path, (0, 1_767_225_600.25))
    assert describe(path, published.name) == {
        "bookmark": "1000.3",
        "rows": 3,
        "bytes": published.size_bytes,
        "hash": published.hash,
        "digest": published.name.digest,
        "published_at": utc_text(1_767_225_600.25),
    }


def test_a_description_reads_the_header_alone(place: Place, path: str, published: Published) -> None:
    with Calls(place.efs) as calls:
        describe(path, published.name)
    assert [call for call in calls.seen if call in ("readv", "pread")] == ["pread"]


def test_a_copy_is_the_same_bytes_and_is_proven_on_the_way(path: str, published: Published, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    assert copy_proven(path, str(target), published.name) == published.size_bytes
    assert target.read_bytes() == Path(path).read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_copy_that_is_not_proven_is_not_left_behind(path: str, published: Published, tmp_path: Path) -> None:
    flip_bit(Path(path), 5000)
    with pytest.raises(UnprovenError, match="digest"):
        copy_proven(path, str(tmp_path / "copy"), published.name)
    assert not (tmp_path / "copy").exists()


def test_a_copy_overwrites_nothing(path: str, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(FileExistsError):
        copy_durably(path, str(tmp_path / "copy"), 0o600)
    assert (tmp_path / "copy").read_text() == "mine"


def test_before_anything_is_published_there_is_an_empty_snapshot() -> None:
    empty = Snapshot.empty()
    assert (empty.bookmark, empty.name, empty.stats.count) == ((0, 0), None, 0)
    empty.close()


def test_paths_with_a_meaning_in_uris_are_paths(tmp_path: Path) -> None:
    place = Place(tmp_path / "100%?#&=%41")
    published = place.publish(MemoryLedger(2))
    opened = open_snapshot(str(place.path(published)), published.name)
    assert opened.bookmark.seq == 2
    opened.close()
    assert file_uri("/a%?#b") == "file:/a%25%3f%23b"


def test_sqlite_that_is_too_old_is_refused_on_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sqlite3, "sqlite_version", "3.39.4")
    specification = importlib.util.find_spec("handlers.snapshots.snapshot")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    with pytest.raises(RuntimeError, match=r"3\.40 or newer is needed"):
        specification.loader.exec_module(module)
    assert snapshot_module.OLDEST_SQLITE == (3, 40, 0)


def test_a_file_that_cannot_be_looked_at_is_closed_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    published = place.publish(MemoryLedger(3))
    before = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(os, "fstat", failing(errno.ESTALE))
    with pytest.raises(OSError, match="Stale"):
        open_file(str(place.path(published)))
    monkeypatch.undo()
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize(
    ("code", "expected"), [(sqlite3.SQLITE_IOERR, OSError), (sqlite3.SQLITE_CORRUPT, UnprovenError)]
)
def test_a_last_row_that_cannot_be_read_is_told_from_one_that_is_no_row(
    path: str, published: Published, code: int, expected: type[Exception]
) -> None:
    snapshot = open_snapshot(path, published.name)
    error = sqlite3.DatabaseError("broken")
    error.sqlite_errorcode = code

    class Broken:
        def execute(self, *_: object) -> sqlite3.Cursor:
            raise error

    connection, snapshot.connection = snapshot.connection, cast("sqlite3.Connection", Broken())
    with pytest.raises(expected, match="broken"):
        snapshot.last_id()
    connection.close()
