"""The rebuild: all segments made anew from the ledger, range by range, whatever is published.

The ranges that are done wait in `rebuild/`, so the next call, in any sandbox, goes on where this one stopped and reads
no row twice. Once they reach the head and their content hash is the ledger's, they are linked into `snapshots/`.

A request goes on from the first range that is missing (`go_on`). A job plans all that are missing up to a goal, has
them built by many sandboxes at once, and publishes when none is missing any more: each step may be taken twice.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import hash_text
from handlers.domain.problem import unavailable
from handlers.domain.timestamps import boottime_s
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.files import remove
from handlers.snapshots.names import Name
from handlers.snapshots.publish import BUILD_LIMIT_S
from handlers.snapshots.published import DivergedError, Proof, Published, PublishedSegments, check_history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from handlers.ledger.head import Head
    from handlers.settings import Settings
    from handlers.snapshots.publish import Publisher
    from handlers.telemetry.usage import Usage


class RowSpan(NamedTuple):
    """The rows first … last."""

    first: int
    last: int


class Goal(NamedTuple):
    """The head that a rebuild aims at: up to where, and the content hash of the rows by a version of the columns."""

    bookmark: Bookmark
    hash: int
    columns: int

    def to_json(self) -> dict[str, object]:
        """Return it as whoever drives the steps keeps it."""
        return {"bookmark": str(self.bookmark), "hash": hash_text(self.hash), "columns": self.columns}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Goal:
        """Return what `to_json` gave."""
        return cls(Bookmark.parse(told["bookmark"]), int(told["hash"], 16), told["columns"])


class Rebuild:
    """Rebuilds one ledger's snapshot.

    Args:
        publisher: of the same ledger.
        clock: the clock for the limit of a call, in seconds.

    Beside what they say, all methods raise Problem (503) and OSError where the ledger or EFS is away, sqlite3.Error
    where the sandbox's disk is full, and DivergedError where what is published, or was built, is not of this ledger.
    """

    def __init__(self, publisher: Publisher, settings: Settings, clock: Callable[[], float] = boottime_s) -> None:
        self._publisher = publisher
        self._catalog = Catalog(os.path.join(settings.efs_dir, "rebuild"))
        self._done = PublishedSegments(self._catalog, settings.verify_max_bytes)
        self._clock = clock

    def go_on(self, at_least: Bookmark, usage: Usage) -> Published:
        """Build the ranges that are missing, and publish them once they are all there.

        Raises what `Publisher.publish` raises: Problem (503) that says how far it is, where the time does not suffice.
        """
        end_s = self._clock() + BUILD_LIMIT_S
        head = self._publisher.head_of(at_least)
        self._publisher.check_published(head)
        written_bytes = 0
        while True:
            done, head = self._newest(head)
            if done is not None and done.bookmark == head.bookmark:
                break
            if self._clock() >= end_s:
                reached = done.bookmark if done else "nothing"
                raise unavailable(f"The snapshot was rebuilt up to {reached} of {head.bookmark}; ask again to go on")
            first = done.bookmark.seq + 1 if done else 1
            written_bytes += self._build(first, None, head, end_s, usage)[1]
        self._link(done)
        self.forget()
        published = self._publisher.publish(at_least, usage, compact=True, proof=Proof.WHOLLY)
        rebuilt = Published(published.chain, published.segments, "full", written_bytes + published.written_bytes)
        self._publisher.announce(rebuilt)
        return rebuilt

    def proven(self, range_rows: int, limit_s: float, usage: Usage) -> Published | None:
        """Prove all bytes of what is published. Returns it where it is the ledger as it is now, else None.

        Args:
            range_rows: as many rows may be missing; they are published.
            limit_s: how long that may take.
        """
        head = self._head()
        self._publisher.check_published(head)
        base = self._publisher.published.newest(head.epoch, proof=Proof.WHOLLY)
        if head.seq and (base is None or head.seq - base.bookmark.seq > range_rows):
            return None
        return self._publisher.publish(head.bookmark, usage, limit_s=limit_s)

    def plan(self, goal: Goal | None, range_rows: int) -> tuple[Goal, list[RowSpan]]:
        """Return which ranges are missing, and up to where: the head as it is now, unless a goal is given."""
        head = self._head() if goal is None else self._publisher.head_of(goal.bookmark)
        if goal is None:
            self._publisher.check_published(head)
            goal = Goal(head.bookmark, head.hash, head.columns)
        held = [name for name in self._held(goal.bookmark) if self._done.prove(name) is not None]
        return goal, missing_spans(held, goal.bookmark.seq, range_rows)

    def build(self, goal: Goal, span: RowSpan, limit_s: float, usage: Usage) -> int:
        """Build a range, unless it is there, or as much of it as the time allows. Returns the last row that is held."""
        end_s = self._clock() + limit_s
        head = self._publisher.head_of(goal.bookmark)
        for name in self._held(goal.bookmark):
            if name.first == span.first and self._done.prove(name) is not None:
                return name.last
        return self._build(span.first, span.last - span.first + 1, head, end_s, usage)[0].last

    def rows_done(self, goal: Goal) -> int:
        """Return how many of a goal's rows are held."""
        missing = missing_spans(self._held(goal.bookmark), goal.bookmark.seq, goal.bookmark.seq)
        return goal.bookmark.seq - sum(span.last - span.first + 1 for span in missing)

    def publish(self, goal: Goal, limit_s: float, usage: Usage) -> Published | None:
        """Prove what was built, hold its hash against the goal's, and publish it with the rows appended meanwhile.

        Returns None where a range is missing, be it because it turned out damaged.
        """
        end_s = self._clock() + limit_s
        self._publisher.head_of(goal.bookmark)
        self._catalog.look(now=True)
        done = self._done.newest(goal.bookmark.epoch, upto=goal.bookmark.seq, proof=Proof.WHOLLY)
        if goal.bookmark.seq and (done is None or done.bookmark != goal.bookmark):
            return None
        if done is not None and done.hash_in(goal.columns) != goal.hash:
            self.forget()
            raise DivergedError(f"The ledger's rows up to {goal.bookmark} do not have the hash that its head said")
        if done is not None:
            self._link(done)
            self._publisher.catalog.look(now=True)
            for name, segment in zip(done.chain, done.segments, strict=True):
                self._publisher.published.add(name, segment)
        self._prove_others(goal.bookmark.epoch)
        limit_s = max(0.0, end_s - self._clock())
        published = self._publisher.publish(goal.bookmark, usage, compact=True, limit_s=limit_s)
        self._publisher.announce(replace(published, build="full"))
        return published

    def forget(self) -> None:
        """Remove what was built, and is published or of no use."""
        for name in sorted(self._catalog.look(now=True).names):
            remove(self._catalog.path(name))

    def _head(self) -> Head:
        head = self._publisher.ledger.head(Deadline())
        if head is None:
            raise DivergedError("The table has no ledger")
        return head

    def _held(self, upto: Bookmark) -> list[Name]:
        """Return the names of what is built of a history, up to a point."""
        names = self._catalog.look(now=True).names
        return sorted(name for name in names if name.epoch == upto.epoch and name.last <= upto.seq)

    def _prove_others(self, epoch: int) -> None:
        """Prove all bytes of the newest chain; where a segment fails, and goes to quarantine, of the next newest."""
        published, catalog = self._publisher.published, self._publisher.catalog
        while not all(published.is_proven_wholly(name) for name in catalog.look(now=True).chain_of(epoch)):
            pass

    def _newest(self, head: Head) -> tuple[Published | None, Head]:
        """Return what is done already, and the head to reach: a later one where another call has gone further.

        Raises DivergedError where it is of another history; it is forgotten then.
        """
        self._catalog.look(now=True)
        done = self._done.newest(head.epoch)
        if done is None:
            return None, head
        try:
            if done.bookmark > head.bookmark:
                head = self._publisher.head_of(head.bookmark)
            check_history(done, head)
        except DivergedError:
            self.forget()
            raise
        return done, head

    def _build(self, first: int, most_rows: int | None, head: Head, end_s: float, usage: Usage) -> tuple[Name, int]:
        """Build one segment. Returns its name, and its size in bytes."""
        maker = self._publisher.maker
        with (
            maker.made(self._catalog, None, first, head, end_s=end_s, usage=usage, most_rows=most_rows) as (
                segment,
                path,
            ),
            self._publisher.staging.staged(path) as (temporary, size_bytes, digest),
        ):
            name = Name.of(Bookmark(head.epoch, segment.last), segment.first, digest)
            self._done.link(temporary, name)
        usage.lap("write")
        return name, size_bytes

    def _link(self, done: Published) -> None:
        for name in reversed(done.chain):
            self._publisher.published.link(self._catalog.path(name), name)


def missing_spans(held: Iterable[Name], last: int, most_rows: int) -> list[RowSpan]:
    """Return which of the rows 1 … last are in none of these segments, each span of at most so many rows.

    A span ends where a segment begins; of segments that begin at one row the longest counts.
    """
    ends: dict[int, int] = {}
    for name in held:
        ends[name.first] = max(name.last, ends.get(name.first, 0))
    missing: list[RowSpan] = []
    next_first = 1
    for first in (*sorted(ends), last + 1):
        while next_first < first:
            missing.append(RowSpan(next_first, min(first - 1, next_first + most_rows - 1)))
            next_first = missing[-1].last + 1
        if first == next_first:
            next_first = ends.get(first, first) + 1
    return missing
