"""A publisher that tells outside of what it has made visible, and of a ledger from which the snapshots have parted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from handlers.domain.timestamps import boottime_s
from handlers.events.event import ledger_diverged, snapshot_published
from handlers.events.outbox import Outbox
from handlers.snapshots.publish import BUILD_LIMIT_S, Publisher
from handlers.snapshots.published import DivergedError, LeftError, Proof

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.ledger import Ledger
    from handlers.settings import Settings
    from handlers.snapshots.published import Published
    from handlers.telemetry.usage import Usage


class AnnouncingPublisher(Publisher):
    """Publishes, and puts an event down for each new bookmark, and for a fault.

    Args:
        outbox: takes the events.
        now: the time in seconds since 1970.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        outbox: Outbox,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = boottime_s,
    ) -> None:
        super().__init__(ledger, settings, clock)
        self._outbox = outbox
        self._now = now

    def publish(
        self,
        at_least: Bookmark,
        usage: Usage,
        *,
        compact: bool = False,
        proof: Proof = Proof.UNCHANGED,
        limit_s: float = BUILD_LIMIT_S,
    ) -> Published:
        """Do as `Publisher.publish` does, and tell of a divergence."""
        try:
            return super().publish(at_least, usage, compact=compact, proof=proof, limit_s=limit_s)
        except LeftError:  # nothing is wrong: whoever asked is late
            raise
        except DivergedError as error:
            self.warn(at_least, str(error))
            raise

    def announce(self, published: Published) -> None:
        """Put down that a snapshot has become visible."""
        self._outbox.put(snapshot_published(self.ledger.table_name, published, self._now()))

    def warn(self, bookmark: Bookmark, fault: str) -> None:
        """Put down that what is published is not the ledger's, or not what it was."""
        self._outbox.put(ledger_diverged(self.ledger.table_name, bookmark, fault, self._now()))


def make_publisher(ledger: Ledger, settings: Settings, now: Callable[[], float] = time.time) -> Publisher:
    """Return a function's publisher, which tells outside of what it does where somebody wants to hear of it."""
    if not settings.has_notifications:
        return Publisher(ledger, settings)
    return AnnouncingPublisher(ledger, settings, Outbox(ledger.client, ledger.table_name), now)
