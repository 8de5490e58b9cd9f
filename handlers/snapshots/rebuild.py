"""The rebuild: all segments made anew from the ledger, range by range, whatever is published.

The ranges that are done wait in `rebuild/`, so the next call, in any sandbox, goes on where this one stopped and reads
no row twice. Once they reach the head and their content hash is the ledger's, they are linked into `snapshots/`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import unavailable
from handlers.domain.timestamps import boottime_s
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.files import remove
from handlers.snapshots.names import Name
from handlers.snapshots.publish import BUILD_LIMIT_S
from handlers.snapshots.published import DivergedError, Proof, Published, PublishedSegments, check_history

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.ledger.head import Head
    from handlers.settings import Settings
    from handlers.snapshots.publish import Publisher
    from handlers.telemetry.usage import Usage


class Rebuild:
    """Rebuilds one ledger's snapshot.

    Args:
        publisher: of the same ledger.
        clock: the clock for the limit of a call, in seconds.
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
            written_bytes += self._build(done, head, end_s, usage)
        for name in reversed(done.chain):
            self._publisher.published.link(self._catalog.path(name), name)
        self._forget()
        published = self._publisher.publish(at_least, usage, compact=True, proof=Proof.WHOLLY)
        rebuilt = Published(published.chain, published.segments, "full", written_bytes + published.written_bytes)
        self._publisher.announce(rebuilt)
        return rebuilt

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
            self._forget()
            raise
        return done, head

    def _build(self, done: Published | None, head: Head, end_s: float, usage: Usage) -> int:
        first = done.bookmark.seq + 1 if done else 1
        with (
            self._publisher.maker.made(self._catalog, None, first, head, end_s=end_s, usage=usage) as (segment, path),
            self._publisher.staging.staged(path) as (temporary, size_bytes, digest),
        ):
            name = Name.of(Bookmark(head.epoch, segment.last), segment.first, digest)
            self._done.link(temporary, name)
        usage.lap("write")
        return size_bytes

    def _forget(self) -> None:
        for name in sorted(self._catalog.listed.names):
            remove(self._catalog.path(name))
