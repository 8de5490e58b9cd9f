"""Publishing: a snapshot becomes visible to readers, whole or not at all, without any lock.

A publisher adds one segment to the newest chain: the new rows, merged with the last few segments. Two publishers of one
range make the same content: either file will do. It is linked only if the chain then has the ledger's content hash.

No published point becomes unreachable, because a publisher builds only upon the newest chain of its listing, links
within 30 s of it, and starts over from the listing where an input has vanished.
"""

from __future__ import annotations

import errno
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import HASH_MODULUS
from handlers.domain.problem import unavailable
from handlers.domain.timestamps import boottime_s
from handlers.ledger.ledger import Range
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.chain import compactable, merged_with
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.maker import RANGE_ROWS, Plan, SegmentMaker, Staging
from handlers.snapshots.names import Name, snapshots_dir
from handlers.snapshots.published import DivergedError, LeftError, Proof, Published, PublishedSegments, check_history
from handlers.snapshots.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.ledger.head import Head
    from handlers.ledger.ledger import Ledger
    from handlers.settings import Settings
    from handlers.snapshots.chain import Chain
    from handlers.snapshots.segment import Segment
    from handlers.telemetry.usage import Usage

BUILD_LIMIT_S = 12.0  # what is done by then is published, and the next publish goes on from there
LISTING_GOOD_S = 30.0  # from a listing to the link that builds upon it; retention waits twice as long
LINKED_WITHIN_S = 10.0  # of that, what is left for the last batch and the copy

_log = logging.getLogger(__name__)


