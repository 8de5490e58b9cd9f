"""The health of an API's function, asked before rows are sent or read: both sides need the same columns."""

from __future__ import annotations

import httpx

from console.client.client import Client, read_members
from console.errors import ConsoleError
from handlers.rows import MODEL

HINT = "restart `make serve`, deploy, or use the checkout that was deployed"


def ask_health(client: Client, path: str = "/health") -> httpx.Response:
    """Return a function's health.

    Raises ConsoleError, also where it runs with other columns than this checkout; an older one does not say.
    """
    response = client.get(path)
    if read_members(response).get("columns", MODEL.rows_version) != MODEL.rows_version:
        raise ConsoleError(f"{client.url} runs with other columns than handlers/rows.py declares", HINT)
    return response
