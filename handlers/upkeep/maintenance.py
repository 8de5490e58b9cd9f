"""Maintenance: by the clock, whatever requests left undone is done, and the snapshot is proven.

It publishes what is not published, merges what requests may not, removes what is past its time, and verifies: quickly
every time, fully once a day where that is wanted. Divergence is an error of the invocation, so that an alarm on errors
tells of it.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.domain.timestamps import boottime_s, seconds_of
from handlers.snapshots.publish import BUILD_LIMIT_S
from handlers.snapshots.published import DivergedError
from handlers.telemetry.usage import Usage
from handlers.upkeep.findings import FULL, LEVELS, QUICK, Finding
from handlers.upkeep.projection import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.ledger.ledger import Ledger
    from handlers.snapshots.publish import Publisher
    from handlers.upkeep.verification import Verifier

    Done = dict[str, object]

FULL_EVERY_S = 23.5 * 3600  # a day, less what a schedule may be early

_log = logging.getLogger(__name__)


class Maintenance:
    """Keeps one ledger's snapshot in order.

    Args:
        ledger: the ledger.
        publisher: makes its snapshots.
        verifier: verifies them.
        verifies_fully: whether it does so once a day.
        now: the time in seconds since 1970.
        clock: the clock for limits, in seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        publisher: Publisher,
        verifier: Verifier,
        *,
        verifies_fully: bool,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = boottime_s,
    ) -> None:
        self._ledger = ledger
        self._publisher = publisher
        self._verifier = verifier
        self._verifies_fully = verifies_fully
        self._now = now
        self._clock = clock

    def maintain(self, limit_s: float) -> Done:
        """Publish, compact, tidy up and verify.

        Raises:
            VerificationError: the snapshot is not the ledger's.
            Problem, OSError, sqlite3.Error: the ledger or EFS is away; the next call does what is left.
        """
        end_s = self._clock() + limit_s
        head = self._ledger.head(Deadline())
        if head is None:
            return {"bookmark": str(NOTHING), QUICK: self.verify(QUICK, 0)}
        before = visible(self._publisher, head)
        try:
            done = self._publish(head.bookmark, limit_s)
        except Problem:
            reached = visible(self._publisher, head)
            if reached == before:
                raise
            return {"bookmark": str(reached), "is_done": False}  # the next call goes on
        except DivergedError as error:
            if self._verifier.has_left(head):  # restored meanwhile
                return self.maintain(end_s - self._clock())
            raise self._verifier.keep_finding(QUICK, head.bookmark, str(error)).error() from error
        done[QUICK] = self.verify(QUICK, 0)
        if self._is_full_due():
            done[FULL] = self.verify(FULL, max(0.0, end_s - self._clock()))
        return done

    def verify(self, level: str, limit_s: float) -> Done:
        """Verify at one of `LEVELS`; a segment that turns out damaged is made again.

        Returns the finding, or how far a full verification is.

        Raises what `maintain` raises.
        """
        if level not in LEVELS:
            raise ValueError(f"level: got {level!r}, allowed: {', '.join(LEVELS)}")
        outcome = self._verifier.full(limit_s) if level == FULL else self._verifier.quick()
        if isinstance(outcome, Finding) and outcome.fault:
            self._mend(Bookmark.parse(outcome.bookmark))
            raise outcome.error()
        return outcome.answer()

    def _mend(self, bookmark: Bookmark) -> None:
        """Publish what went to quarantine. Logs what keeps it from being done: there is a fault to tell already."""
        try:
            self._publish(bookmark, BUILD_LIMIT_S)
        except (DivergedError, Problem, OSError, sqlite3.Error):
            _log.exception("nothing was mended")

    def _publish(self, bookmark: Bookmark, limit_s: float) -> Done:
        published = self._publisher.publish(bookmark, Usage(), compact=True, limit_s=limit_s)
        return {
            "bookmark": str(published.bookmark),
            "segments": len(published.chain),
            "build": published.build,
            "written_bytes": published.written_bytes,
        }

    def _is_full_due(self) -> bool:
        """Tell whether the last full verification is a day old, found a fault, or was not ended."""
        if not self._verifies_fully:
            return False
        last = self._verifier.last(FULL)
        return last is None or not last.is_right or self._now() - seconds_of(last.checked_at) >= FULL_EVERY_S
