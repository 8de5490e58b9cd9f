"""Segments that say of themselves what is not so, under the right digest: built by hand."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.domain.hashes import blake2b, hash_text
from handlers.domain.stats import Stats
from handlers.rows import MODEL
from handlers.snapshots import segment
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.names import Name
from handlers.upkeep.integrity import check_segment
from tests.support.drafts import VALUE
from tests.support.files import MemoryLedger, Place, descriptors, flip_bit

ROWS = 12


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def name(place: Place) -> Name:
    return place.publish(MemoryLedger(ROWS)).chain[0]


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() <= before


def forged(place: Place, name: Name, *statements: str) -> tuple[str, Name]:
    """The segment after these statements, with the digest that it has then."""
    path = place.tmp / "forged.db"
    path.write_bytes(place.path(name).read_bytes())
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    digest = blake2b(path.read_bytes()).hexdigest()[:16]
    return str(path), Name.of(name.bookmark, name.first, digest)


@pytest.mark.parametrize("rows", [0, 1, ROWS, 2500])
def test_a_segment_that_is_right_is_right(place: Place, rows: int) -> None:
    name = place.publish(MemoryLedger(rows)).chain[0]
    check_segment(str(place.path(name)), name)


def test_so_is_one_that_begins_later(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.snapshots.chain.MERGED_ROWS", 1)
    name = place.publish_parts(MemoryLedger(), 3, 4).chain[0]
    assert (name.first, name.last) == (4, 7)
    check_segment(str(place.path(name)), name)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"UPDATE {MODEL.sql_table} SET json = '{{}}' WHERE seq = 7", "a row's text is not that of its columns"),
        (
            f"UPDATE {MODEL.sql_table} SET {VALUE} = {VALUE} + 1 WHERE seq = 7",
            "a row's text is not that of its columns",
        ),
        (f"UPDATE {MODEL.sql_table} SET id = 'other' WHERE seq = 1", "a row's text is not that of its columns"),
        (f"DELETE FROM {MODEL.sql_table} WHERE seq = 7", "its rows are not dense from 1 on"),
        (f"DELETE FROM {MODEL.sql_table} WHERE seq = 1", "its rows are not dense from 1 on"),
        (f"DELETE FROM {MODEL.sql_table} WHERE seq = {ROWS}", "its meta row is not that of its rows"),
        (f"UPDATE {MODEL.sql_table} SET seq = {ROWS + 1} WHERE seq = {ROWS}", "its rows are not dense"),
        (f"UPDATE segment SET content_hash = '{hash_text(7)}'", "its meta row is not that of its rows"),
        (f"UPDATE segment SET stats = '{Stats().to_text()}'", "its meta row is not that of its rows"),
        ("UPDATE segment SET least_id = 'a'", "its meta row is not that of its rows"),
        ("UPDATE segment SET greatest_id = 'z'", "its meta row is not that of its rows"),
        ("UPDATE segment SET row_count = 5", "its meta row says 5 rows"),
        ("UPDATE segment SET schema_version = 99", "not one meta row"),
        ("DELETE FROM segment", "not one meta row"),
        (f"DROP TABLE {MODEL.sql_table}", "no segment in it: no such table"),
    ],
    ids=lambda value: value[:50],
)
def test_what_it_says_is_held_against_what_it_has(place: Place, name: Name, statement: str, said: str) -> None:
    with pytest.raises(UnprovenError, match=said):
        check_segment(*forged(place, name, statement))


def test_a_number_that_no_ledger_holds_is_no_defect_of_the_check(place: Place, name: Name) -> None:
    text = f"json = replace(json, substr(json, instr(json, '\"{VALUE}\":') + {len(VALUE) + 3}, "
    text += f"instr(json, ',\"created_at') - instr(json, '\"{VALUE}\":') - {len(VALUE) + 3}), 'inf')"
    wrong = f"UPDATE {MODEL.sql_table} SET {VALUE} = 9e999, {text} WHERE seq IN (3, 4)"
    with pytest.raises(UnprovenError, match="cannot be added up"):
        check_segment(*forged(place, name, wrong))


def test_an_index_that_lacks_a_row_is_found_by_sqlite(place: Place, name: Name) -> None:
    index = f"{MODEL.table}_by_id"
    hide = ("PRAGMA writable_schema = ON", f"DELETE FROM sqlite_master WHERE name = '{index}'")
    path, _ = forged(place, name, "CREATE TABLE kept AS SELECT * FROM sqlite_master", *hide)
    connection = sqlite3.connect(path, isolation_level=None)  # which does not know of the index
    connection.execute(f"UPDATE {MODEL.sql_table} SET id = id || 'x' WHERE seq = 5")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(f"INSERT INTO sqlite_master SELECT * FROM kept WHERE name = '{index}'")
    connection.close()
    digest = blake2b(Path(path).read_bytes()).hexdigest()[:16]
    with pytest.raises(UnprovenError, match=f"SQLite finds row 5 missing from index {index}"):
        check_segment(path, Name.of(name.bookmark, name.first, digest))


def test_a_flipped_bit_is_found_wherever_it_is(place: Place, name: Name) -> None:
    path = place.path(name)
    bits = path.stat().st_size * 8
    for bit in range(7, bits, bits // 50):
        flip_bit(path, bit)
        with pytest.raises(UnprovenError):
            check_segment(str(path), name)
        flip_bit(path, bit)
    check_segment(str(path), name)


def test_damage_under_a_right_digest_is_sqlites_to_find(place: Place, name: Name) -> None:
    content = bytearray(place.path(name).read_bytes())
    content[4096:8192] = b"\xff" * 4096  # a page of the table, or of what says where it is
    path = place.tmp / "forged.db"
    path.write_bytes(content)
    digest = blake2b(content).hexdigest()[:16]
    with pytest.raises(UnprovenError):
        check_segment(str(path), Name.of(name.bookmark, name.first, digest))


def test_what_cannot_be_read_now_is_not_damaged(place: Place, name: Name, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place.path(name)

    def broken(_: str) -> sqlite3.Connection:
        return Broken(path)

    with monkeypatch.context() as patch:
        patch.setattr(segment, "connect", broken)
        with pytest.raises(OSError, match="cannot be read") as caught:
            check_segment(str(path), name)
    assert caught.value.errno == errno.EIO
    os.unlink(path)
    with pytest.raises(FileNotFoundError):
        check_segment(str(path), name)


class Broken(sqlite3.Connection):
    """A connection whose file goes away once the meta row is read."""

    def execute(self, sql: str, *_: object) -> sqlite3.Cursor:
        if sql.startswith("PRAGMA"):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return super().execute(sql)
