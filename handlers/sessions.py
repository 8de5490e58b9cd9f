"""The sessions function: makes access codes, exchanges them for sessions, and ends both. It is outside the network."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from handlers.access.access_table import AccessTable
from handlers.access.attempts import Attempts
from handlers.access.exchange import CodeExchange
from handlers.access.keys import Keys
from handlers.access.living import LivingSessions
from handlers.api.access import AccessControl
from handlers.api.visit import Visit
from handlers.aws.dynamodb import Deadline, make_client
from handlers.aws.secrets import Secret
from handlers.gateway.router import Router
from handlers.routes import SESSIONS
from handlers.settings import sessions_settings
from handlers.telemetry.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.settings import Settings


def make_router(
    table: AccessTable,
    keys: Keys,
    settings: Settings,
    now: Callable[[], float] = time.time,
    make_deadline: Callable[[], Deadline] = Deadline,
) -> Router:
    """Put the function together.

    Args:
        table: of codes and sessions.
        keys: of their hashes.
        settings: how long a session lasts, and what stands in front of the gateway.
        now: the time in seconds since 1970.
        make_deadline: gives each request the limit of its work on the table.
    """
    exchange = CodeExchange(table, keys, Attempts(table), settings.session_s, now)
    visit = Visit(exchange, LivingSessions(table, keys, now), settings, now, make_deadline)
    control = AccessControl(table, keys, now, make_deadline)
    return Router(SESSIONS, control.operations() | visit.operations(), Log(settings))


def make_handler(environ: Mapping[str, str]) -> Router:
    """Return the function for an environment. Raises SettingsError."""
    settings = sessions_settings(environ)
    table = AccessTable(make_client(settings.region), settings.sessions_table)
    return make_router(table, Keys(Secret(settings.session_key_arn, settings.region).versions), settings)


handler = make_handler(os.environ)
