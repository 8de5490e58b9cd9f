"""The data lake: the ledger's rows as objects that Athena and DuckDB read, page by page, as far behind as its clock.

A page is put when it is full, and the page that is being filled as often as the clock asks; a page that did not grow is
left alone. Progress is put down after the pages that it tells of: whatever is cut off is written again, to the same
bytes.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypedDict

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import page_of
from handlers.domain.timestamps import boottime_s
from handlers.lake.page import page_key
from handlers.lake.progress import LakeProgress
from handlers.lake.stretches import stretches_of
from handlers.lake.writer import PageWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.objects import Objects
    from handlers.ledger.head import Head
    from handlers.ledger.ledger import Ledger

PAGES_AT_ONCE = 4  # of rows of 20 KB, they take 310 MB while they are packed

_log = logging.getLogger(__name__)


class LakeAnswer(TypedDict):
    """The outcome of writing the lake.

    `bookmark` is the ledger's when this was begun, None where there is no ledger; `rows` of it are in the lake, and
    `pages` were put just now.
    """

    bookmark: str | None
    rows: int
    pages: int
    is_done: bool


class Lake:
    """The lake of one ledger.

    Args:
        ledger: the ledger.
        objects: those of the lake's bucket.
        clock: the clock for limits, in seconds.
    """

    def __init__(self, ledger: Ledger, objects: Objects, clock: Callable[[], float] = boottime_s) -> None:
        self._ledger = ledger
        self._objects = objects
        self._progress = LakeProgress(ledger, objects.bucket)
        self._writer = PageWriter(ledger, objects)
        self._clock = clock

    def write(self, limit_s: float) -> LakeAnswer:
        """Write what the lake lacks, or as much as the time allows, a few pages at least, and return how far it is.

        Raises Problem (503; 409 where the ledger has other columns than ours), ServiceError where S3 is away: what is
        written is kept, and the next call goes on.
        """
        end_s = self._clock() + limit_s
        head = self._ledger.head(Deadline())
        if head is None:
            return LakeAnswer(bookmark=None, rows=0, pages=0, is_done=True)
        written = self._written(head)
        pages = self._write(head, written, end_s)
        stretches = stretches_of(head)
        rows = sum(stretch.rows_upto(written.get(stretch.root, 0)) for stretch in stretches)
        answer = LakeAnswer(bookmark=str(head.bookmark), rows=rows, pages=pages, is_done=rows == head.seq)
        _log.info("lake: %d pages put, %d of %d rows there", pages, rows, head.seq)
        return answer

    def _written(self, head: Head) -> dict[int, int]:
        """Return how far each root is. Where the newest page is gone, the bucket is another one by the same name."""
        written = self._progress.load(Deadline())
        newest = [part for each in stretches_of(head) if (part := each.newest_part(written.get(each.root, 0)))][-1:]
        if all(self._objects.head(page_key(part.root, page_of(part.first))) for part in newest):
            return written
        _log.warning("lake: the newest page is not in %s any more, so all are written again", self._objects.bucket)
        self._progress.forget(written, Deadline())
        return {}

    def _write(self, head: Head, written: dict[int, int], end_s: float) -> int:
        """Write page after page, and keep in `written` how far each root is. Returns how many were put."""
        pages = 0
        with ThreadPoolExecutor(PAGES_AT_ONCE) as pool:
            for stretch in stretches_of(head):
                parts = stretch.parts_after(written.get(stretch.root, 0))
                for start in range(0, len(parts), PAGES_AT_ONCE):
                    batch = parts[start : start + PAGES_AT_ONCE]
                    pages += sum(pool.map(self._writer.write, batch))
                    self._progress.save(stretch.root, batch[-1].last, Deadline())
                    written[stretch.root] = batch[-1].last
                    if self._clock() >= end_s:
                        return pages
        return pages
