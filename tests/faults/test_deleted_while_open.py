"""Another machine deletes, or something damages, the snapshot that is open here."""

from __future__ import annotations

import _sqlite3
import errno
import json
import os
import sqlite3
from hashlib import blake2b
from pathlib import Path

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_view import SqliteView
from handlers.rows import MODEL
from handlers.telemetry.usage import Usage
from tests.support.drafts import value_of, with_value
from tests.support.files import (
    ALL,
    EPOCH,
    Calls,
    MemoryLedger,
    Place,
    count_of,
    descriptors,
    failing,
    flip_bit,
    names_in,
    page,
    publish,
    served,
    texts_of,
)

PATHS = ("on_efs", "in_tmp")
RETRIED = {
    "IOERR": sqlite3.SQLITE_IOERR,
    "IOERR_READ": sqlite3.SQLITE_IOERR | 1 << 8,
    "CANTOPEN": sqlite3.SQLITE_CANTOPEN,
    "NOTADB": sqlite3.SQLITE_NOTADB,
    "CORRUPT": sqlite3.SQLITE_CORRUPT,
    "CORRUPT_INDEX": sqlite3.SQLITE_CORRUPT | 3 << 8,
}


class Failing:
    """What is done with a view: it fails the first few times, then tells how many rows there are."""

    def __init__(self, times: int, error: Exception) -> None:
        self._times = times
        self._error = error
        self.calls = 0

    def __call__(self, view: object) -> int:
        self.calls += 1
        if self.calls <= self._times:
            raise self._error
        assert hasattr(view, "bookmark")
        return self.calls


class FailingPage:
    """A read that fails the first time, and then tells how many rows there are."""

    def __init__(self, error: Exception) -> None:
        self._errors = [error]

    def __call__(self, view: SqliteView) -> int:
        if self._errors:
            raise self._errors.pop()
        return view.page(PageQuery({}))[1]


def database_error(code: int) -> sqlite3.DatabaseError:
    error = sqlite3.OperationalError("injected")
    error.sqlite_errorcode = code
    return error


def reader_of(place: Place, path: str) -> SqliteReader:
    return place.on_efs() if path == "on_efs" else place.in_tmp()


def unavailable_from(reader: SqliteReader) -> Problem:
    with pytest.raises(Problem) as caught:
        page(reader)
    assert caught.value.status == 503
    return caught.value


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.publish(MemoryLedger(3))
    return place


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("code", RETRIED.values(), ids=RETRIED)
def test_an_error_of_the_file_is_retried_once_and_counted(place: Place, path: str, code: int) -> None:
    reader = reader_of(place, path)
    before = descriptors()
    assert reader.read(NOTHING, Usage(), Failing(1, database_error(code))) == 2
    assert reader.retries == 1
    assert count_of(reader) == 3
    reader.drop()
    assert descriptors() == before


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("code", [errno.ESTALE, errno.ENOENT, errno.EIO], ids=errno.errorcode.get)
def test_an_error_of_the_file_system_is_retried_once_and_counted(place: Place, path: str, code: int) -> None:
    reader = reader_of(place, path)
    assert reader.read(NOTHING, Usage(), Failing(1, OSError(code, os.strerror(code)))) == 2
    assert reader.retries == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("code", RETRIED.values(), ids=RETRIED)
def test_a_second_error_is_503_and_the_next_request_starts_anew(place: Place, path: str, code: int) -> None:
    reader = reader_of(place, path)
    use = Failing(9, database_error(code))
    with pytest.raises(Problem, match="cannot be read now") as caught:
        reader.read(NOTHING, Usage(), use)
    assert (caught.value.status, use.calls, reader.retries) == (503, 2, 2)
    assert count_of(reader) == 3


@pytest.mark.parametrize(
    "error",
    [database_error(sqlite3.SQLITE_ERROR), database_error(sqlite3.SQLITE_MISUSE), sqlite3.ProgrammingError("ours")],
)
def test_our_own_errors_are_not_taken_for_the_files(place: Place, error: sqlite3.DatabaseError) -> None:
    reader = place.on_efs()
    use = Failing(9, error)
    with pytest.raises(type(error)):
        reader.read(NOTHING, Usage(), use)
    assert (use.calls, reader.retries) == (1, 0)


