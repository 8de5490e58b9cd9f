"""The stream's batches. The emulator ignores partial failures: here the projector is called with them."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.ledger.head import HEAD_KEY
from handlers.ledger.ledger import Ledger
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import Published
from handlers.upkeep.projection import Projection
from tests.support.api import failed, record
from tests.support.files import EPOCH, MemoryLedger, Place, count_of, names_in, served

LIMIT_S = 100.0


class Sandbox:
    """A projection, and how often it published."""

    def __init__(self, place: Place, ledger: Ledger, patch: pytest.MonkeyPatch) -> None:
        self.publishes = 0
        self.publisher = place.publisher(ledger)
        self._projection = Projection(ledger, self.publisher)
        original = self.publisher.publish

        def counted(*arguments: Any, **options: Any) -> Published:
            self.publishes += 1
            return original(*arguments, **options)

        patch.setattr(self.publisher, "publish", counted)

    def project(self, *records: dict[str, Any], limit_s: float = LIMIT_S) -> dict[str, object]:
        return self._projection.project(records, limit_s)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(5)


@pytest.fixture
def sandbox(place: Place, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    return Sandbox(place, ledger, monkeypatch)


def at(seq: int, epoch: int = EPOCH) -> Bookmark:
    return Bookmark(epoch, seq)


def test_a_batch_is_one_publish_of_the_ledger_as_it_is(place: Place, ledger: MemoryLedger, sandbox: Sandbox) -> None:
    ledger.grow(2)  # since the batch was made
    assert sandbox.project(*(record(number, at(number)) for number in range(1, 6))) == failed()
    assert sandbox.publishes == 1
    assert count_of(place.on_efs()) == 7


def test_a_batch_that_comes_again_writes_nothing(place: Place, sandbox: Sandbox) -> None:
    sandbox.project(record(1, at(5)))
    before = names_in(place.snapshots)
    assert sandbox.project(record(1, at(5))) == failed()
    assert names_in(place.snapshots) == before


def test_records_of_other_items_and_of_a_removal_ask_nothing_of_anybody(
    place: Place, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("there is nothing to ask")

    row, removal, other = record(1, at(1)), record(2, at(2)), record(3, at(3))
    row["dynamodb"]["Keys"] = {"pk": {"S": f"ledger#{EPOCH}#0"}, "sk": {"N": "1"}}
    removal["eventName"] = "REMOVE"
    del removal["dynamodb"]["NewImage"]
    other["dynamodb"]["Keys"] = HEAD_KEY | {"sk": {"N": "1"}}
    monkeypatch.setattr(MemoryLedger, "head", fail)
    assert sandbox.project(row, removal, other) == failed()
    assert sandbox.project() == failed()
    assert (sandbox.publishes, names_in(place.snapshots)) == (0, [])


def test_a_record_of_the_head_among_others_is_not_missed(place: Place, sandbox: Sandbox) -> None:
    row = record(1, at(1))
    row["dynamodb"]["Keys"] = {"pk": {"S": "verification"}, "sk": {"N": "0"}}
    assert sandbox.project(row, record(2, at(5))) == failed()
    assert served(place.on_efs()) == at(5)


def test_records_of_an_epoch_that_was_left_are_done_once_the_new_one_is_published(
    place: Place, ledger: MemoryLedger, sandbox: Sandbox
) -> None:
    sandbox.project(record(1, at(5)))
    ledger.branch(EPOCH + 1, 3)
    ledger.grow(1)
    late, first, newest = record(2, at(9)), record(3, at(3, EPOCH + 1)), record(4, at(4, EPOCH + 1))
    assert sandbox.project(late, first, newest) == failed()
    assert served(place.on_efs()) == at(4, EPOCH + 1)


# What keeps a batch from being published


@pytest.mark.parametrize(
    "error",
    [
        unavailable("The ledger is away"),
        OSError(errno.ENOSPC, "No space left on device"),
        sqlite3.OperationalError("disk I/O error"),
        UnprovenError("its bytes have another digest"),
    ],
    ids=repr,
)
def test_the_stream_goes_on_from_the_first_record_that_readers_do_not_see(
    place: Place, ledger: MemoryLedger, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    place.publish(ledger)
    ledger.grow(4)

    def fail(*_: object, **__: object) -> None:
        raise error

    batch = [record(number, at(number)) for number in (4, 5, 7, 9)]
    with monkeypatch.context() as patch:
        patch.setattr(sandbox.publisher, "publish", fail)
        assert sandbox.project(*batch) == failed(7)
    assert sandbox.project(*batch[2:]) == failed()
    assert served(place.on_efs()) == at(9)


def test_a_publish_that_gets_only_so_far_is_told_so_far(
    place: Place, ledger: MemoryLedger, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.snapshots.maker.RANGE_ROWS", 2)
    batch = [record(number, at(number)) for number in range(1, 6)]
    original = sandbox.publisher.maker.made

    def last_one(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(sandbox.publisher.maker, "made", out_of_time)
        return original(*arguments, **options)

    def out_of_time(*_: object, **__: object) -> None:
        raise unavailable("The ledger is too busy to answer in time")

    monkeypatch.setattr(sandbox.publisher.maker, "made", last_one)
    assert sandbox.project(*batch) == failed(3)
    assert served(place.on_efs()) == at(2)
    monkeypatch.setattr(sandbox.publisher.maker, "made", original)
    assert sandbox.project(*batch[2:]) == failed()
    assert count_of(place.on_efs()) == 5


def test_without_time_nothing_is_built_and_the_batch_comes_again(place: Place, sandbox: Sandbox) -> None:
    assert sandbox.project(record(1, at(4)), record(2, at(5)), limit_s=0.0) == failed(1)
    assert names_in(place.snapshots) == []


def test_nothing_is_published_upon_another_history_and_the_batch_comes_again(
    place: Place, ledger: MemoryLedger, sandbox: Sandbox
) -> None:
    place.publish(MemoryLedger(9))
    before = names_in(place.snapshots)
    assert sandbox.project(record(1, at(4)), record(2, at(5))) == failed(1)
    assert names_in(place.snapshots) == before


def test_a_ledger_that_is_restored_meanwhile_is_published_when_the_batch_comes_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Restored(MemoryLedger):
        """Another epoch begins as soon as its head was read."""

        def head(self, deadline: Deadline) -> Any:
            found = super().head(deadline)
            if self.epoch == EPOCH:
                self.branch(EPOCH + 1, 3)
            return found

    sandbox = Sandbox(place, Restored(5), monkeypatch)
    assert sandbox.project(record(1, at(5))) == failed(1)
    assert sandbox.project(record(1, at(5))) == failed()
    assert served(place.on_efs()) == at(3, EPOCH + 1)


def test_without_the_file_system_the_batch_comes_again(place: Place, sandbox: Sandbox) -> None:
    shutil.rmtree(place.efs)
    assert sandbox.project(record(1, at(4)), record(2, at(5))) == failed(1)
    place.efs.mkdir()
    assert sandbox.project(record(1, at(4)), record(2, at(5))) == failed()


def test_where_the_segments_cannot_be_read_nothing_counts_as_published(
    place: Place, ledger: MemoryLedger, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(ledger)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sandbox.publisher.published, "newest", fail)
    assert sandbox.project(record(1, at(5))) == failed(1)


def test_while_the_ledger_is_away_the_whole_batch_comes_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise unavailable("The ledger is away")

    monkeypatch.setattr(MemoryLedger, "head", away)
    with pytest.raises(Problem, match="away"):
        sandbox.project(record(1, at(5)))
    assert sandbox.publishes == 0


def test_without_a_ledger_its_records_are_not_done(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryLedger, "head", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - a test
    assert sandbox.project(record(1, at(5))) == failed(1)
    assert sandbox.publishes == 0


def test_a_defect_is_no_partial_answer(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(Publisher, "_plan", fail)
    with pytest.raises(KeyError, match="a defect"):
        sandbox.project(record(1, at(5)))
