"""New epochs: of a ledger just made, and of one that begins a new history; known to readers at once."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from handlers.domain.problem import unavailable
from handlers.ledger.appender import Appender
from handlers.ledger.branch import branch_off
from handlers.telemetry.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.dynamodb import Deadline
    from handlers.ledger.head import Head
    from handlers.ledger.ledger import Ledger
    from handlers.snapshots.publish import Publisher

_log = logging.getLogger(__name__)


def make_appender(ledger: Ledger, publisher: Publisher, now: Callable[[], float] = time.time) -> Appender:
    """Return the appender that writes to this ledger, and makes it where there is none."""
    return Appender(ledger, lambda: _first_epoch(publisher, now), lambda made: _publish_empty(publisher, made), now)


def begin_epoch(ledger: Ledger, publisher: Publisher, now: Callable[[], float], deadline: Deadline) -> Head:
    """Make the ledger as it is the newest history: a new epoch, later than all that was published.

    Raises Problem: 409 where the ledger is written to meanwhile, 503 where it is away, or EFS.
    """
    head = ledger.head(deadline)
    if head is None:
        raise unavailable("There is no ledger yet; the first insert makes it")
    try:
        published = publisher.greatest_epoch()
    except OSError as error:
        raise unavailable("The snapshots cannot be listed now") from error
    return branch_off(ledger, head, head, max(int(now() * 1000), published + 1, head.epoch + 1), deadline)


def _first_epoch(publisher: Publisher, now: Callable[[], float]) -> int:
    """Return max(UTC milliseconds, greatest epoch among the published snapshots + 1): later than any ledger before."""
    now_ms = int(now() * 1000)
    try:
        return max(now_ms, publisher.greatest_epoch() + 1)
    except OSError:
        _log.exception("no snapshot can be listed; the clock alone gives the new ledger's epoch")
        return now_ms


def _publish_empty(publisher: Publisher, head: Head) -> None:
    """Publish the new ledger without rows, so that readers leave an older one as soon as the new one is made."""
    try:
        publisher.publish(head.bookmark, Usage())
    except Exception:  # noqa: BLE001 - whatever it is, the ledger is made
        _log.exception("the new ledger's empty snapshot was not published; the next publish takes its place")
