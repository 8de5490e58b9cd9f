"""The building half of `growth.py`: publish so many rows from nothing, then one more, in a process of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from handlers import rows
from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.timestamps import utc_text
from handlers.ledger.ledger import Ledger, Range
from handlers.rows import Row
from handlers.settings import Settings
from handlers.snapshots.publish import Publisher
from handlers.telemetry.usage import Usage
from tests.perf.subjects.measured_part import FIRST_S, Figures, peak_mb, row_id, settings_of, spent_ms
from tests.support.drafts import draft, with_value

DRAFT = draft()


class GeneratedLedger(Ledger):
    """Rows that follow from their sequence numbers, made when they are asked for, so that none is kept."""

    def __init__(self, count: int) -> None:
        self.count = count

    def head(self, deadline: Deadline) -> Bookmark:
        """The newest bookmark."""
        return Bookmark(1, self.count)

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        """A range, a page at a time."""
        for page in span.pages():
            yield [row_of(seq) for seq in range(page.first, page.last + 1)]


def row_of(seq: int) -> Row:
    """A row: values lie evenly between 0 and 1, times a second apart."""
    return with_value(rows.row_of(seq, row_id(seq), DRAFT, utc_text(FIRST_S + seq)), seq * 0.618034 % 1)


def build(folder: Path, count: int) -> Figures:
    """Publish so many rows from nothing, then one more, several times."""
    (folder / "efs").mkdir()
    ledger = GeneratedLedger(count)
    publisher = Publisher(ledger, Settings(settings_of(folder)))
    usage = Usage()
    published = publisher.publish(Bookmark(1, 0), usage)
    while published.bookmark.seq < count:  # a long build publishes what it has reached
        published = publisher.publish(Bookmark(1, published.bookmark.seq + 1), usage)
    return {
        "full build, s": usage.phases_ms["build"] / 1000,
        "publish one more row, ms": median(insert(publisher, ledger) for _ in range(5)),
        "snapshot, MB": published.size_bytes / 1e6,
        "memory of the building process, MB": peak_mb(),
    }


def insert(publisher: Publisher, ledger: GeneratedLedger) -> float:
    """Publish one more row. Returns milliseconds."""
    ledger.count += 1
    return spent_ms(lambda: publisher.publish(ledger.head(Deadline()), Usage()))


if __name__ == "__main__":
    print(json.dumps(build(Path(sys.argv[1]), int(sys.argv[2]))))
