"""Sessions found by their tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.access.session import session_from_item
from handlers.aws.sessions_table import SESSION
from handlers.domain.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.access.access_table import AccessTable
    from handlers.access.keys import Keys
    from handlers.access.session import Session
    from handlers.aws.dynamodb import Deadline


class LivingSessions:
    """The sessions that let somebody in.

    Args:
        table: where they are kept.
        keys: of their hashes.
        now: the time in seconds since 1970.
    """

    def __init__(self, table: AccessTable, keys: Keys, now: Callable[[], float]) -> None:
        self._table = table
        self._keys = keys
        self._now = now

    def find(self, token: str, deadline: Deadline) -> Session | None:
        """Return the living session of a token; None where there is none ("" is nobody's).

        Raises Problem (503) where the table or the keys are away.
        """
        if not token:
            return None
        item = self._table.find(SESSION, self._keys.ids(SESSION, token), deadline)
        if item is None and self._keys.have_changed():
            item = self._table.find(SESSION, self._keys.ids(SESSION, token), deadline)
        session = session_from_item(item) if item else None
        return session if session and session.is_living(self._now()) else None

    def end(self, session: Session, deadline: Deadline) -> Session:
        """End a session. Returns it as it is then. Raises Problem (503) where the table is away."""
        now_s = self._now()
        self._table.end(SESSION, session.id, now_s, deadline)
        return replace(session, ended_at=utc_text(now_s))
