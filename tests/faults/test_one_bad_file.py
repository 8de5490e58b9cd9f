"""One file that is damaged or cannot be read takes neither the reads nor the publishing with it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_tmp import CopyingReader
from handlers.snapshots import publish as publish_module
from handlers.snapshots.publish import BUILD_LIMIT_S, INDEXES_S, LAST_BATCH_S, Publisher
from tests.support.files import EPOCH, MemoryLedger, Place, count_of, names_in, publish, served


def deny(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Opening this file fails, as with another owner; root would not be refused."""
    really_open = os.open

    def refuse(file: str, flags: int, mode: int = 0o777) -> int:
        if file == str(path):
            raise PermissionError(errno.EACCES, "Permission denied", file)
        return really_open(file, flags, mode)

    monkeypatch.setattr(os, "open", refuse)


@pytest.mark.parametrize("kind", ["on_efs", "in_tmp"])
def test_a_cold_reader_takes_the_older_file_where_the_newest_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    place = Place(tmp_path)
    place.publish(MemoryLedger(3))
    deny(monkeypatch, place.path(place.publish(MemoryLedger(5))))
    assert count_of(getattr(place, kind)()) == 3


def test_a_publisher_builds_upon_the_older_file_where_the_newest_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    place.publish(MemoryLedger(3))
    deny(monkeypatch, place.path(place.publish(MemoryLedger(5))))
    assert place.publish(MemoryLedger(6)).bookmark == Bookmark(EPOCH, 6)
    assert count_of(place.on_efs()) == 6
    assert names_in(place.quarantine) == []


def test_a_publisher_that_can_read_no_file_at_all_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
    deny(monkeypatch, place.path(place.publish(MemoryLedger(5))))
    with pytest.raises(PermissionError):
        place.publish(MemoryLedger(6))


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
    assert served(on_efs) == Bookmark(EPOCH, 50)
    assert served(in_tmp) == Bookmark(EPOCH, 3)
    assert served(on_efs) == Bookmark(EPOCH, 3)


LIMIT_S = BUILD_LIMIT_S - INDEXES_S  # of a full build


def test_a_batch_begun_just_before_the_limit_gets_no_more_time_than_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits_s: list[float] = []

    def deadline(limit_s: float = Deadline.LIMIT_S) -> Deadline:
        limits_s.append(limit_s)
        return Deadline(limit_s=limit_s)

    monkeypatch.setattr(publish_module, "Deadline", deadline)
    monkeypatch.setattr(deadline, "LIMIT_S", Deadline.LIMIT_S, raising=False)
    monkeypatch.setattr(publish_module, "BATCH_ROWS", 2)
    times_s = iter([0.0, 1.0, 1.0, LIMIT_S - 1, LIMIT_S - 1, LIMIT_S])
    publisher = Publisher(ledger := MemoryLedger(6), Place(tmp_path).settings, lambda: next(times_s))
    with pytest.raises(Problem, match=rf"built up to {EPOCH}\.4 of {EPOCH}\.6"):
        publish(publisher, ledger)
    head_s, *batches_s = limits_s
    assert head_s == Deadline.LIMIT_S
    assert batches_s == [Deadline.LIMIT_S, 1 + LAST_BATCH_S]
