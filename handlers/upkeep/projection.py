"""The projection: a batch of the table's stream becomes at most one publish.

Each append moves the head, so the head's records tell of every row, whoever appended it. A publish brings the snapshot
up to the ledger as it is by then, never less than the batch tells of, and a batch that comes again finds nothing to do.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import Problem
from handlers.ledger.stream import moves_of, partial_answer
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.published import DivergedError
from handlers.telemetry.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.head import Head
    from handlers.ledger.ledger import Ledger
    from handlers.ledger.stream import StreamRecord
    from handlers.snapshots.publish import Publisher

_log = logging.getLogger(__name__)


class Projection:
    """Brings the snapshot up to what the table's stream tells of.

    Args:
        ledger: the table.
        publisher: makes its snapshots.
    """

    def __init__(self, ledger: Ledger, publisher: Publisher) -> None:
        self._ledger = ledger
        self._publisher = publisher

    def project(self, records: Sequence[StreamRecord], limit_s: float) -> dict[str, object]:
        """Publish what a batch tells of.

        Args:
            records: the batch, as the stream gives it.
            limit_s: how long that may take.

        Returns:
            The partial batch answer: the first record that is not published yet, from which the stream goes on.

        Raises Problem (503) where the ledger is away: the whole batch comes again.
        """
        moves = moves_of(records)
        head = self._ledger.head(Deadline()) if moves else None
        return partial_answer(moves, self._reached(head, limit_s) if head else NOTHING)

    def _reached(self, head: Head, limit_s: float) -> Bookmark:
        """Publish, and return what readers can see then."""
        try:
            return self._publisher.publish(head.bookmark, Usage(), limit_s=limit_s).bookmark
        except DivergedError:
            _log.exception("nothing was published")
            return NOTHING
        except (Problem, OSError, sqlite3.Error, UnprovenError):
            _log.exception("the publish was not done")
            return visible(self._publisher, head)


def visible(publisher: Publisher, head: Head) -> Bookmark:
    """Return the newest point of a head's epoch that is published; 0.0 where that is not known now."""
    try:
        publisher.catalog.look(now=True)
        base = publisher.published.newest(head.epoch)
    except OSError as error:
        _log.warning("the snapshots cannot be read now: %s", error)
        return NOTHING
    return base.bookmark if base else NOTHING
