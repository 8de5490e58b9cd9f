"""The feeder: brings PostgreSQL up to the ledger's head, a chunk of rows a transaction.

Every chunk is added together with the meta row, which it locks: so a feeder may be cut off at any point, and any number
of them may work at once. Readers see the live home grow; another history, or another form of the rows, is fed into a
table of its own, which is read once it has reached the head and proven itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import Problem, unavailable
from handlers.domain.timestamps import boottime_s
from handlers.feed.batches import batch_rows, pages_of
from handlers.feed.growth import DivergedHomeError, grow, opened_home
from handlers.feed.homes import Homes, check_home, go_live
from handlers.feed.inheritance import inherit
from handlers.ledger.head import Head
from handlers.ledger.ledger import Range
from handlers.postgres.home import Home, locked_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from psycopg import Connection

    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.ledger import Ledger
    from handlers.model.model import Row
    from handlers.postgres.connection import Database

CHUNK_ROWS = batch_rows(10_000)  # a transaction: a fraction of a second
MOST_FRESH_ROWS = 5000  # that a read with fresh=1 may have to wait for


@dataclass(frozen=True)
class Fed:
    """The outcome of feeding.

    Attributes:
        visible: what readers can see then.
        head: the ledger's, or nothing where there is no ledger.
        reached: how far the home is that was fed.
        rows: how many were added to it from the ledger, and `copied` from the home of the history before.
    """

    visible: Bookmark
    head: Bookmark = NOTHING
    reached: int = 0
    rows: int = 0
    copied: int = 0

    def answer(self) -> dict[str, object]:
        """Return it as answers and lines in the log show it."""
        return {
            "bookmark": str(self.visible),
            "head": str(self.head),
            "reached": self.reached,
            "rows": self.rows,
            "copied": self.copied,
            "is_done": self.visible >= self.head,
        }


class Feeder:
    """Feeds PostgreSQL from one ledger.

    Args:
        ledger: the ledger.
        database: PostgreSQL.
        clock: the clock for limits, in seconds.
    """

    def __init__(self, ledger: Ledger, database: Database, clock: Callable[[], float] = boottime_s) -> None:
        self._ledger = ledger
        self._database = database
        self._clock = clock

    def look(self) -> tuple[Homes, Head | None]:
        """Return the homes, and then the head: one without rows where nothing was ever written, else None without one.

        Raises Problem (503), psycopg.Error.
        """
        homes = self._database.run(Homes)
        head = self._ledger.head(Deadline(self._clock))
        return homes, Head.new(NOTHING.epoch) if head is None and homes.are_new else head

    def feed(self, limit_s: float, *, inherits: bool = True) -> Fed:
        """Bring the home of the ledger's history up to its head, as far as the time allows.

        Args:
            limit_s: after so long no further chunk is begun.
            inherits: rows of the history before may be copied from its home.

        Raises:
            DivergedHomeError: what is in PostgreSQL is not the ledger's; nothing of this chunk was kept.
            Problem, psycopg.Error: the ledger or PostgreSQL is away; the chunks that are in stay.
        """
        homes, head = self.look()
        return self._feed_on(homes, head, limit_s, inherits=inherits) if head else Fed(homes.visible)

    def refresh(self) -> Fed:
        """Bring the home that is read up to the ledger's head, for a reader who waits.

        Raises:
            Problem: 409 where it is not the ledger's; 503 where more than `MOST_FRESH_ROWS` rows are missing, the home
                cannot be read yet, or the ledger is away.
            psycopg.Error: PostgreSQL is away.
        """
        homes, head = self.look()
        if head is None:
            return Fed(homes.visible)
        try:
            missing = head.seq - homes.target(head).seq
            if missing > MOST_FRESH_ROWS:
                raise _behind(missing)
            fed = self._feed_on(homes, head, Deadline.LIMIT_S)
        except DivergedHomeError as error:
            raise Problem("diverged", str(error)) from error
        if fed.visible < fed.head:
            raise _behind(max(0, fed.head.seq - fed.reached))
        return fed

    def _feed_on(self, homes: Homes, head: Head, limit_s: float, *, inherits: bool = True) -> Fed:
        """Feed, and look again where others were faster: they may know of a newer head, or have begun a home anew."""
        end_s = self._clock() + limit_s
        fed = self._feed(homes, head, limit_s, inherits=inherits)
        while fed.visible < fed.head and self._clock() < end_s:
            homes, newest = self.look()
            if newest is None:
                break
            more = self._feed(homes, newest, end_s - self._clock(), inherits=inherits)
            fed = replace(more, rows=fed.rows + more.rows, copied=fed.copied + more.copied)
        return fed

    def _feed(self, homes: Homes, head: Head, limit_s: float, *, inherits: bool = True) -> Fed:
        end_s = self._clock() + limit_s
        began = home = homes.target(head)
        check_home(home, head)
        if home.is_live and home.seq == head.seq:
            return Fed(home.bookmark, head.bookmark, home.seq)
        if inherits:
            home = inherit(self._database, homes, home, head, lambda: self._clock() < end_s)
        inherited = home.seq
        for chunk in self._chunks(home, head, end_s):
            home = self._database.run(partial(_add, epoch=home.epoch, head=head, rows=chunk))
        if home.is_live:
            visible = home.bookmark
        else:
            visible = self._database.run(partial(go_live, epoch=home.epoch, head=head)).visible
        rows, copied = max(0, home.seq - inherited), max(0, inherited - began.seq)  # or begun anew meanwhile
        return Fed(visible, head.bookmark, home.seq, rows, copied)

    def _chunks(self, home: Home, head: Head, end_s: float) -> Iterator[list[Row]]:
        """Yield the ledger's rows that a home lacks, until the time is up; nothing at first where it lacks none."""
        deadline = Deadline(self._clock, limit_s=end_s - self._clock() + Deadline.LIMIT_S)
        pages = pages_of(self._ledger, Range(head.roots, home.seq + 1, head.seq), deadline)
        for chunk in _gathered(pages):
            yield chunk
            if self._clock() >= end_s:
                return


def _behind(rows: int) -> Problem:
    detail = f"{rows} rows follow what PostgreSQL holds, {MOST_FRESH_ROWS} are allowed; try again later"
    return unavailable(detail, kind="not-there-yet")


def _gathered(pages: Iterable[list[Row]]) -> Iterator[list[Row]]:
    """Yield pages as chunks; one without rows where there are no pages, so that a home is made for none as well."""
    chunk: list[Row] = []
    is_first = True
    for page in pages:
        chunk += page
        if len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk, is_first = [], False
    if chunk or is_first:
        yield chunk


def _add(connection: Connection[Any], epoch: int, head: Head, rows: list[Row]) -> Home:
    """Add those of these rows that a home lacks; none where it lacks some before them as well. Returns the home.

    Raises DivergedHomeError, and then nothing has changed.
    """
    with connection.transaction():
        # A replacement that is gone has taken its place meanwhile.
        home = locked_home(connection, epoch) or opened_home(connection, abs(epoch))
        lacking = [row for row in rows if row[0] > home.seq]
        if lacking and lacking[0][0] == home.seq + 1:
            home = grow(connection, home, lacking)
        check_home(home, head)
        return home
