from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.errors import ConsoleError
from console.migration.sqlite.backup import copy_database, database_bytes
from tests.console.migration.conftest import MakeFile

FILLED = """
CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT);
WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
INSERT INTO t SELECT i, hex(zeroblob(2000)) FROM n;
"""


def ids(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [number for (number,) in connection.execute("SELECT id FROM t ORDER BY id")]


def nothing(_: int) -> None:
    pass


def test_a_copy_is_whole_its_owners_alone_and_says_how_far_it_is(make_file: MakeFile, tmp_path: Path) -> None:
    path, target, done = make_file(FILLED), tmp_path / "copy.sqlite", list[int]()
    copy_database(path, target, done.append)
    assert ids(target) == list(range(1, 3001))
    assert sum(done) == path.stat().st_size
    assert len(done) > 1
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["app.sqlite", "copy.sqlite"]


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_source_that_changes_meanwhile_is_copied_as_it_was_at_one_moment(
    mode: str, make_file: MakeFile, tmp_path: Path
) -> None:
    path, target = make_file(f"PRAGMA journal_mode = {mode};" + FILLED), tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
        written = 0

        def write(_: int) -> None:
            nonlocal written
            try:
                writer.execute("INSERT INTO t (text) VALUES ('meanwhile'), ('meanwhile')")
            except sqlite3.OperationalError:
                return  # the copy has had enough of it and holds the file
            written += 2

        copy_database(path, target, write)
        assert written > 0
    found = ids(target)
    assert found == list(range(1, len(found) + 1))
    assert len(found) % 2 == 0
    assert 3000 <= len(found) <= 3000 + written


def test_a_write_ahead_log_belongs_to_the_file(make_file: MakeFile, tmp_path: Path) -> None:
    path, target = (
        make_file("PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)"),
        tmp_path / "c",
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO t VALUES (1, 'only in the log')")
        assert database_bytes(path) > path.stat().st_size
        copy_database(path, target, nothing)
    assert ids(target) == [1]
    assert not target.with_name("c-wal").exists()


def test_a_file_that_is_locked_for_too_long_is_not_waited_for(
    make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_file(FILLED)
    ticks = iter(range(0, 10_000, 20))
    monkeypatch.setattr("console.migration.sqlite.backup.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        # A first step of the copy is let through, then the file is taken.
        taken = threading.Event()

        def take(_: int) -> None:
            if not taken.is_set():
                writer.execute("BEGIN EXCLUSIVE")
                taken.set()

        with pytest.raises(ConsoleError, match="has been locked for 30 s"):
            copy_database(path, tmp_path / "copy.sqlite", take)
    assert [each.name for each in tmp_path.iterdir()] == ["app.sqlite"]


def test_a_copy_that_has_no_room_is_not_begun(
    make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def disk_usage(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=4_000)

    full = SimpleNamespace(disk_usage=disk_usage)
    monkeypatch.setattr("console.migration.sqlite.backup.shutil", full)
    with pytest.raises(ConsoleError, match=r"needs .* MB, and .* has 0.004 MB") as refused:
        copy_database(make_file(FILLED), tmp_path / "copy.sqlite", nothing)
    assert "--backup" in refused.value.hint


def test_what_is_no_database_is_refused_with_the_reason(make_file: MakeFile, tmp_path: Path) -> None:
    path = make_file(FILLED)
    text = tmp_path / "notes.txt"
    text.write_text("Dear diary, today")
    cases = (
        (tmp_path / "missing", tmp_path / "c", "is no file"),
        (tmp_path, tmp_path / "c", "is no file"),
        (text, tmp_path / "c", "is no SQLite file: it begins with b'Dear diary"),
        (path, text, "notes.txt exists"),
        (path, tmp_path / "no" / "c", "is no folder"),
    )
    for source, target, said in cases:
        with pytest.raises(ConsoleError, match=said):
            copy_database(source, target, nothing)


def test_a_file_that_nobody_may_read_is_refused(
    make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_file(FILLED)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConsoleError, match="cannot be read: Permission denied"):
        copy_database(path, tmp_path / "c", nothing)


def test_half_a_file_is_not_copied(make_file: MakeFile, tmp_path: Path) -> None:
    path = make_file(FILLED)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ConsoleError, match="cannot be copied"):
        copy_database(path, tmp_path / "copy.sqlite", nothing)
    assert [each.name for each in tmp_path.iterdir()] == ["app.sqlite"]


def test_a_file_that_is_locked_from_the_start_is_named(
    make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.migration.sqlite.backup.PATIENCE_S", 0.0)
    path = make_file(FILLED)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConsoleError, match=r"cannot be copied .*: database is locked"):
            copy_database(path, tmp_path / "copy.sqlite", nothing)
