"""The building half of `growth.py`: publish so many rows from nothing, then one more, in a process of its own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.timestamps import utc_text
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Row
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.snapshots.publish import Publisher
from handlers.telemetry.usage import Usage
from tests.perf.subjects.measured_part import FIRST_S, Figures, peak_mb, row_id, settings_of
from tests.support.drafts import draft, with_value

DRAFT = draft()
INSERTS = 100


class GeneratedLedger(Ledger):
    """Rows that follow from their sequence numbers, made when they are asked for, so that none is kept."""

    def __init__(self, count: int) -> None:
        self._head = Head.new(1)
        self.grow(count)

    def grow(self, count: int) -> None:
        """Append rows, a page at a time."""
        for part in Range(self._head.roots, self._head.seq + 1, self._head.seq + count).parts():
            self._head = self._head.plus([row_of(seq) for seq in range(part.first, part.last + 1)])

    def head(self, deadline: Deadline) -> Head:
        """The newest point."""
        return self._head

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        """A range, a page at a time."""
        for part in span.parts():
            yield [row_of(seq) for seq in range(part.first, part.last + 1)]


def row_of(seq: int) -> Row:
    """A row: values lie evenly between 0 and 1, times a second apart."""
    return with_value(MODEL.row_of(seq, row_id(seq), DRAFT, utc_text(FIRST_S + seq)), seq * 0.618034 % 1)


def build(folder: Path, count: int) -> Figures:
    """Publish so many rows from nothing, then one more, several times."""
    (folder / "efs").mkdir()
    ledger = GeneratedLedger(count)
    publisher = Publisher(ledger, Settings(settings_of(folder)))
    usage = Usage()
    published = publisher.publish(Bookmark(1, 0), usage)
    while published.bookmark.seq < count:  # a long build publishes what it has reached
        published = publisher.publish(Bookmark(1, published.bookmark.seq + 1), usage)
    more = [insert(publisher, ledger) for _ in range(INSERTS)]
    return {
        "full build, s": usage.phases_ns["build"] / 10**9,
        "publish one more row, ms": median(spent for spent, _ in more),
        "written for it, KB": fmean(written_bytes for _, written_bytes in more) / 1000,
        "snapshot, MB": published.size_bytes / 1e6,
        "memory of the building process, MB": peak_mb(),
    }


def insert(publisher: Publisher, ledger: GeneratedLedger) -> tuple[float, int]:
    """Publish one more row. Returns milliseconds, and how many bytes were written."""
    ledger.grow(1)
    start_s = time.perf_counter()
    published = publisher.publish(ledger.head(Deadline()).bookmark, Usage())
    return (time.perf_counter() - start_s) * 1000, published.written_bytes


if __name__ == "__main__":
    print(json.dumps(build(Path(sys.argv[1]), int(sys.argv[2]))))
