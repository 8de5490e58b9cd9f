"""The authorizer's decision: who may come in by which route."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from handlers.access.bearer import bearer_of
from handlers.access.code import READ, SQL
from handlers.routes import OPEN_ROUTES, PREFLIGHT, SQL_ROUTES
from handlers.settings import EDGE_KEY_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.access.keys import Keys
    from handlers.access.living import LivingSessions
    from handlers.aws.dynamodb import Deadline


class Permission:
    """Decides by the gateway's route, as the gateway's cache does, never by the path.

    Args:
        edge_keys: the edge's, one of which has to come with the request; None where there is no edge.
        sessions: one of which has to be the visitor's; None where reads need none.
        make_deadline: gives each decision the limit of its work on the table.
    """

    def __init__(
        self, edge_keys: Keys | None, sessions: LivingSessions | None, make_deadline: Callable[[], Deadline]
    ) -> None:
        self._edge_keys = edge_keys
        self._sessions = sessions
        self._make_deadline = make_deadline

    def decide(self, route_key: str, headers: Mapping[str, str]) -> dict[str, str] | None:
        """Return what is known of whoever asks, for the function behind the gateway; None: they may not come in.

        Args:
            route_key: the gateway's, such as "$default".
            headers: with names in lower case.

        Raises:
            Problem: the table or the keys are away.
        """
        deadline = self._make_deadline()  # before the keys are read, which takes of its time
        if self._edge_keys and not self._is_by_edge(self._edge_keys, headers.get(EDGE_KEY_HEADER, "")):
            return None
        if self._sessions is None or route_key in OPEN_ROUTES or route_key == PREFLIGHT:
            return {"edge": "yes"} if self._edge_keys else {}
        session = self._sessions.find(bearer_of(headers), deadline)
        if session is None or (SQL if route_key in SQL_ROUTES else READ) not in session.scopes:
            return None
        return {"session": session.id, "tenant": session.tenant, "scopes": " ".join(session.scopes)}

    def _is_by_edge(self, keys: Keys, given: str) -> bool:
        return is_one_of(given, keys.versions()) or (keys.have_changed() and is_one_of(given, keys.versions()))


def is_one_of(given: str, versions: tuple[str, ...]) -> bool:
    """Tell whether a text is one of these, in a time that says nothing about them."""
    text = given.encode("utf-8", "surrogatepass")
    return True in [hmac.compare_digest(text, each.encode()) for each in versions]
