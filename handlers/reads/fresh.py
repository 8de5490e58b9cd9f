"""`fresh=1`: the rows of the ledger that no snapshot holds yet, read beside the newest snapshot.

They become one more segment, in memory, so a fresh read is as exact as any other, and all operations work upon it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING
from handlers.domain.lag import Lag
from handlers.domain.problem import Problem, unavailable
from handlers.domain.timestamps import boottime_s
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.reads.reader import wait_for
from handlers.reads.sqlite_view import Link, SqliteView
from handlers.rows import MODEL
from handlers.snapshots.build import IN_MEMORY, SegmentBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handlers.domain.bookmark import Bookmark
    from handlers.model.model import Row
    from handlers.reads.reader import View
    from handlers.reads.sqlite_efs import SqliteReader
    from handlers.telemetry.usage import Usage

T = TypeVar("T")

MOST_ROWS = 5000  # that may follow the snapshot: a quarter of a second
ID_AT = f"SELECT id FROM {MODEL.sql_table} WHERE seq = ?"  # noqa: S608 - a constant


class FreshReader:
    """Reads a SQLite path together with what the ledger has beyond it.

    Args:
        snapshots: the path.
        ledger: the ledger.
        clock: the clock for deadlines and waits, in seconds.
        sleep: waits so many seconds.
        now: the time in seconds since 1970.
    """

    def __init__(
        self,
        snapshots: SqliteReader,
        ledger: Ledger,
        clock: Callable[[], float] = boottime_s,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._snapshots = snapshots
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._now = now

    def read(self, at_least: Bookmark, usage: Usage, use: Callable[[View], T]) -> T:
        """Let `use` read all rows up to the ledger's head, which holds at least that bookmark.

        Raises Problem: 409 or 503 for a bookmark, 409 where the snapshot is of another history, 503 where it is too far
        behind (in rows, or for the memory that there is), or DynamoDB away.
        """

        def read_on(view: SqliteView) -> T:
            deadline = Deadline(self._clock, self._sleep)
            head = wait_for(at_least, lambda _: self._ledger.head(deadline) or Head.new(0), self._sleep, self._clock)
            rows, links = rows_beyond(self._ledger, view, head, last=head.seq, most=MOST_ROWS, deadline=deadline)
            lacking = rows[head.first_beyond(view.bookmark) - 1 - head.seq + len(rows) :]
            usage.lag = Lag(len(lacking), lacking[0][-1] if lacking else "", self._now())
            added = segment_of(rows, head.seq - len(rows) + 1)
            usage.lap("ledger")
            try:
                return use(SqliteView([added, *links], head.bookmark))
            finally:
                added.close()

        return self._snapshots.read(NOTHING, usage, read_on)


def rows_beyond(
    ledger: Ledger, view: SqliteView, head: Head, *, last: int, most: int, deadline: Deadline
) -> tuple[list[Row], Sequence[Link]]:
    """Return the ledger's rows that a view lacks, and the segments that they follow; all rows where its epoch is older.

    Args:
        head: of the ledger.
        last: the last row wanted.
        most: how many rows that may be.

    Raises Problem: 409 where the view is of another history, 503 where they are more, or DynamoDB is away.
    """
    is_same = view.bookmark.epoch == head.epoch
    if view.bookmark.epoch > head.epoch or (is_same and view.bookmark.seq > head.seq):
        raise _diverged(view, head)
    known = view.bookmark.seq if is_same else 0
    if last - known > most:
        detail = f"{last - known} rows follow the snapshot, {most} are allowed; publish first"
        raise unavailable(detail, kind="not-there-yet")
    pages = ledger.rows(Range(head.roots, max(1, known), last), deadline)
    rows = [row for page in pages for row in page]
    if known and rows.pop(0)[1] != id_at(view.links[0], known):
        raise _diverged(view, head)
    return rows, view.links if is_same else ()


def segment_of(rows: list[Row], first: int, path: str = IN_MEMORY) -> Link:
    """Return a segment with these rows, in memory or in a new file. Raises Problem (503) where there is no room."""
    try:
        builder = SegmentBuilder(path, first)
        builder.add(rows)
        link = Link(first, first + len(rows) - 1, builder.finish)
        link.opened()
    except MemoryError:
        detail = f"{len(rows)} rows follow the snapshot, more than there is memory for; publish first"
        raise unavailable(detail, kind="not-there-yet") from None
    return link


def id_at(link: Link, seq: int) -> str | None:
    """Return the id of a row; None where it is not there. Raises sqlite3.DatabaseError."""
    found = link.opened().connection.execute(ID_AT, (seq,)).fetchone()
    return found[0] if found else None


def _diverged(view: SqliteView, head: Head) -> Problem:
    detail = f"The snapshot {view.bookmark} is not of the ledger, whose head is {head.bookmark}"
    return Problem("diverged", detail)
