"""A visitor's entrance: an access code exchanged for a session, and what to do where it lets nobody in."""

from __future__ import annotations

import math

from console.access.calls import Members, enter
from console.client.client import Client
from console.errors import ConsoleError
from console.wording import counted

WRONG_CODE = "forbidden"
TOO_MANY = 429
ASK_HINT = "ask for a new code; on the local stack codes are gone after a restart"


def exchange(client: Client, access_code: str) -> Members:
    """Exchange an access code for a session. Returns the answer: `session` and `token`. Raises ConsoleError."""
    try:
        return enter(client, access_code)
    except ConsoleError as error:
        if error.problem == WRONG_CODE:
            error.hint = ASK_HINT
        if error.status == TOO_MANY and error.retry_after_s:
            error.hint = f"wait {counted(math.ceil(error.retry_after_s / 60), 'minute')}, then try again"
        raise
