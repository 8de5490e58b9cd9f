"""The authorizer: the gateway asks it who may come in: with the edge's key, with a session, or with both.

It is outside the network, where Secrets Manager can be reached.
It answers every request that can be judged, and raises where the keys or the table are away: the gateway then says 500
and lets nobody in, and keeps no refusal for those who have their session.
Source: the API Gateway developer guide, "Control access to HTTP APIs with AWS Lambda authorizers", payload format 2.0
and simple responses.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from handlers.access.access_table import AccessTable
from handlers.access.keys import Keys
from handlers.access.living import LivingSessions
from handlers.access.permission import Permission
from handlers.aws.dynamodb import Deadline, make_client
from handlers.aws.secrets import Secret
from handlers.settings import SESSION, authorizer_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.settings import Settings


class Authorizer:
    """The function.

    Args:
        permission: decides.
    """

    def __init__(self, permission: Permission) -> None:
        self._permission = permission

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, object]:
        """Answer the gateway. Raises Problem where nobody can tell."""
        given: Mapping[str, str] = event.get("headers") or {}
        headers = {name.lower(): value for name, value in given.items()}
        known = self._permission.decide(str(event.get("routeKey")), headers)
        return {"isAuthorized": known is not None, "context": known or {}}


def make_authorizer(
    settings: Settings,
    now: Callable[[], float] = time.time,
    make_deadline: Callable[[], Deadline] = Deadline,
) -> Authorizer:
    """Put the function together.

    Args:
        settings: who has to be asked for what.
        now: the time in seconds since 1970.
        make_deadline: gives each request the limit of its work on the table.
    """
    edge_keys = Keys(Secret(settings.edge_key_arn, settings.region).versions) if settings.edge_key_arn else None
    sessions = None
    if settings.read_auth == SESSION:
        table = AccessTable(make_client(settings.region), settings.sessions_table)
        sessions = LivingSessions(table, Keys(Secret(settings.session_key_arn, settings.region).versions), now)
    return Authorizer(Permission(edge_keys, sessions, make_deadline))


def make_handler(environ: Mapping[str, str]) -> Authorizer:
    """Return the function for an environment. Raises SettingsError."""
    return make_authorizer(authorizer_settings(environ))


handler = make_handler(os.environ)