def test_our_own_error_in_the_retry_is_not_hidden_either(place: Place) -> None:
    class OursAfterwards(Failing):
        def __call__(self, view: object) -> int:
            self._error = database_error(sqlite3.SQLITE_ERROR if self.calls else sqlite3.SQLITE_IOERR)
            return super().__call__(view)

    with pytest.raises(sqlite3.OperationalError):
        place.on_efs().read(NOTHING, Usage(), OursAfterwards(9, OSError()))


@pytest.mark.parametrize("path", PATHS)
def test_a_snapshot_deleted_while_open_is_read_on_until_a_newer_one_is_there(place: Place, path: str) -> None:
    reader = reader_of(place, path)
    assert count_of(reader) == 3
    (place.snapshots / names_in(place.snapshots)[0]).unlink()
    assert count_of(reader) == 3
    place.publish(MemoryLedger(4))
    assert count_of(reader) == 4
    assert reader.retries == 0


@pytest.mark.parametrize("path", PATHS)
def test_the_retry_lists_again_whatever_the_interval(tmp_path: Path, path: str) -> None:
    place = Place(tmp_path, CHECK_INTERVAL_MS="3600000")
    old = place.path(place.publish(MemoryLedger(3)))
    reader = reader_of(place, path)
    assert count_of(reader) == 3
    place.publish(MemoryLedger(4))
    old.unlink()
    assert count_of(reader) == 3
    assert reader.read(NOTHING, Usage(), Failing(1, OSError(errno.ESTALE, "stale"))) == 2
    assert count_of(reader) == 4
    assert reader.retries == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE], ids=errno.errorcode.get)
def test_a_newer_file_that_cannot_be_read_now_leaves_the_open_one_in_service_until_it_can(
    place: Place, monkeypatch: pytest.MonkeyPatch, path: str, code: int
) -> None:
    reader, cold = reader_of(place, path), reader_of(place, path)
    assert count_of(reader) == 3
    newer = place.publish(MemoryLedger(4))
    with monkeypatch.context() as patch:
        patch.setattr(os, "readv", failing(code))
        patch.setattr("handlers.reads.reader.WAIT_S", 0.0)
        for _ in range(2):
            assert count_of(reader) == 3
        with pytest.raises(Problem, match="4 was asked for") as caught:
            served(reader, newer.bookmark)
        assert "cannot be read now" in unavailable_from(cold).detail
    assert (caught.value.status, reader.retries, cold.retries) == (503, 0, 2)
    assert [count_of(reader), count_of(cold)] == [4, 4]


@pytest.mark.parametrize("path", PATHS)
def test_a_newer_file_that_lacks_rows_is_passed_over_once_a_read_has_missed_them(tmp_path: Path, path: str) -> None:
    """Too large to be hashed before it is read where it is published: its meta row says nothing of what it lacks."""
    place, ledger = Place(tmp_path, VERIFY_MAX_BYTES="0"), MemoryLedger(900)
    published = place.path(place.publish(ledger))
    connection = sqlite3.connect(published)
    connection.execute(f"DELETE FROM {MODEL.sql_table} WHERE seq = 890")
    connection.commit()
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("handlers.reads.sqlite_tmp.WHOLE_BYTES", 0)
        reader = reader_of(place, path)
        assert len(page(reader, order="desc", limit="10")) == 10
        for _ in range(2):
            assert "next publish mends it" in unavailable_from(reader).detail
    assert reader.retries == 1
    place.publish(ledger, compact=True)
    assert count_of(reader) == 900


@pytest.mark.parametrize("path", PATHS)
def test_a_sandbox_never_goes_back_even_where_only_an_older_one_is_left(place: Place, path: str) -> None:
    newer = place.path(place.publish(ledger := MemoryLedger(4)))
    reader = reader_of(place, path)
    assert count_of(reader) == 4
    newer.unlink()
    reader.drop()
    assert "next publish mends it" in unavailable_from(reader).detail
    assert count_of(reader_of(place, path)) == 3  # one that never served the newer one may
    place.publish(ledger)
    assert count_of(reader) == 4


