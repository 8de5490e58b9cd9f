"""The command function's health: the ledger, how far the newest snapshot lags behind it, and what was verified."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from handlers.domain.bookmark import NOTHING
from handlers.domain.hashes import hash_text
from handlers.domain.lag import Lag
from handlers.gateway.response import health_of, json_response
from handlers.upkeep.findings import LEVELS, Findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.dynamodb import Deadline
    from handlers.domain.bookmark import Bookmark
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.ledger.head import Head
    from handlers.ledger.ledger import Ledger
    from handlers.snapshots.catalog import Catalog

_log = logging.getLogger(__name__)


class CommandStatus:
    """The command function's own operation.

    Args:
        catalog: the listing of what is published.
        build: `runtime_of` the function.
        make_deadline: gives each request the limit of its work on the ledger.
        now: the time in seconds since 1970.
    """

    def __init__(
        self,
        ledger: Ledger,
        catalog: Catalog,
        build: dict[str, object],
        make_deadline: Callable[[], Deadline],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._findings = Findings(ledger)
        self._catalog = catalog
        self._build = build
        self._make_deadline = make_deadline
        self._now = now

    def health(self, request: Request) -> Response:
        """GET /command/health: the ledger's head, the newest snapshot, how far that lags, and what was verified.

        It makes no ledger.
        """
        request.parameters(())
        deadline = self._make_deadline()
        listed = self._listed()  # before the head: whatever is listed then was in the ledger already
        head = self._ledger.any_head(deadline)
        members: dict[str, object] = {"hash": None, "snapshot": None, "lag": None, "diverged": None}
        members["verified"] = dict.fromkeys(LEVELS)
        headers: dict[str, str] = {}
        if head is None and listed is not None:
            members["diverged"] = listed.seq > 0  # something was published of a ledger that is not here
        if head is not None:
            members["hash"] = None if head.is_replaced else hash_text(head.hash)
            findings = {level: self._findings.last(level, deadline) for level in LEVELS}
            members["verified"] = {level: last.answer() if last else None for level, last in findings.items()}
            headers = {} if listed is None else self._compare(head, listed, members, deadline)
        content = health_of("command", head.bookmark if head else NOTHING, self._build)
        return json_response(200, content | members, headers)

    def _listed(self) -> Bookmark | None:
        """Return the newest point that is published; None where that is not known now: writes work without it."""
        try:
            return self._catalog.look(now=True).bookmark
        except OSError as error:
            _log.warning("the snapshots cannot be listed now: %s", error)
            return None

    def _compare(self, head: Head, listed: Bookmark, members: dict[str, object], deadline: Deadline) -> dict[str, str]:
        """Add what the newest snapshot is beside the head. Returns the header of its lag, where that is known."""
        members["snapshot"] = str(listed)
        # Of another history, or with other columns: no lag says how far it is from this one.
        members["diverged"] = listed > head.bookmark or not head.has_our_columns
        if members["diverged"]:
            return {}
        lag = self._lag(head, listed, deadline)
        members["lag"] = lag.answer()
        return lag.header()

    def _lag(self, head: Head, published: Bookmark, deadline: Deadline) -> Lag:
        """Return how many rows are not published, and for how many seconds the oldest of them has not been."""
        first = head.first_beyond(published)
        if first > head.seq:
            return Lag()
        return Lag(head.seq - first + 1, self._ledger.created_at(head, first, deadline), self._now())
