from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.snapshots.build import WorkingFile
from handlers.snapshots.files import UnprovenError
from tests.support.files import EPOCH, contents, make_row, make_rows


@pytest.fixture
def working(tmp_path: Path) -> Iterator[WorkingFile]:
    made = WorkingFile.create(str(tmp_path / "a#b?c%d.db"), EPOCH)
    yield made
    made.close()


def state(working: WorkingFile) -> tuple[object, ...]:
    return (working.bookmark, working.hash, working.stats.to_text(), contents(Path(working.path)))


def unlock(working: WorkingFile) -> None:
    working._connection.execute("PRAGMA locking_mode=NORMAL")  # pyright: ignore[reportPrivateUsage]
    working._connection.execute("SELECT seq FROM snapshot").fetchall()  # pyright: ignore[reportPrivateUsage]


def test_the_file_is_a_whole_prefix_after_every_batch(working: WorkingFile) -> None:
    working.apply(make_rows(3))
    working.apply([])
    working.apply(make_rows(2, 4))
    assert working.bookmark == (EPOCH, 5)
    unlock(working)
    rows, meta = contents(Path(working.path))
    assert [row[:4] for row in rows] == make_rows(5)
    assert meta[0][:3] == (EPOCH, 5, 5)


@pytest.mark.parametrize(
    "batch", [make_rows(1, 2), make_rows(1, 5), make_rows(2) + make_rows(1, 4), make_rows(2)[::-1]]
)
def test_rows_that_do_not_follow_are_refused(working: WorkingFile, batch: list[tuple[int, str, float, str]]) -> None:
    working.apply([])
    unlock(working)
    before = state(working)
    with pytest.raises(ValueError, match=r"do not follow 1000\.0"):
        working.apply(batch)
    assert state(working) == before


def test_a_batch_that_fails_leaves_the_file_and_its_bookmark_as_they_were(working: WorkingFile) -> None:
    working.apply(make_rows(3))
    working.finish()
    unlock(working)
    before = state(working)
    twice = (5, make_row(4)[1], 0.5, make_row(4)[3])
    with pytest.raises(sqlite3.IntegrityError):
        working.apply([make_row(4), twice])
    assert state(working) == before
    working.apply(make_rows(2, 4))
    assert working.bookmark.seq == 5


def test_two_rows_with_one_id_are_found_at_the_latest_when_the_file_is_finished(working: WorkingFile) -> None:
    working.apply([make_row(1), (2, *make_row(1)[1:])])
    with pytest.raises(sqlite3.IntegrityError):
        working.finish()


def test_a_finished_file_has_the_indexes_and_keeps_them_up(working: WorkingFile) -> None:
    working.apply(make_rows(3))
    for _ in range(2):
        working.finish()
    working.apply(make_rows(2, 4))
    unlock(working)
    connection = sqlite3.connect(working.path)
    names = [name for _, name, *_ in connection.execute("PRAGMA index_list(randoms)")]
    assert sorted(names) == ["randoms_by_created_at", "randoms_by_id", "randoms_by_value"]
    for name in names:
        assert connection.execute(
            f"SELECT count(*) FROM randoms INDEXED BY {name} WHERE id > '' AND "
            "random_value IS NOT NULL AND created_at > ''"
        ).fetchone() == (5,)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_an_error_that_has_rolled_back_by_itself_is_passed_on(working: WorkingFile) -> None:
    connection = working._connection  # pyright: ignore[reportPrivateUsage]
    connection.execute("CREATE TRIGGER stop BEFORE INSERT ON randoms BEGIN SELECT RAISE(ROLLBACK, 'stop'); END")
    with pytest.raises(sqlite3.IntegrityError, match="stop"):
        working.apply(make_rows(1))
    assert not connection.in_transaction


def test_a_disk_that_fills_at_the_commit_leaves_the_bookmark_as_it_was(working: WorkingFile) -> None:
    connection = working._connection  # pyright: ignore[reportPrivateUsage]
    connection.execute("PRAGMA max_page_count=10")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        working.apply(make_rows(5000))
    assert (working.bookmark.seq, working.hash, working.stats.count) == (0, 0, 0)


def test_closing_deletes_the_file(tmp_path: Path) -> None:
    working = WorkingFile.create(str(tmp_path / "working.db"), EPOCH)
    assert (tmp_path / "working.db").exists()
    working.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_holds_no_snapshot_is_refused_and_deleted(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.db").close()
    with pytest.raises(UnprovenError):
        WorkingFile(str(tmp_path / "empty.db"))
    assert list(tmp_path.iterdir()) == []


def test_what_stood_there_before_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "working.db"
    path.write_bytes(b"garbage" * 1000)
    working = WorkingFile.create(str(path), 7)
    assert working.bookmark == (7, 0)
    working.close()
