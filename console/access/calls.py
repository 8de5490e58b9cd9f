"""The API's routes of access codes and sessions: its owner's, and the one by which a visitor enters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

import httpx

from console.client.client import Client, read_members
from console.client.failures import unexpected
from console.errors import ConsoleError, NotDoneError
from console.paths import PROGRAM
from handlers.domain.paging import MAX_LIMIT

CODES, SESSIONS = "codes", "sessions"
SINGULAR = {CODES: "code", SESSIONS: "session"}

Members = Mapping[str, Any]


def make_code(client: Client, tenant: str, max_uses: int, expires_at: str, scopes: Sequence[str]) -> Members:
    """Make an access code. Returns the answer: `access_code`, which nobody is shown again, and `code`.

    Args:
        expires_at: an RFC 3339 time; empty leaves it to the API.
        scopes: none leaves them to the API.

    Raises ConsoleError.
    """
    asked = {"tenant": tenant, "max_uses": max_uses, "expires_at": expires_at, "scopes": list(scopes)}
    doubt = f"a code may have been made: `{PROGRAM} access codes --tenant {tenant}` shows it"
    response = _post_once(client, "/access/codes", {name: value for name, value in asked.items() if value}, doubt)
    return _with(response, "access_code", str)


def enter(client: Client, access_code: str) -> Members:
    """Exchange an access code for a session. Returns the answer: `session` and `token`. Raises ConsoleError."""
    doubt = f"the code may have been spent: its owner's `{PROGRAM} access sessions --tenant …` shows whether it was"
    return _with(_post_once(client, "/sessions", {"code": access_code}, doubt), "token", str)


def listed(client: Client, kind: str, tenant: str) -> list[Members]:
    """Return all codes, or living sessions, of a tenant. Raises ConsoleError.

    Args:
        kind: `CODES` or `SESSIONS`.
    """
    found: list[Members] = []
    asked = {"tenant": tenant, "limit": str(MAX_LIMIT)}
    while True:
        members = _with(client.get(f"/access/{kind}", asked), kind, list)
        found += cast("list[Members]", members[kind])
        if not members.get("next"):
            return found
        asked["cursor"] = str(members["next"])


def end(client: Client, kind: str, record_id: str) -> Members:
    """Disable a code, or end a session. Returns it as it is now. Raises ConsoleError.

    Args:
        kind: `CODES` or `SESSIONS`.
    """
    response = client.delete(f"/access/{kind}/{quote(record_id, safe='')}")
    return cast("Members", _with(response, SINGULAR[kind], dict)[SINGULAR[kind]])


def _post_once(client: Client, path: str, content: object, doubt: str) -> httpx.Response:
    """POST what may not arrive twice. Raises ConsoleError, whose hint is the doubt where it may have been done."""
    try:
        return client.post_once(path, content)
    except NotDoneError:
        raise
    except ConsoleError as error:
        error.hint = doubt
        raise


def _with(response: httpx.Response, name: str, kind: type) -> Members:
    """Return an answer's members. Raises ConsoleError where the one with this name is of another kind."""
    members = read_members(response)
    if not isinstance(members.get(name), kind):
        raise unexpected(response, f"no {name}")
    return members
