"""Proving, opening and copying; tests/faults has the files that are no segments."""

from __future__ import annotations

import _sqlite3
import errno
import importlib.util
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import cast

import pytest

from handlers.domain.stats import Stats
from handlers.rows import MODEL
from handlers.snapshots import segment as segment_module
from handlers.snapshots.files import (
    CHUNK_BYTES,
    HEADER_BYTES,
    MAGIC,
    FileCopy,
    UnprovenError,
    copy_durably,
    copy_proven,
    open_file,
    proven_size,
)
from handlers.snapshots.names import Name
from handlers.snapshots.segment import META_DDL, Segment, connect, file_uri, is_unreadable, open_segment
from tests.support.files import MemoryLedger, Place, descriptors, failing, flip_bit


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def name(place: Place) -> Name:
    """The name of a published segment of three rows."""
    return place.publish(MemoryLedger(3)).chain[0]


@pytest.fixture
def path(place: Place, name: Name) -> str:
    return str(place.path(name))


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() <= before


@pytest.mark.parametrize("limit", [None, 0, 10**9])
def test_a_proven_segment_opens_with_its_rows_ids_and_statistics(place: Place, limit: int | None) -> None:
    ledger = MemoryLedger(300)
    place.publish(ledger)
    ledger.grow(3)
    published = place.publish(ledger)
    opened = open_segment(str(place.path(published)), published.chain[0], limit)
    assert (opened.first, opened.last, opened.size_bytes) == (301, 303, published.segments[0].size_bytes)
    assert opened.hash == published.segments[0].hash
    assert opened.stats.count == 3
    assert (opened.least_id, opened.greatest_id) == ("id-00000301", "id-00000303")
    opened.close()


def test_it_cannot_be_written_to_and_nothing_appears_beside_it(path: str, name: Name) -> None:
    opened = open_segment(path, name)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        opened.connection.execute(f"DELETE FROM {MODEL.sql_table}")
    assert opened.connection.execute(f"SELECT count(*) FROM {MODEL.sql_table}").fetchone() == (3,)
    assert os.listdir(os.path.dirname(path)) == [name]
    opened.close()


def test_it_is_opened_immutable_so_that_nobody_locks(path: str, name: Name) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    opened = open_segment(path, name)
    assert opened.connection.execute(f"SELECT count(*) FROM {MODEL.sql_table}").fetchone() == (3,)
    opened.close()
    other.close()


def test_it_can_be_read_from_another_thread(path: str, name: Name) -> None:
    opened = open_segment(path, name)
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(opened.connection.execute("SELECT 1").fetchone()))
    thread.start()
    thread.join()
    assert found == [(1,)]
    opened.close()


def test_a_file_that_fails_its_proof_is_closed_again(path: str, name: Name) -> None:
    for wrong in (
        name.replace("003-0", "004-0"),
        name.replace(f"001-{MODEL.schema_version:06}-", f"002-{MODEL.schema_version:06}-"),
    ):
        assert wrong != name
        with pytest.raises(UnprovenError, match="says 3 rows, 1 to 3"):
            open_segment(path, Name(wrong))
    flip_bit(Path(path), 5000)
    with pytest.raises(UnprovenError, match="have the digest"):
        open_segment(path, name)


def test_a_file_that_is_not_there_is_no_bad_file(path: str, name: Name) -> None:
    with pytest.raises(FileNotFoundError):
        open_segment(path + "x", name)
    with pytest.raises(FileNotFoundError):
        copy_proven(path + "x", path + "y", name)


def test_a_file_deleted_after_its_proof_is_gone_and_nothing_is_made_in_its_place(
    path: str, name: Name, monkeypatch: pytest.MonkeyPatch
) -> None:
    def proven_then_deleted(file: str, name: Name, verify_max_bytes: int | None) -> int:
        size_bytes = proven_size(file, name, verify_max_bytes)
        os.unlink(file)
        return size_bytes

    monkeypatch.setattr(segment_module, "proven_size", proven_then_deleted)
    with pytest.raises(FileNotFoundError):
        open_segment(path, name)
    assert os.listdir(os.path.dirname(path)) == []


