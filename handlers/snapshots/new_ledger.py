"""The making of a ledger: later than every ledger before it, and known to readers at once."""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import TYPE_CHECKING

from handlers.ledger.appender import Appender
from handlers.telemetry.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.ledger import Ledger
    from handlers.snapshots.publish import Publisher

_log = logging.getLogger(__name__)


def make_appender(ledger: Ledger, publisher: Publisher, now: Callable[[], float] = time.time) -> Appender:
    """Return the appender that writes to this ledger, and makes it where there is none."""
    return Appender(ledger, lambda: _new_epoch(publisher, now), lambda made: _publish_empty(publisher, made), now)


def _new_epoch(publisher: Publisher, now: Callable[[], float]) -> int:
    """Return max(UTC milliseconds, greatest epoch among the published snapshots + 1): later than any ledger before."""
    now_ms = int(now() * 1000)
    try:
        return max(now_ms, publisher.published.greatest_epoch() + 1)
    except (OSError, sqlite3.Error):
        _log.exception("no snapshot can be listed; the clock alone gives the new ledger's epoch")
        return now_ms


def _publish_empty(publisher: Publisher, bookmark: Bookmark) -> None:
    """Publish the new ledger without rows, so that readers leave an older one as soon as the new one is made."""
    try:
        publisher.publish(bookmark, Usage())
    except Exception:  # noqa: BLE001 - whatever it is, the ledger is made
        _log.exception("the new ledger's empty snapshot was not published; the next publish takes its place")
