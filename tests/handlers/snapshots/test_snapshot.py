"""Proving, opening, describing and copying; tests/faults has the files that are no snapshots."""

from __future__ import annotations

import _sqlite3
import errno
import importlib.util
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.domain.timestamps import utc_text
from handlers.snapshots import snapshot as snapshot_module
from handlers.snapshots.catalog import Name
from handlers.snapshots.files import UnprovenError, copy_durably, copy_proven, open_file
from handlers.snapshots.publish import Published
from handlers.snapshots.snapshot import Snapshot, describe, file_uri, open_snapshot
from tests.support.files import EPOCH, MemoryLedger, Place, descriptors, failing, flip_bit


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
