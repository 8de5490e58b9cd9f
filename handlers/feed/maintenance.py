"""Maintenance of PostgreSQL: by the clock, what was left undone is done, what is left over goes, and all is proven.

A home that does not agree with the ledger is never fed on. One that nobody reads is thrown away and fed anew. One that
is read proves itself first: if its rows are not what its meta row says it is damaged, nobody reads it any more, and it
is fed anew beside itself. If they are, it is of another history than the ledger, and only a new epoch helps.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from handlers.aws.dynamodb import Deadline
from handlers.domain.problem import Problem
from handlers.domain.timestamps import boottime_s, utc_text
from handlers.feed.batches import pages_of
from handlers.feed.feeder import Feeder
from handlers.feed.growth import DivergedHomeError
from handlers.feed.homes import begin_replacement, discard_unread, table_id
from handlers.feed.proof import compare, prove
from handlers.feed.retention import drop_left
from handlers.ledger.ledger import Range
from handlers.upkeep.findings import FULL, LEVELS, OF_POSTGRES, QUICK, Findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.ledger import Ledger
    from handlers.postgres.connection import Database
    from handlers.postgres.home import Home
    from handlers.upkeep.findings import Finding

    Done = dict[str, object]

REMEDY = (
    "it is of another history than the ledger: `python -m console ledger new-epoch` makes the ledger the newest one"
)

_log = logging.getLogger(__name__)


class HomeMaintenance:
    """Keeps PostgreSQL in order.

    Args:
        ledger: the ledger.
        database: PostgreSQL.
        retain_s: how long a home stays that is not read any more.
        now: the time in seconds since 1970.
        clock: the clock for limits, in seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        database: Database,
        retain_s: int,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = boottime_s,
    ) -> None:
        self._ledger = ledger
        self._database = database
        self._feeder = Feeder(ledger, database, clock)
        self._findings = Findings(ledger)
        self._retain_s = retain_s
        self._now = now
        self._clock = clock

    def maintain(self, limit_s: float) -> Done:
        """Feed, tidy up and verify quickly.

        Raises:
            VerificationError: PostgreSQL is not the ledger's.
            Problem, psycopg.Error: the ledger or PostgreSQL is away; the next call does what is left.
        """
        done = self.verify(QUICK, limit_s)
        epoch = self._feeder.look()[0].visible.epoch
        return done | {"dropped": self._database.run(partial(drop_left, epoch=epoch, retain_s=self._retain_s))}

    def verify(self, level: str, limit_s: float, *, with_ledger: bool = False) -> Done:
        """Feed, and verify at one of `LEVELS`; a home that turns out damaged is fed anew.

        Args:
            level: `quick` holds the home's hash against the head's, `full` reads every row of it.
            limit_s: how long it may take; the answer says how far that was enough.
            with_ledger: with `full`: the rows are held against the ledger's, one by one, as well.

        Raises what `maintain` raises.
        """
        if level not in LEVELS:
            raise ValueError(f"level: got {level!r}, allowed: {', '.join(LEVELS)}")
        end_s = self._clock() + limit_s
        try:
            fed = self._feeder.feed(limit_s)
            done = fed.answer()
            if level == FULL:
                done |= self._prove(end_s, with_ledger=with_ledger)
        except DivergedHomeError as error:
            remedy = self._mend(end_s)
            finding = self._keep(level, self._feeder.look()[0].visible, "; ".join(filter(None, (str(error), remedy))))
            raise finding.error() from error
        return done | {level: self._keep(level, fed.visible).answer()}

    def _prove(self, end_s: float, *, with_ledger: bool) -> Done:
        """Read the home that is read, all of it. Raises DivergedHomeError."""
        homes, head = self._feeder.look()
        home = homes.live
        if home is None or head is None:
            return {"proven": 0}
        done: Done = {"proven": prove(self._database, home, lambda: self._clock() < end_s)}
        if with_ledger and home.epoch == head.epoch:
            deadline = Deadline(self._clock, limit_s=end_s - self._clock() + Deadline.LIMIT_S)
            pages = pages_of(self._ledger, Range(head.roots, 1, home.seq), deadline)
            done["compared"] = compare(self._database, home.epoch, pages, lambda: self._clock() < end_s)
        return done

    def _mend(self, end_s: float) -> str:
        """Feed anew what is damaged; return the remedy where that is for somebody else to find.

        Logs what keeps it from being done: there is a fault to tell already.
        """
        try:
            homes, head = self._feeder.look()
            if head is None:
                return REMEDY
            home = homes.target(head)
            if not home.is_live and home.epoch > 0:
                self._database.run(partial(discard_unread, epoch=home.epoch))
            else:
                table = self._database.run(partial(table_id, epoch=home.epoch))
                if home.is_live and (left := self._doubt(home, end_s)):
                    return left
                self._database.run(partial(begin_replacement, epoch=home.epoch, table=table))
            self._feeder.feed(max(0.0, end_s - self._clock()), inherits=False)
        except DivergedHomeError:
            return REMEDY
        except (Problem, psycopg.Error):
            _log.exception("nothing was mended")
        return ""

    def _doubt(self, home: Home, end_s: float) -> str:
        """Return why a home that is read is not to be fed anew; "" for one whose rows are damaged."""
        try:
            proven = prove(self._database, home, lambda: self._clock() < end_s)
        except DivergedHomeError:
            return ""
        return REMEDY if proven == home.seq else f"there was time to read the rows 1 to {proven} alone, which are right"

    def _keep(self, level: str, bookmark: Bookmark, fault: str = "") -> Finding:
        checked_at = utc_text(self._now())
        return self._findings.conclude(OF_POSTGRES[level], bookmark, checked_at, fault, Deadline())
