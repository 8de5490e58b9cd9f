"""Verification: proof that the snapshot is the ledger. `quick` holds hash against hash, `full` reads everything.

A full one reads every row of the ledger with strong consistency (numbers dense, hash and statistics computed again) and
every segment in use (bytes, SQLite's own check, each row computed again). It may take longer than one call: its
progress is kept, and the next call goes on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.timestamps import boottime_s, utc_text
from handlers.ledger.ledger import Ledger, MissingRowsError, Range
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.published import DivergedError
from handlers.upkeep.findings import FULL, QUICK, Finding, Findings
from handlers.upkeep.integrity import check_segment
from handlers.upkeep.progress import Reached, load_progress, save_progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.ledger.head import Head
    from handlers.snapshots.names import Name
    from handlers.snapshots.publish import Publisher

SAVED_ROWS = 100_000  # after so many, progress is saved: a call may be cut off at any moment
CHECKED_ROWS_PER_S = 20_000  # of a segment, on a small function
JUST_BEGUN_S = 5.0
TOO_OLD_S = 6 * 3600  # of a verification that is gone on with: what it has read must say something of today
FAULTS = (DivergedError, MissingRowsError, UnprovenError)


class Verifier:
    """Verifies one ledger and what is published of it.

    Args:
        ledger: the ledger.
        publisher: knows what is published of it.
        now: the time in seconds since 1970.
        clock: the clock for limits, in seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        publisher: Publisher,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = boottime_s,
    ) -> None:
        self._ledger = ledger
        self._publisher = publisher
        self._findings = Findings(ledger)
        self._now = now
        self._clock = clock
        self._told: list[Name] = []  # of the damaged segments, those that the next finding tells of

    def last(self, level: str) -> Finding | None:
        """Return the last finding of a level; None where there is none. Raises Problem (503)."""
        return self._findings.last(level, Deadline())

    def quick(self) -> Finding:
        """Hold the newest snapshot's hash against the ledger's. Raises Problem (503), OSError, sqlite3.Error."""
        head = self._ledger.head(Deadline())
        if head is None:
            return self._without_ledger(QUICK)
        try:
            self._check_published(head)
        except FAULTS as error:
            return self.quick() if self.has_left(head) else self.keep_finding(QUICK, head.bookmark, str(error))
        return self.keep_finding(QUICK, head.bookmark)

    def full(self, limit_s: float) -> Finding | Reached:
        """Read everything, or as much as the time allows, from where the last call stopped.

        Returns the finding, or, where the time did not suffice, how far it is.

        Raises Problem (503), OSError, sqlite3.Error where the ledger or EFS is away: what was read is kept.
        """
        begun_s = self._clock()
        end_s = begun_s + limit_s
        head = self._ledger.head(Deadline())
        if head is None:
            return self._without_ledger(FULL)
        progress, fault = self._begun(head), ""
        try:
            self._check_published(head)
            if not (self._read_ledger(progress, end_s) and self._read_segments(progress, begun_s, end_s)):
                return progress
        except FAULTS as error:
            fault = str(error)
        finally:
            self._save(progress)
        if fault and self.has_left(head):
            return self.full(max(0.0, end_s - self._clock()))
        save_progress(self._findings, None, Deadline())
        return self.keep_finding(FULL, progress.goal.bookmark, fault)

    def has_left(self, head: Head) -> bool:
        """Tell whether the ledger has left the epoch of a head: it was restored meanwhile. Raises Problem (503)."""
        now = self._ledger.head(Deadline())
        return now is None or now.epoch != head.epoch

    def _without_ledger(self, level: str) -> Finding:
        """Keep what there is to say where the table has no ledger: that is right where nothing was published either."""
        listed = self._publisher.catalog.look(now=True).bookmark
        fault = f"The snapshots reach up to {listed}, and the table has no ledger" if listed.seq else ""
        return self.keep_finding(level, NOTHING, fault)

    def _check_published(self, head: Head) -> None:
        """Raise one of `FAULTS` where what is published is not of this ledger, or was not what it said."""
        self._publisher.check_published(head)
        self._check_quarantine()

    def _check_quarantine(self) -> None:
        """Raise UnprovenError for what went to quarantine by whichever work of this sandbox, and was not told yet."""
        damaged = self._publisher.published.damaged
        if damaged:
            self._told = list(damaged)
            reasons = "; ".join(f"{name}: {error}" for name, error in damaged.items())
            raise UnprovenError(f"These segments were damaged, and are in quarantine now: {reasons}")

    def _begun(self, head: Head) -> Reached:
        """Return the progress of the one under way, if it is of this history; else begin."""
        progress = load_progress(self._findings, Deadline())
        is_young = progress is not None and self._now() - progress.begun_s < TOO_OLD_S
        if progress is not None and is_young and progress.goal.epoch == head.epoch and progress.goal.seq <= head.seq:
            return progress
        self._publisher.catalog.look(now=True)
        base = self._publisher.published.newest(head.epoch, upto=head.seq)
        published = (base.bookmark.seq, base.hash_in(head.columns), base.hash) if base else (0, 0, 0)
        return Reached(head, published, self._now())

    def _save(self, progress: Reached) -> None:
        save_progress(self._findings, progress, Deadline())

    def _read_ledger(self, progress: Reached, end_s: float) -> bool:
        """Read the ledger's rows, and hold their hash against the snapshot's and the head's. Returns whether all.

        Raises UnprovenError, MissingRowsError where they do not agree.
        """
        goal = progress.goal
        published, published_hash, shown_hash = progress.published
        for last, expected_hash, holder in ((published, published_hash, "snapshot"), (goal.seq, goal.hash, "head")):
            self._read_rows(progress, last, end_s)
            if progress.reached.seq < last:
                return False
            if progress.reached.seq == last and progress.reached.hash != expected_hash:
                raise UnprovenError(f"The ledger's rows 1 to {last} do not have the hash that the {holder} says")
            if progress.reached.seq == published and goal.is_replaced and progress.shown != shown_hash:
                raise UnprovenError(f"The ledger's rows 1 to {last} are not the snapshot's in the new columns")
        if progress.reached.stats.answer() != goal.stats.answer():
            raise UnprovenError(f"The ledger's rows 1 to {goal.seq} do not have the statistics that the head says")
        return True

    def _read_rows(self, progress: Reached, last: int, end_s: float) -> None:
        """Read on up to a row, as far as the time allows."""
        span = Range(progress.goal.roots, progress.reached.seq + 1, last)
        for page in self._ledger.rows(span, Deadline(limit_s=end_s - self._clock() + Deadline.LIMIT_S)):
            progress.take(page)
            if progress.reached.seq % SAVED_ROWS < len(page):
                self._save(progress)
            if self._clock() >= end_s:
                break

    def _read_segments(self, progress: Reached, begun_s: float, end_s: float) -> bool:
        """Look into the segments in use that were not looked into yet. Returns whether none is left.

        One is only begun if it can end in time, or the call has only just begun.

        Raises UnprovenError for one that is not what it says; it is in quarantine then.
        """
        catalog = self._publisher.catalog
        while True:
            chain = catalog.look(now=True).chain_of(progress.goal.epoch)
            name = next((name for name in chain if name not in progress.segments), None)
            now_s = self._clock()
            if name is None or now_s >= end_s:
                return name is None
            if now_s + name.rows / CHECKED_ROWS_PER_S > end_s and now_s - begun_s > JUST_BEGUN_S:
                return False
            try:
                check_segment(catalog.path(name), name)
            except FileNotFoundError:  # merged and removed meanwhile
                catalog.reject(name)
            except UnprovenError as error:
                self._publisher.published.quarantine(name, error)
                self._check_quarantine()
            else:
                progress.segments.add(name)
                self._save(progress)

    def keep_finding(self, level: str, bookmark: Bookmark, fault: str = "") -> Finding:
        """Keep a finding, with the last fault of its level, tell of a fault, and return it. Raises Problem (503)."""
        finding = self._findings.conclude(level, bookmark, utc_text(self._now()), fault, Deadline())
        if fault:
            self._publisher.warn(bookmark, fault)
        for name in self._told if fault else ():
            self._publisher.published.damaged.pop(name, None)
        return finding
