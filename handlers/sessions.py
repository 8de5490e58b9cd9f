"""The sessions function: makes access codes, exchanges them for sessions, and ends both. It is outside the network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import make_client
from handlers.domain.problem import unavailable
from handlers.gateway.router import Router
from handlers.routes import SESSION_OPERATIONS, SESSIONS
from handlers.settings import sessions_settings
from handlers.telemetry.log import Log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.gateway.request import Request
    from handlers.gateway.response import Response


def make_handler(environ: Mapping[str, str]) -> Router:
    """Return the function for an environment. Raises SettingsError."""
    settings = sessions_settings(environ)
    make_client(settings.region)

    def not_yet(_: Request) -> Response:
        raise unavailable("There are no sessions yet")

    return Router(SESSIONS, dict.fromkeys(SESSION_OPERATIONS, not_yet), Log(settings))


handler = make_handler(os.environ)