@pytest.mark.parametrize("kind", ["directory", "pipe", "socket"])
def test_what_is_no_regular_file_is_closed_again(tmp_path: Path, name: Name, kind: str) -> None:
    path = tmp_path / "other"
    if kind == "directory":
        path.mkdir()
    else:
        os.mknod(path, 0o600 | (stat.S_IFIFO if kind == "pipe" else stat.S_IFSOCK))
    with pytest.raises(UnprovenError, match="not a regular file"):
        open_segment(str(path), name)


def test_every_part_of_the_header_is_looked_at(tmp_path: Path, name: Name) -> None:
    """SQLite would refuse most of these too, but only once they are opened."""
    good = MAGIC + (4096).to_bytes(2, "big") + b"\1\1" + bytes(8) + (1).to_bytes(4, "big") + bytes(4064)
    path = tmp_path / "header.db"
    path.write_bytes(good)
    assert proven_size(str(path), name, 0) == 4096
    short = MAGIC + (HEADER_BYTES - 1).to_bytes(2, "big") + good[18 : HEADER_BYTES - 1]
    for content in (
        short,
        good.replace(b"SQLite", b"sqlite"),
        good.replace(b"\1\1", b"\2\1"),
        good.replace(b"\1\1", b"\1\2"),
    ):
        path.write_bytes(content)
        with pytest.raises(UnprovenError, match="not a SQLite file in rollback mode"):
            proven_size(str(path), name, 0)
    for content in (good + b"x", good[:-1], good.replace((1).to_bytes(4, "big"), (2).to_bytes(4, "big"))):
        path.write_bytes(content)
        with pytest.raises(UnprovenError, match="are not what its header says"):
            proven_size(str(path), name, 0)


