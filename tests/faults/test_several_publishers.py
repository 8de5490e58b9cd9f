"""Publishers in several processes at once, on one file system."""

from __future__ import annotations

from pathlib import Path

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.ledger.head import Head
from handlers.model.model import Row
from handlers.snapshots.publish import Publisher
from handlers.telemetry.usage import Usage
from tests.support.files import EPOCH, MemoryLedger, Place, names_in, served, start, wait


class SharedLedger(MemoryLedger):
    """A ledger that several processes append to: how many rows it has is the size of a file."""

    def __init__(self, path: Path, most_rows: int) -> None:
        super().__init__(most_rows)
        self.whole: list[Row] = self.stored
        self.path = path
        path.touch()
        self.look()

    def look(self) -> Bookmark:
        self.stored = self.whole[: self.path.stat().st_size]
        return self.bookmark

    def append(self, count: int) -> Bookmark:
        with self.path.open("ab", buffering=0) as file:
            file.write(b"." * count)
        return self.look()

    def head(self, deadline: Deadline) -> Head:
        self.look()
        return super().head(deadline)


def test_publishers_in_several_processes_at_once_all_succeed_and_agree(tmp_path: Path) -> None:
    efs = tmp_path / "efs"
    places = [Place(tmp_path / str(number), efs) for number in range(3)]
    ledger = SharedLedger(tmp_path / "ledger", 3 * 233)

    def publish_often(publisher: Publisher, compact: bool) -> None:
        for count in (1, 2, 30, 200):
            asked = ledger.append(count)
            assert publisher.publish(asked, Usage(), compact=compact).bookmark >= asked

    children = [
        start(lambda place=place, compact=compact: publish_often(place.publisher(ledger), compact))
        for place, compact in zip(places, (False, True, False), strict=True)
    ]
    assert [wait(child) for child in children] == [0, 0, 0]
    assert [served(place.on_efs()) for place in places] == [Bookmark(EPOCH, 3 * 233)] * 3
    assert names_in(places[0].staging) == names_in(places[0].quarantine) == []