class Publisher:
    """Publishes snapshots of one ledger.

    Args:
        ledger: where the rows come from.
        settings: the folders, and how long to retain.
        clock: the clock for limits, in seconds.

    Attributes:
        catalog: the listing of what is published.
        published, maker, staging: its segments, proven; what makes them; through which they are published.
    """

    def __init__(self, ledger: Ledger, settings: Settings, clock: Callable[[], float] = boottime_s) -> None:
        self.ledger = ledger
        self._clock = clock
        self.catalog = Catalog(snapshots_dir(settings.efs_dir), model=ledger.model)
        self.published = PublishedSegments(self.catalog, settings.verify_max_bytes)
        self.maker = SegmentMaker(ledger, settings.tmp_dir, clock)
        self.staging = Staging(settings.efs_dir)
        self._retention = Retention(self.catalog, self.published, settings)
        before = ledger.model.replaces
        self._before = Publisher(ledger.read_with(before), settings, clock) if before else None
        self._strangers: set[int] = set()  # epochs whose chain is no prefix of the one that went on from them

    def publish(
        self,
        at_least: Bookmark,
        usage: Usage,
        *,
        compact: bool = False,
        proof: Proof = Proof.UNCHANGED,
        limit_s: float = BUILD_LIMIT_S,
    ) -> Published:
        """Make the ledger as it is now, at least up to a bookmark, visible to readers.

        Args:
            at_least: rows that must be in it, of the ledger's current epoch.
            usage: gets the phases check, ledger, build, write and tidy.
            compact: merge more than a request that inserts may, and tidy up.
            proof: of what is there already.
            limit_s: how long it may go on to build; half of it, at most, for columns that are replaced.

        Raises:
            Problem: 503, the ledger is away or the build is not done yet.
            DivergedError: what is published is not a prefix of this ledger: nothing is built upon it.
            OSError, sqlite3.Error: EFS or the sandbox's disk is away, full or read-only; the next publish starts anew.
        """
        end_s, goal, build, began = self._clock() + limit_s, self.head_of(at_least), "none", None
        written = before_bytes = self._publish_before(goal, usage, compact=compact, proof=proof, limit_s=limit_s / 2)
        while (plan := self._plan(goal, usage, proof, compact=compact)).is_due and self._clock() < end_s:
            began, proof, size_bytes = began or plan, Proof.REMEMBERED, 0
            try:
                size_bytes = self._extend(plan, end_s, usage)
            except (UnprovenError, OSError) as error:
                if isinstance(error, OSError) and error.errno not in (errno.ENOENT, errno.ESTALE):
                    raise  # those two: an input that retention has removed, be it while it was open over NFS
                _log.warning("starting over from the listing: %s", error)
                proof = Proof.WHOLLY
            if size_bytes and written == before_bytes:
                build = "incremental" if plan.base and plan.base.bookmark.seq else "full"
            written += size_bytes
        if plan.base is None or plan.base.bookmark < at_least:
            reached = plan.base.bookmark if plan.base else "nothing"
            raise unavailable(f"The snapshot was built up to {reached} of {at_least}; ask again to go on")
        if written or compact:
            self._retention.apply()
            usage.lap("tidy")
        missing = plan.head.seq - plan.base.bookmark.seq
        published = replace(plan.base, build=build, written_bytes=written, missing_rows=missing)
        if began and (began.base is None or began.base.bookmark < published.bookmark):
            self.announce(published)
        return published

    def announce(self, published: Published) -> None:
        """Tell of a snapshot that has become visible; nobody listens here."""

    def warn(self, bookmark: Bookmark, fault: str) -> None:
        """Tell of a fault that was found when the ledger was at a bookmark; nobody listens here."""

    def _publish_before(self, goal: Head, usage: Usage, *, compact: bool, proof: Proof, limit_s: float) -> int:
        """Publish for readers with the columns before, while the ledger is open to them. Returns the bytes written."""
        before = self._before
        if before is None or goal.columns != before.ledger.model.rows_version:
            return 0
        return before.publish(goal.bookmark, usage, compact=compact, proof=proof, limit_s=limit_s).written_bytes

    def greatest_epoch(self) -> int:
        """Return the greatest epoch that anything was published in; 0 where nothing was. Raises OSError."""
        return max(self.published.greatest_epoch(), self._before.greatest_epoch() if self._before else 0)

    def head_of(self, bookmark: Bookmark) -> Head:
        """Return the ledger's head. Raises LeftError where it has left that bookmark's epoch, Problem (503)."""
        head = self.ledger.head(Deadline())
        if head is None or head.epoch != bookmark.epoch:
            raise LeftError(f"The ledger has left the epoch of {bookmark}")
        return head

    def check_published(self, head: Head) -> None:
        """Raise DivergedError where what is published shows that it is not of the ledger with this head.

        Raises Problem (503), OSError, sqlite3.Error where either cannot be read.
        """
        self.catalog.look(now=True)
        base = self._base_in_epoch(head)
        if base is not None and base.bookmark > head.bookmark:
            head = self.head_of(head.bookmark)
        if base is not None:
            check_history(base, head)
            self._check_newest_row(base, head)

    def _plan(self, goal: Head, usage: Usage, proof: Proof, *, compact: bool) -> Plan:
        """Decide what comes next, from a new listing. Raises DivergedError."""
        listed_s = self._clock()
        self.catalog.look(now=True)
        head, base = goal, self._base(goal, proof)
        if base is not None and base.bookmark > head.bookmark:  # others have appended and published meanwhile
            head = self.head_of(goal.bookmark)
        if base is not None:
            check_history(base, head)
        usage.lap("check")
        merged: Chain = ()
        if base is not None and base.bookmark.seq < head.seq:
            merged = merged_with(base.chain, head.seq - base.bookmark.seq)
        elif base is not None and compact and base.bookmark >= goal.bookmark:
            merged = compactable(base.chain, self.maker.most_rows(base))
        is_due = base is None or base.bookmark < goal.bookmark or bool(merged)
        return Plan(head, base, len(merged), listed_s, is_due)

    def _base(self, head: Head, proof: Proof) -> Published | None:
        """Return what to build upon; None: nothing. Raises DivergedError, OSError."""
        base = self._base_in_epoch(head, proof)
        if base is None and head.parent not in self._strangers:
            base = self.published.newest(head.parent, upto=head.roots[-1][0] - 1, proof=proof)
            if base is not None and head.seq - base.bookmark.seq > RANGE_ROWS:  # too far to be proven in one step
                return None
        return base

    def _base_in_epoch(self, head: Head, proof: Proof = Proof.UNCHANGED) -> Published | None:
        if self.catalog.listed.epoch > head.epoch and (epoch := self.published.greatest_epoch()) > head.epoch:
            raise DivergedError(f"The snapshots of epoch {epoch} are of a newer ledger than {head.epoch}")
        return self.published.newest(head.epoch, proof=proof)

    def _extend(self, plan: Plan, end_s: float, usage: Usage) -> int:
        """Publish one segment more. Returns how many bytes were written."""
        head, base = plan.head, plan.base
        if base is not None and base.bookmark.seq == head.seq and not plan.merged:  # all of it is inherited
            if self._is_history(plan, base, None):
                self._inherit(base, head)
            return 0
        first = base.bookmark.seq + 1 if base else 1
        kept, merged = base.split(plan.merged) if base else (None, None)
        end_s = min(end_s, plan.listed_s + LISTING_GOOD_S - LINKED_WITHIN_S)
        with self.maker.made(self.catalog, merged, first, head, end_s=end_s, usage=usage) as (segment, path):
            if not self._is_history(plan, kept, segment):
                return 0
            with self.staging.staged(path) as (temporary, size_bytes, digest):
                usage.lap("write")
                if self._clock() - plan.listed_s > LISTING_GOOD_S:
                    return 0
                self._inherit(kept, head)
                point = Bookmark(head.epoch, segment.last)
                name = Name.of(point, segment.first, digest, self.ledger.model.schema_version)
                self.published.link(temporary, name)
                segment.size_bytes = size_bytes
                self.published.add(name, segment)
        usage.lap("write")
        return size_bytes

    def _check_newest_row(self, base: Published, head: Head) -> None:
        """Raise DivergedError where the newest row of a snapshot is not the ledger's: histories part for good."""
        seq = base.bookmark.seq
        if not 0 < seq < head.seq:  # there, the hash tells
            return
        ((row,),) = self.ledger.rows(Range(head.roots, seq, seq), Deadline())
        if self.ledger.model.json_text(row) != self.published.newest_row(base):
            raise DivergedError(f"Row {seq} of the snapshot {base.bookmark} is not the ledger's")

    def _is_history(self, plan: Plan, kept: Published | None, segment: Segment | None) -> bool:
        """Tell whether a chain of these is the ledger's; False: what was inherited is not, so begin without it.

        Raises DivergedError where it is not, and would be published.
        """
        head, base = plan.head, plan.base
        is_inherited = base is not None and base.bookmark.epoch != head.epoch
        if segment is None or segment.last == head.seq:
            total = (kept.hash_in(head.columns) if kept else 0) + (segment.hash_in(head.columns) if segment else 0)
            is_right = total % HASH_MODULUS == head.hash
        else:  # the hash at this point is not known
            is_right = not is_inherited
            if base is not None and is_right:
                self._check_newest_row(base, head)
        if not is_right and is_inherited:
            self._strangers.add(head.parent)
        elif not is_right:
            raise DivergedError(f"With the rows up to {head.bookmark}, what is published is not the ledger")
        return is_right

    def _inherit(self, kept: Published | None, head: Head) -> None:
        """Link what an older epoch has published of this history under this epoch's names."""
        for name in reversed(kept.chain if kept else ()):
            if name.epoch != head.epoch:
                self.published.link(self.catalog.path(name), name.in_epoch(head.epoch))