@pytest.mark.parametrize("path", PATHS)
def test_the_other_file_of_the_same_prefix_will_do(place: Place, path: str) -> None:
    first = place.path(place.publish(MemoryLedger(3)))
    copy = place.tmp / "other"
    copy.write_bytes(first.read_bytes())
    connection = sqlite3.connect(copy)
    connection.executescript("PRAGMA page_size=8192; VACUUM")
    connection.close()
    content = copy.read_bytes()
    place.plant(content, Bookmark(EPOCH, 3), blake2b(content).hexdigest()[:16])
    older, newer = (place.snapshots / name for name in names_in(place.snapshots))
    reader = reader_of(place, path)
    assert count_of(reader) == 3
    newer.unlink()
    reader.drop()
    assert count_of(reader) == 3
    assert older.exists()


def test_a_file_that_shrinks_under_the_reader_is_given_up_until_it_is_replaced(tmp_path: Path) -> None:
    place, ledger = Place(tmp_path, VERIFY_MAX_BYTES="0"), MemoryLedger(900)
    published = place.publish(ledger)
    reader = place.on_efs()
    assert len(page(reader, limit="1")) == 1
    os.truncate(place.path(published), 8192)
    with pytest.raises(Problem) as caught:
        page(reader)
    assert caught.value.status == 503
    place.publish(ledger)
    assert count_of(reader) == 900
    assert reader.retries == 1


def test_a_page_found_damaged_makes_the_whole_file_prove_itself_whatever_its_size(tmp_path: Path) -> None:
    place, ledger = Place(tmp_path, VERIFY_MAX_BYTES="0"), MemoryLedger(900)
    published = place.publish(ledger)
    size_bytes = published.size_bytes
    content = bytearray(place.path(published).read_bytes())
    for start in range(8 * 4096, size_bytes, 4096):
        content[start : start + 100] = bytes(100)
    place.path(published).write_bytes(content)
    reader = place.on_efs()
    assert len(page(reader, limit="1")) == 1
    with pytest.raises(Problem, match="can be proven"):
        page(reader)
    assert reader.retries == 1
    assert "can be proven" in unavailable_from(reader).detail
    place.publish(ledger, compact=True)
    assert count_of(reader) == 900


def test_a_copy_that_goes_bad_is_copied_again_and_the_published_file_is_not_blamed(place: Place) -> None:
    reader = place.in_tmp()
    assert reader.read(NOTHING, Usage(), Failing(1, database_error(sqlite3.SQLITE_CORRUPT))) == 2
    assert count_of(reader) == 3
    assert len(names_in(place.tmp / "snapshots")) == 1
    assert count_of(place.in_tmp()) == 3


def test_a_file_gone_between_its_proof_and_its_opening_is_passed_over_for_the_older_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = place.path(place.publish(MemoryLedger(4)))
    connect = _sqlite3.connect

    def gone(database: str, **_: bool) -> sqlite3.Connection:
        newest.unlink(missing_ok=True)
        return connect(database, uri=True)

    reader = place.on_efs()
    with monkeypatch.context() as patch:
        patch.setattr(_sqlite3, "connect", gone)
        assert len(page(reader)) == 3
    assert (served(reader), reader.retries) == (Bookmark(EPOCH, 3), 1)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN])