def test_a_copy_is_the_same_bytes_and_is_proven_on_the_way(path: str, name: Name, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    assert copy_proven(path, str(target), name) == target.stat().st_size
    assert target.read_bytes() == Path(path).read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_copy_that_is_not_proven_is_not_left_behind(path: str, name: Name, tmp_path: Path) -> None:
    flip_bit(Path(path), 5000)
    with pytest.raises(UnprovenError, match="digest"):
        copy_proven(path, str(tmp_path / "copy"), name)
    assert not (tmp_path / "copy").exists()


def test_a_copy_can_be_made_in_steps(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096 * 3  # three steps of 1 MiB
    (tmp_path / "source").write_bytes(content)
    copy = FileCopy(str(tmp_path / "source"), str(tmp_path / "copy"))
    assert copy.total_bytes == len(content)
    assert [copy.step(1), copy.size_bytes] == [False, CHUNK_BYTES]
    assert [copy.step(CHUNK_BYTES + 1), copy.size_bytes] == [False, 3 * CHUNK_BYTES]
    assert copy.step(1)
    copy.close()
    assert (tmp_path / "copy").read_bytes() == content
    assert copy.digest() == blake2b(content).hexdigest()[:16]


def test_a_write_that_takes_only_a_part_is_continued(
    path: str, name: Name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def partly(file: int, data: memoryview) -> int:
        return write(file, data[:5000])

    monkeypatch.setattr(os, "write", partly)
    copy_proven(path, str(tmp_path / "copy"), name)
    assert (tmp_path / "copy").read_bytes() == Path(path).read_bytes()


def test_a_copy_overwrites_nothing(path: str, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(FileExistsError):
        copy_durably(path, str(tmp_path / "copy"), 0o600)
    assert (tmp_path / "copy").read_text() == "mine"


def test_paths_with_a_meaning_in_uris_are_paths(tmp_path: Path) -> None:
    place = Place(tmp_path / "100%?#&=%41")
    published = place.publish(MemoryLedger(2))
    opened = open_segment(str(place.path(published)), published.chain[0])
    assert opened.last == 2
    opened.close()
    assert file_uri("/a%?#b") == "file:/a%25%3f%23b"


def test_sqlite_that_is_too_old_is_refused_on_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sqlite3, "sqlite_version", "3.39.4")
    specification = importlib.util.find_spec("handlers.snapshots.segment")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    with pytest.raises(RuntimeError, match=r"3\.40 or newer is needed"):
        specification.loader.exec_module(module)
    assert segment_module.OLDEST_SQLITE == (3, 40, 0)


def test_a_file_that_cannot_be_looked_at_is_closed_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    published = place.publish(MemoryLedger(3))
    before = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(os, "fstat", failing(errno.ESTALE))
    with pytest.raises(OSError, match="Stale"):
        open_file(str(place.path(published)))
    monkeypatch.undo()
    assert len(os.listdir("/dev/fd")) == before


# The meta row

META = (1, 2, 2, "0" * 32, MODEL.schema_version, Stats().to_text(), "a", "b")  # first, last, rows, hash, schema, …


def segment_with(*metas: tuple[object, ...]) -> Segment:
    """A segment in memory whose meta rows are these."""
    connection = connect(":memory:")
    connection.execute(META_DDL.replace(" NOT NULL", "").replace("STRICT", ""))
    for meta in metas:
        connection.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?)", meta)
    try:
        return Segment(connection)
    except BaseException:
        connection.close()
        raise


def with_member(place: int, value: object) -> tuple[object, ...]:
    return (*META[:place], value, *META[place + 1 :])


def test_one_meta_row_is_needed() -> None:
    segment_with(META).close()
    for metas in ((), (META, META)):
        with pytest.raises(UnprovenError, match="not one meta row"):
            segment_with(*metas)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, 2, "says 2 rows, 2 to 2"),
        (1, 3, "says 2 rows, 1 to 3"),
        (2, 3, "says 3 rows, 1 to 2"),
        (3, "not hexadecimal", "cannot be read"),
        (3, None, "cannot be read"),
        (4, MODEL.schema_version + 1, "of schema version"),
        (5, "[]", "cannot be read"),
        (5, "{", "cannot be read"),
        (5, None, "cannot be read"),
    ],
)
def test_a_meta_row_that_contradicts_itself_proves_nothing(place: int, value: object, reason: str) -> None:
    with pytest.raises(UnprovenError, match=reason):
        segment_with(with_member(place, value))


def test_a_database_without_a_meta_row_is_no_segment(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "other.db").close()
    connection = connect(file_uri(str(tmp_path / "other.db")))
    with pytest.raises(UnprovenError, match="no segment in it"):
        Segment(connection)
    connection.close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_IOERR, OSError),
        (sqlite3.SQLITE_IOERR_READ, OSError),
        (sqlite3.SQLITE_CANTOPEN, OSError),
        (sqlite3.SQLITE_CORRUPT, UnprovenError),
        (sqlite3.SQLITE_NOTADB, UnprovenError),
    ],
)
def test_a_meta_row_that_cannot_be_read_now_is_told_from_one_that_is_none(code: int, expected: type[Exception]) -> None:
    error = sqlite3.DatabaseError("broken")
    error.sqlite_errorcode = code

    class Broken:
        def execute(self, *_: object) -> sqlite3.Cursor:
            raise error

    with pytest.raises(expected, match="broken"):
        Segment(cast("sqlite3.Connection", Broken()))
    assert is_unreadable(error) == (expected is OSError)


def test_what_the_file_system_refuses_is_unreadable_and_a_defect_is_not() -> None:
    assert is_unreadable(OSError(errno.ESTALE, "stale"))
    assert not is_unreadable(sqlite3.DatabaseError("no code"))
    assert not is_unreadable(ValueError("a defect"))


def test_a_file_that_sqlite_cannot_open_though_it_is_there_is_unreadable(
    path: str, name: Name, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(segment_module, "connect", refuse)
    with pytest.raises(OSError, match="cannot be opened"):
        open_segment(path, name)
