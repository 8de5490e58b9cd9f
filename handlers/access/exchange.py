"""A code becomes a session. Whatever is wrong with a code, the same calls are made and the same is said."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.access.access_code import plain
from handlers.access.address import network_of
from handlers.access.bearer import new_token
from handlers.access.code import code_from_item
from handlers.access.session import Session
from handlers.aws.sessions_table import ADDRESS, CODE, SESSION
from handlers.domain.problem import Problem
from handlers.domain.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.access.access_table import AccessTable
    from handlers.access.attempts import Attempts, Try
    from handlers.access.keys import Keys
    from handlers.aws.dynamodb import Deadline

REFUSED = "This code cannot be exchanged: it is wrong, used up, expired or disabled"
GIVING_BACK_S = 1.0  # what is left for giving a try back; longer than any pause between attempts

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entered:
    """A session that has begun, and its token, which nobody else has seen."""

    session: Session
    token: str


class CodeExchange:
    """Exchanges codes for sessions.

    Args:
        table: of codes and sessions.
        keys: of their hashes.
        attempts: of the addresses.
        session_s: how long a session lasts.
        now: the time in seconds since 1970.
    """

    def __init__(
        self, table: AccessTable, keys: Keys, attempts: Attempts, session_s: int, now: Callable[[], float]
    ) -> None:
        self._table = table
        self._keys = keys
        self._attempts = attempts
        self._session_s = session_s
        self._now = now

    def enter(self, entered: str, address: str, deadline: Deadline) -> Entered:
        """Exchange a code.

        Args:
            entered: as the visitor entered it.
            address: that the visitor asks from.

        Raises:
            Problem: 403, it cannot be exchanged; 429, too many wrong ones came from there; 503, the table or the keys
                are away.
        """
        address_id = self._keys.current_id(ADDRESS, network_of(address))
        tried = self._attempts.take(address_id, self._now(), deadline)
        try:
            entrance = self._entrance(plain(entered), deadline.sooner(GIVING_BACK_S))
        except Problem:  # it was not learned whether the code is right
            self._give_back(tried, deadline)
            raise
        if entrance is None:
            raise Problem("forbidden", REFUSED)
        self._give_back(tried, deadline)
        return entrance

    def _entrance(self, text: str, deadline: Deadline) -> Entered | None:
        """Exchange a code, once more where the keys were changed. Raises Problem (503)."""
        entrance = self._exchanged(text, deadline)
        if entrance is None and self._keys.have_changed():
            entrance = self._exchanged(text, deadline)
        return entrance

    def _exchanged(self, text: str, deadline: Deadline) -> Entered | None:
        """Look for a code and take one of its uses. It takes the same two calls where there is no such code."""
        now_s = self._now()
        ids = self._keys.ids(CODE, text)
        item = self._table.find(CODE, ids, deadline)
        code = code_from_item(item) if item else None
        token = new_token()
        session = Session(
            id=self._keys.current_id(SESSION, token),
            tenant=code.tenant if code else "-",
            scopes=code.scopes if code else (),
            code=code.id if code else ids[0],
            created_at=utc_text(now_s),
            expires_s=int(now_s) + self._session_s,
        )
        return Entered(session, token) if self._table.enter(session.code, session, now_s, deadline) else None

    def _give_back(self, tried: Try, deadline: Deadline) -> None:
        try:
            self._attempts.give_back(tried, deadline)
        except Problem as problem:  # a try less is no reason to say anything else to the visitor
            _log.warning("a try was not given back: %s", problem)