def test_a_file_that_cannot_be_opened_now_is_no_proof_against_it(
    place: Place, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    reader = place.on_efs()

    def broken(database: str, **_: bool) -> sqlite3.Connection:
        raise database_error(code)

    with monkeypatch.context() as patch:
        patch.setattr(_sqlite3, "connect", broken)
        unavailable_from(reader)
        with pytest.raises(OSError, match="cannot be opened"):
            place.publish(MemoryLedger(3))
    assert names_in(place.quarantine) == []
    assert count_of(reader) == 3


def test_a_meta_row_that_cannot_be_read_now_is_no_proof_against_the_file(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(sqlite3.Connection):
        def execute(self, *_: object) -> sqlite3.Cursor:
            raise database_error(sqlite3.SQLITE_IOERR)

    def broken(database: str, **_: bool) -> sqlite3.Connection:
        return connect(database, uri=True, factory=Broken)

    reader = place.on_efs()
    connect = _sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(_sqlite3, "connect", broken)
        unavailable_from(reader)
        with pytest.raises(OSError, match="cannot be read"):
            place.publish(MemoryLedger(3))
    assert names_in(place.quarantine) == []
    assert count_of(reader) == 3


def test_a_newer_file_that_is_damaged_leaves_the_open_one_in_service(place: Place) -> None:
    reader = place.on_efs()
    assert count_of(reader) == 3
    flip_bit(place.path(place.publish(MemoryLedger(4))), 8 * 5000)
    assert count_of(reader) == 3
    assert reader.retries == 0


def test_once_a_file_has_proven_itself_after_damage_the_next_is_taken_as_before(tmp_path: Path) -> None:
    place, ledger = Place(tmp_path, VERIFY_MAX_BYTES="0"), MemoryLedger(3)
    place.publish(ledger)
    reader = place.on_efs()
    page(reader)
    assert reader.read(NOTHING, Usage(), FailingPage(database_error(sqlite3.SQLITE_CORRUPT))) == 3
    place.publish(MemoryLedger(4))
    with Calls(place.efs) as calls:
        assert len(page(reader)) == 4
    assert "readv" not in calls.seen


MIDDLE = ["deleted", "damaged", "swapped for another of its size", "swapped for the oldest one"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("how", MIDDLE)
def test_a_segment_in_the_middle_is_missed_where_a_read_reaches_it_and_the_next_publish_mends_it(
    tmp_path: Path, path: str, how: str
) -> None:
    place, ledger = Place(tmp_path), MemoryLedger()
    published = place.publish_parts(ledger, 2500, 300, 20)
    reader, cold = reader_of(place, path), reader_of(place, path)
    newest = page(reader, order="desc", limit="20")
    meddle(place, place.path(published.chain[1]), how)
    assert page(reader, order="desc", limit="20") == newest
    for _ in range(2):
        assert "next publish mends it" in every_row(reader)
    assert every_row(cold) == "2500 rows"
    ledger.grow(1)
    mended = place.publish(ledger)
    assert mended.bookmark == ledger.bookmark
    assert every_row(reader) == every_row(cold) == "2821 rows"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("how", ["deleted", "swapped for another of its size"])
def test_a_segment_in_the_middle_that_is_open_is_read_on(tmp_path: Path, path: str, how: str) -> None:
    place, ledger = Place(tmp_path), MemoryLedger()
    published = place.publish_parts(ledger, 2500, 300, 20)
    reader = reader_of(place, path)
    assert every_row(reader) == "2820 rows"
    meddle(place, place.path(published.chain[1]), how)
    assert every_row(reader) == "2820 rows"
    place.publish_parts(ledger, 1)
    assert every_row(reader) == "2821 rows"
    assert reader.retries == 0


def meddle(place: Place, path: Path, how: str) -> None:
    """Let something happen to a published file."""
    if how == "deleted":
        path.unlink()
    elif how == "damaged":
        flip_bit(path, 8 * 5000)
    else:
        content = another_of_its_size(place) if "size" in how else oldest(place).read_bytes()
        swapped = place.tmp / "swapped"
        swapped.write_bytes(content)
        assert "size" not in how or len(content) == path.stat().st_size
        swapped.rename(path)


def another_of_its_size(place: Place) -> bytes:
    """A segment of the same rows' numbers of another ledger."""
    other, ledger = Place(place.tmp / "other"), MemoryLedger(2800)
    ledger.stored = [with_value(row, 1 - value_of(row)) for row in ledger.stored]
    rows = ledger.stored
    ledger.stored = rows[:2500]
    publisher = other.publisher(ledger)
    publish(publisher, ledger)
    ledger.stored = rows
    return other.path(publish(publisher, ledger)).read_bytes()


def oldest(place: Place) -> Path:
    return place.snapshots / names_in(place.snapshots)[0]


def every_row(reader: SqliteReader) -> str:
    """How many rows a walk and statistics give, or why they give none."""
    try:
        count, stats = reader.read(NOTHING, Usage(), lambda view: (len(walk(view)), json.loads(view.stats_text())))
    except Problem as problem:
        assert problem.status == 503
        return problem.detail
    assert stats["count"] == count
    return f"{count} rows"


def walk(view: SqliteView) -> list[str]:
    texts: list[str] = []
    query = PageQuery(ALL)
    while True:
        text, count, last = view.page(query)
        texts += texts_of(text, count)
        if last is None:
            return texts
        query = PageQuery(ALL | {"cursor": query.cursor(view.bookmark_text, last)})
