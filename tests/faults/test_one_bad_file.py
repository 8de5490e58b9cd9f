"""One file that is damaged or cannot be read takes neither the reads nor the publishing with it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_tmp import CopyingReader
from tests.support.files import (
    EPOCH,
    MemoryLedger,
    Place,
    count_of,
    flip_bit,
    names_in,
    page,
    publish,
    served,
)

MIDDLE = 8 * 20_000  # a bit in no header


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def deny(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Opening this file fails, as with another owner; root would not be refused."""
    really_open = os.open

    def refuse(file: str, flags: int, mode: int = 0o777) -> int:
        if file == str(path):
            raise PermissionError(errno.EACCES, "Permission denied", file)
        return really_open(file, flags, mode)

    monkeypatch.setattr(os, "open", refuse)


def three_segments(place: Place) -> MemoryLedger:
    """A ledger of which rows 1 … 2000, 2001 … 2210 and 2211 … 2213 are published."""
    ledger = MemoryLedger()
    for count in (2000, 210, 3):
        ledger.grow(count)
        place.publish(ledger)
    return ledger


def test_a_publisher_builds_upon_the_older_file_where_the_newest_cannot_be_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = MemoryLedger(3)
    place.publish(ledger)
    ledger.grow(2)
    deny(monkeypatch, place.path(place.publish(ledger)))
    ledger.grow(1)
    assert place.publish(ledger).bookmark == Bookmark(EPOCH, 6)
    assert count_of(place.on_efs()) == 6
    assert names_in(place.quarantine) == []


def test_a_publisher_that_can_read_no_file_at_all_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch, place.path(place.publish(MemoryLedger(5))))
    with pytest.raises(PermissionError):
        place.publish(MemoryLedger(6))
    assert len(names_in(place.snapshots)) == 1


def damage(path: Path) -> None:
    flip_bit(path, MIDDLE)


@pytest.mark.parametrize("meddle", [Path.unlink, damage])
@pytest.mark.parametrize("is_warm", [True, False])
@pytest.mark.parametrize(("which", "first"), [(0, 2211), (1, 2001), (2, 1)])
def test_the_next_publish_mends_a_chain_from_where_it_is_broken(
    place: Place, which: int, first: int, is_warm: bool, meddle: Callable[[Path], None]
) -> None:
    """A warm publisher has proven the bytes, and would find out only where it reads them again."""
    ledger = three_segments(place)
    publisher = place.publisher(ledger)
    name = publish(publisher, ledger).chain[which]
    meddle(place.path(name))
    publisher = publisher if is_warm and meddle is Path.unlink else place.publisher(ledger)
    ledger.grow(1)
    ledger.spans.clear()
    published = publish(publisher, ledger)
    assert (published.bookmark.seq, ledger.spans[0].first) == (2214, first)
    assert published.hash == place.publish(ledger).hash
    for reader in (place.on_efs(), place.in_tmp()):
        assert served(reader) == published.bookmark
        assert len(page(reader)) == 1000
    assert len(names_in(place.quarantine)) == (meddle is not Path.unlink)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_where_nothing_is_new_the_next_publish_mends_it_too(place: Place, which: int) -> None:
    ledger = three_segments(place)
    place.path(place.publish(ledger).chain[which]).unlink()
    published = place.publish(ledger)
    assert published.bookmark == ledger.bookmark
    assert published.written_bytes > 0


@pytest.mark.parametrize("interval_ms", ["0", "3600000"])
def test_what_one_reader_found_out_holds_for_the_other_that_has_the_file_open(tmp_path: Path, interval_ms: str) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="0", CHECK_INTERVAL_MS=interval_ms)
    place.publish(MemoryLedger(3))
    newest = place.path(place.publish(MemoryLedger(50)))
    content = newest.read_bytes()
    place_of_json = content.rindex(b'{"id":"') + 7
    newest.write_bytes(content[:place_of_json] + b"X" + content[place_of_json + 1 :])  # SQLite notices nothing
    catalog = place.catalog()
    on_efs, in_tmp = SqliteReader(catalog, place.settings), CopyingReader(catalog, place.settings)
    assert len(page(on_efs)) == 50
    assert count_of(in_tmp) == 3
    with pytest.raises(Problem, match="can be proven") as caught:
        page(on_efs)  # it has answered with 50 rows, and never goes back
    assert caught.value.status == 503
