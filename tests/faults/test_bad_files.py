"""Files under well-formed names that are not what they say: never served, passed over, moved away and replaced."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.domain.stats import Stats
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_efs import SqliteReader
from handlers.rows import MODEL
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.names import Name
from handlers.snapshots.segment import open_segment
from handlers.telemetry.usage import Usage
from tests.support.files import (
    EPOCH,
    MemoryLedger,
    Place,
    contents,
    count_of,
    flip_bit,
    names_in,
    page,
    publish,
)

NEXT = Bookmark(EPOCH, 4)
TABLE_LEAF = 0x0D  # the kind of a page of SQLite
COUNTED = "UPDATE segment SET last = 4, row_count = 4"
HUGE = Bookmark(10**16 - 1, 7)


def named_right(place: Place, content: bytes, bookmark: Bookmark = NEXT) -> Path:
    """A file whose digest is right: only its content can give it away."""
    return place.plant(content, bookmark, blake2b(content).hexdigest()[:16])


def altered(place: Place, *statements: str) -> Path:
    """A copy of the published segment with its meta row or tables changed, under a right name for one row more."""
    return named_right(place, bytes_after(place, *statements))


def one_row_more(place: Place) -> bytes:
    """Bytes that would pass for a segment of one row more, with nothing said against them."""
    return bytes_after(place, COUNTED)


def bytes_after(place: Place, *statements: str) -> bytes:
    scratch = place.tmp / "scratch.db"
    scratch.write_bytes(oldest(place).read_bytes())
    connection = sqlite3.connect(scratch)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return scratch.read_bytes()


def oldest(place: Place) -> Path:
    return place.snapshots / names_in(place.snapshots)[0]


def link_to(place: Place, target: Path) -> Path:
    path = place.plant(b"", NEXT)
    path.unlink()
    path.symlink_to(target)
    return path


def directory(place: Place) -> Path:
    path = place.plant(b"", NEXT)
    path.unlink()
    path.mkdir()
    (path / "something").touch()
    return path


def pipe(place: Place) -> Path:
    path = place.plant(b"", NEXT)
    path.unlink()
    os.mkfifo(path)
    return path


def socket(place: Place) -> Path:
    path = place.plant(b"", NEXT)
    path.unlink()
    os.mknod(path, stat.S_IFSOCK | 0o600)
    return path


def in_wal_mode(place: Place) -> Path:
    content = bytearray(one_row_more(place))
    content[18:20] = b"\2\2"
    return named_right(place, bytes(content))


def foreign_database(place: Place) -> Path:
    scratch = place.tmp / "foreign.db"
    connection = sqlite3.connect(scratch)
    connection.executescript(
        f"CREATE TABLE {MODEL.sql_table}(seq INTEGER PRIMARY KEY, json TEXT); INSERT INTO {MODEL.sql_table} VALUES(1,1)"
    )
    connection.close()
    return named_right(place, scratch.read_bytes())


BAD: dict[str, Callable[[Place], Path]] = {
    "empty": lambda place: named_right(place, b""),
    "empty with any digest": lambda place: place.plant(b"", NEXT),
    "text": lambda place: named_right(place, b"not a database\n" * 1000),
    "magic only": lambda place: named_right(place, b"SQLite format 3\0"),
    "header only": lambda place: named_right(place, oldest(place).read_bytes()[:100]),
    "half": lambda place: named_right(place, oldest(place).read_bytes()[:20_000]),
    "a page longer": lambda place: named_right(place, one_row_more(place) + bytes(4096)),
    "another's bytes": lambda place: place.plant(oldest(place).read_bytes(), NEXT),
    "older rows under a right digest": lambda place: named_right(place, oldest(place).read_bytes()),
    "WAL": in_wal_mode,
    "foreign database": foreign_database,
    "directory": directory,
    "dangling link": lambda place: link_to(place, place.tmp / "nothing"),
    "link to a good file": lambda place: link_to(place, oldest(place)),
    "pipe": pipe,
    "socket": socket,
    "future schema": lambda place: altered(place, COUNTED, "UPDATE segment SET schema_version = schema_version + 1"),
    "future meta table": lambda place: altered(place, COUNTED, "ALTER TABLE segment RENAME COLUMN last TO position"),
    "no meta row": lambda place: altered(place, "DELETE FROM segment"),
    "two meta rows": lambda place: altered(place, COUNTED, "INSERT INTO segment SELECT * FROM segment"),
    "other rows": lambda place: altered(place, "UPDATE segment SET first = 2, last = 4"),
    "fewer rows than it says": lambda place: altered(place, "UPDATE segment SET last = 4"),
    "ids of no segment": lambda place: altered(place, COUNTED, "ALTER TABLE segment DROP COLUMN least_id"),
    "statistics not JSON": lambda place: altered(place, COUNTED, "UPDATE segment SET stats = 'x'"),
    "statistics of another form": lambda place: altered(place, COUNTED, "UPDATE segment SET stats = '5'"),
    "hash not hexadecimal": lambda place: altered(place, COUNTED, "UPDATE segment SET content_hash = 'x'"),
    "garbage with a huge epoch": lambda place: place.plant(b"garbage" * 10_000, HUGE),
    "a good file's bytes with a huge epoch": lambda place: named_right(place, oldest(place).read_bytes(), HUGE),
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_passed_over_for_the_older_one_then_moved_away_and_replaced(place: Place, kind: str) -> None:
    ledger = MemoryLedger(3)
    publisher = place.publisher(ledger)
    good = publish(publisher, ledger)
    warm = place.on_efs(), place.in_tmp()
    assert [count_of(reader) for reader in warm] == [3, 3]
    bad = BAD[kind](place)
    for reader in (*warm, place.on_efs(), place.in_tmp()):
        assert count_of(reader) == 3
        assert reader.retries == 0
    with pytest.raises(UnprovenError):
        open_segment(str(bad), Name(bad.name))

    ledger.grow(2)
    assert publish(publisher, ledger).bookmark == ledger.bookmark
    assert [name.partition(".db.")[0] + ".db" for name in names_in(place.quarantine)] == [bad.name]
    assert good.chain[0] in names_in(place.snapshots)
    for reader in (*warm, place.on_efs(), place.in_tmp()):
        assert count_of(reader) == 5


def test_no_new_ledger_takes_its_epoch_from_a_file_that_proves_nothing(place: Place) -> None:
    place.publish(MemoryLedger(3))
    huge = BAD["garbage with a huge epoch"](place)
    assert place.publisher(MemoryLedger(3)).published.greatest_epoch() == EPOCH
    assert [name.startswith(huge.name) for name in names_in(place.quarantine)] == [True]


@pytest.mark.parametrize("kind", ["empty", "text", "directory", "dangling link", "garbage with a huge epoch", "pipe"])
def test_where_nothing_proves_itself_the_answer_is_503_and_not_an_empty_list(place: Place, kind: str) -> None:
    bad = BAD[kind](place)
    readers = place.on_efs(), place.in_tmp()
    for reader in readers:
        assert_unavailable(reader)
    place.quarantine.mkdir()
    bad.rename(place.quarantine / "bad")
    for reader in readers:
        assert_unavailable(reader)
    place.publish(MemoryLedger(2))
    assert [count_of(reader) for reader in readers] == [2, 2]


def assert_unavailable(reader: SqliteReader) -> None:
    with pytest.raises(Problem) as caught:
        page(reader)
    assert caught.value.status == 503
    assert "retry-after" in caught.value.headers


def test_a_file_moved_to_quarantine_and_published_again_under_its_name_is_served(place: Place) -> None:
    ledger = MemoryLedger(3)
    place.publish(MemoryLedger(2))
    published = place.publish(ledger)
    good = place.path(published).read_bytes()
    flip_bit(place.path(published), 8 * 5000)
    readers = place.on_efs(), place.in_tmp()
    assert [count_of(reader) for reader in readers] == [2, 2]
    again = place.publish(ledger)
    assert again.chain == published.chain
    assert place.path(again).read_bytes() == good
    assert [count_of(reader) for reader in readers] == [3, 3]


def test_a_file_put_in_the_place_of_a_bad_one_is_served_even_if_nobody_moved_the_bad_one(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    good = place.path(published).read_bytes()
    flip_bit(place.path(published), 8 * 5000)
    reader = place.on_efs()
    assert_unavailable(reader)
    (place.efs / "mended").write_bytes(good)
    (place.efs / "mended").rename(place.path(published))
    assert count_of(reader) == 3


def test_a_file_of_the_same_name_goes_to_quarantine_twice_and_both_are_kept(place: Place) -> None:
    ledger = MemoryLedger(3)
    publisher = place.publisher(ledger)
    for times in (1, 2):
        flip_bit(place.path(publish(publisher, ledger)), 8 * 5000)
        assert publish(publisher, ledger, compact=True).bookmark == ledger.bookmark
        assert len(names_in(place.quarantine)) == times


def test_a_publisher_that_compacts_proves_again_what_changed_under_its_name(place: Place) -> None:
    ledger = MemoryLedger(3)
    publisher = place.publisher(ledger)
    published = publish(publisher, ledger)
    assert publish(publisher, ledger).build == "none"
    flip_bit(place.path(published), 8 * 5000)
    again = publish(publisher, ledger, compact=True)
    assert (again.chain, again.build) == (published.chain, "full")
    assert count_of(place.in_tmp()) == 3


def test_another_file_under_a_proven_name_has_to_prove_itself_even_if_it_is_as_old(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(3))
    path = place.path(publish(publisher, ledger))
    before = path.stat()
    path.rename(place.tmp / "kept")  # so that its inode is not used again
    path.write_bytes(b"damaged")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert publish(publisher, ledger).build == "full"
    assert count_of(place.in_tmp()) == 3


def test_quarantine_is_closed_to_others_as_the_snapshots_are(place: Place) -> None:
    BAD["text"](place)
    place.publish(MemoryLedger(1))
    assert place.quarantine.stat().st_mode & 0o777 == 0o750


def test_a_base_damaged_between_proof_and_copy_is_moved_away_and_a_full_build_takes_its_place(place: Place) -> None:
    ledger = MemoryLedger(3)
    published = place.publish(ledger)
    cold = place.publisher(ledger)
    cold.catalog.look(now=True)
    assert cold.published.newest(EPOCH)
    before = place.path(published).stat()
    flip_bit(place.path(published), 8 * 5000)
    os.utime(place.path(published), ns=(before.st_atime_ns, before.st_mtime_ns))
    ledger.grow(1)
    assert publish(cold, ledger).build == "full"
    assert len(names_in(place.quarantine)) == 1
    assert count_of(place.on_efs()) == 4


def test_the_publisher_says_what_it_moves_away_and_why(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    bad = BAD["text"](place)
    with caplog.at_level(logging.ERROR):
        place.publish(MemoryLedger(1))
    assert bad.name in caplog.text
    assert "not a SQLite file" in caplog.text


def test_two_publishers_that_find_the_same_bad_file_both_go_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = BAD["text"](place)
    rename = os.rename

    def renamed_by_another(source: str, target: str) -> None:
        if source == str(bad):
            rename(source, target + "-another")
        rename(source, target)

    monkeypatch.setattr(os, "rename", renamed_by_another)
    assert place.publish(MemoryLedger(5)).bookmark.seq == 5


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Place(tmp_path_factory.mktemp("bits"))
    return place.path(place.publish(MemoryLedger(3)))


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_is_noticed(segment: Path, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, segment.stat().st_size * 8 - 1))
    copy = segment.parent / "copy"
    copy.write_bytes(segment.read_bytes())
    flip_bit(copy, bit)
    with pytest.raises(UnprovenError):
        open_segment(str(copy), Name(segment.name))


def test_every_truncation_is_noticed_even_where_the_digest_is_not_checked(segment: Path) -> None:
    content = segment.read_bytes()
    pages = range(0, len(content), 4096)
    copy = segment.parent / "copy"
    for length in {
        0,
        1,
        15,
        16,
        17,
        18,
        27,
        31,
        99,
        100,
        101,
        len(content) - 1,
        *pages,
        *(start + 1 for start in pages),
    }:
        copy.write_bytes(content[:length])
        with pytest.raises(UnprovenError):
            open_segment(str(copy), Name(segment.name), 0)


def test_the_digest_on_efs_is_checked_up_to_the_limit_only_and_in_tmp_always(tmp_path: Path) -> None:
    places = [Place(tmp_path / limit, VERIFY_MAX_BYTES=limit) for limit in ("1000", "10000000")]
    for place in places:
        place.publish(MemoryLedger(2))
        flip_bit(place.path(place.publish(MemoryLedger(3))), 8 * 5000)
    assert [count_of(place.on_efs()) for place in places] == [3, 2]
    assert [count_of(place.in_tmp()) for place in places] == [2, 2]


def test_a_file_that_loses_rows_after_its_proof_is_found_out_where_others_can_write_to_it(place: Place) -> None:
    """Each leaf of the file says that it has one row less: SQLite finds nothing wrong with that."""
    published = place.publish(MemoryLedger(2000))
    readers = place.on_efs(), place.in_tmp()
    for reader in readers:
        reader.read(NOTHING, Usage(), lambda view: view.row("0"))  # opens it; no leaf of the newest rows is read
    path = place.path(published)
    content = bytearray(path.read_bytes())
    page_bytes = int.from_bytes(content[16:18], "big")
    for start in range(page_bytes, len(content), page_bytes):
        cells = int.from_bytes(content[start + 3 : start + 5], "big")
        if content[start] == TABLE_LEAF and cells > 2:
            content[start + 3 : start + 5] = (cells - 1).to_bytes(2, "big")
    path.chmod(0o600)
    path.write_bytes(content)
    on_efs, in_tmp = readers
    assert_unavailable(on_efs)
    assert in_tmp.read(NOTHING, Usage(), lambda view: view.page(PageQuery({"limit": "1000"}))[1]) == 1000


def test_beyond_that_limit_header_schema_and_meta_row_still_have_to_agree(tmp_path: Path) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="0")
    place.publish(MemoryLedger(3))
    for kind in ("text", "half", "WAL", "older rows under a right digest", "future schema", "directory"):
        BAD[kind](place)
        assert count_of(place.on_efs()) == 3


def test_pages_of_64_kib_are_read_right(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    connection = sqlite3.connect(place.path(published))
    connection.executescript("PRAGMA page_size=65536; VACUUM")
    connection.close()
    big = named_right(place, place.path(published).read_bytes(), published.bookmark)
    open_segment(str(big), Name(big.name)).close()
    assert len(contents(big)[0]) == 3


def test_statistics_survive_their_text_and_nothing_else_is_taken_for_them() -> None:
    stats = Stats().plus([1.5, -2.0], ["b", "a"])
    assert Stats.from_text(stats.to_text()).answer() == stats.answer()
    for text in ("", "{", "[]", "[1]", "{}"):
        with pytest.raises(ValueError):
            Stats.from_text(text)
