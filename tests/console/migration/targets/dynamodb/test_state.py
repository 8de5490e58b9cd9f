from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.migration.targets.dynamodb.state import CopyStateFile, digest_of
from tests.support.database.planned import column, table

TABLES = (table("users", [], column("name")),)


@pytest.fixture(autouse=True)
def local_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    return tmp_path / "local"


@pytest.fixture
def file(tmp_path: Path) -> CopyStateFile:
    return CopyStateFile(tmp_path / "app.sqlite", "dynamodb:app-")


def test_a_copy_goes_on_where_it_was(file: CopyStateFile) -> None:
    begun = file.begin_or_go_on("now", "content", TABLES, anew=False)
    assert begun.rows == {}
    file.save(begun.within("app-users", "one").after("app-users", 200).after("app-users", 30))
    found = file.begin_or_go_on("now", "content", TABLES, anew=False)
    assert (found.rows, found.now) == ({"app-users": 230}, "now")
    assert file.begin_or_go_on("later", "content", TABLES, anew=True).rows == {}
    assert file.load().now == "later"


@pytest.mark.parametrize(
    ("now", "content", "tables", "what"),
    [
        ("now", "other", TABLES, "the file has"),
        ("now", "content", (), "the rules have"),
        ("later", "content", TABLES, "--now has"),
    ],
)
def test_what_has_changed_meanwhile_is_refused(
    file: CopyStateFile, now: str, content: str, tables: tuple[()], what: str
) -> None:
    begun = file.begin_or_go_on("now", "content", TABLES, anew=False)
    file.save(begun.within("app-users", "one").after("app-users", 1200))
    with pytest.raises(ConsoleError, match=rf"app\.sqlite: {what} changed since 1,200 items of it were written to dyn"):
        file.begin_or_go_on(now, content, tables, anew=False)


def test_items_of_a_table_that_is_another_by_now_are_not_in(file: CopyStateFile) -> None:
    state = file.load().within("app-users", "one").after("app-users", 200)
    assert state.within("app-users", "one").rows == {"app-users": 200}
    assert state.within("app-users", "other").rows == {"app-users": 0}


def test_another_file_or_another_place_has_another_state(file: CopyStateFile, tmp_path: Path) -> None:
    others = (CopyStateFile(tmp_path / "other.sqlite", "dynamodb:app-"), CopyStateFile(tmp_path / "app.sqlite", "b"))
    assert len({file.path, *(other.path for other in others)}) == 3


def test_a_state_that_cannot_be_read_or_written_is_told(file: CopyStateFile, local_dir: Path) -> None:
    state = file.load()
    local_dir.write_text("a file")
    with pytest.raises(ConsoleError, match=r"cannot be written"):
        file.save(state)
    local_dir.unlink()
    file.save(state)
    file.path.write_text("{")
    with pytest.raises(ConsoleError, match=r"cannot be read"):
        file.load()


def test_a_copy_of_the_same_rows_has_the_same_digest(tmp_path: Path) -> None:
    def copied(name: str) -> Path:
        target = tmp_path / name
        with closing(sqlite3.connect(tmp_path / "app.sqlite")) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        return target

    with closing(sqlite3.connect(tmp_path / "app.sqlite")) as source:
        source.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        first = digest_of(copied("first"))
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert digest_of(copied("second")) == first
        source.execute("UPDATE t SET a = 2")
        source.commit()
        assert digest_of(copied("third")) != first
