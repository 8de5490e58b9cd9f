"""The token of a session: whoever has it has the session. It comes as a bearer's, or in a cookie.

Source: RFC 6265bis, "Cookie Name Prefixes": a browser takes a cookie named `__Host-…` from the very host alone, over
HTTPS, for all of its paths.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
COOKIE = "__Host-session"
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def bearer_of(headers: Mapping[str, str]) -> str:
    """Return the token that headers (in lower case) bear; "" where there is none, or what can't be one."""
    match = BEARER.fullmatch(headers.get("authorization") or "")
    return _token(match[1] if match else "")


def cookie_of(cookies: Iterable[str]) -> str:
    """Return the token that is among cookies (each as "name=value"); "" as above."""
    named = (cookie.strip().partition("=") for cookie in cookies)
    return _token(next((value for name, _, value in named if name == COOKIE), ""))


def cookie_with(token: str, seconds: int) -> str:
    """Return the cookie that keeps a token for so long."""
    return f"{COOKIE}={token}; Max-Age={seconds}; {ATTRIBUTES}"


NO_COOKIE = cookie_with("", 0)


def _token(text: str) -> str:
    return text if TOKEN.fullmatch(text) else ""
