"""The right to call an API, as requests show it: a token, the edge's key, a signature (SigV4); each where it is needed.

A token in API_TOKEN goes with each read: a session's, or one of whoever issues tokens for the API. The edge's key is
looked for when the API says 401 for the first time, a signer when it says 403: from then on all requests have the
first, and those that are no reads with a token the second. None of it goes over an unencrypted connection to another
machine, and no error shows it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from typing import TYPE_CHECKING

import httpx

from console.client.edge_key import find_edge_key
from console.client.signing import LOOPBACK, find_signer, sign
from console.errors import ConsoleError
from handlers.routes import OPEN_OPERATIONS, OPEN_ROUTES, ROUTES, gateway_routes, methods
from handlers.settings import EDGE_KEY_HEADER

if TYPE_CHECKING:
    from botocore.auth import SigV4Auth

UNAUTHORIZED, FORBIDDEN = 401, 403
TOKEN = r"[A-Za-z0-9._~+/-]+=*"  # noqa: S105 - not one, but what one is made of: RFC 6750, section 2.1
TOKEN_HINT = "set API_TOKEN to the token alone, or unset it"  # noqa: S105
SQL = "sql"


class Authorization(httpx.Auth):
    """Shows what an API asks for.

    Args:
        url: the API's address; its routes are below it.

    Raises ConsoleError where API_TOKEN holds something else than a token.
    """

    requires_request_body = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._prefix = httpx.URL(url).path.rstrip("/")
        self._token = _token()
        self._signer: SigV4Auth | None = None
        self._edge_key = ""
        self._has_looked = False  # for the edge's key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Send the request, and again with what it lacked if that can be had. Raises ConsoleError."""
        self.complete(request)
        response = yield request
        while _is_private(request.url) and self._finds_more(request, response.status_code):
            self.complete(request)
            response = yield request

    def complete(self, request: httpx.Request) -> None:
        """Give the request what the API is known to ask for."""
        if not _is_private(request.url):
            return
        if self._edge_key:
            request.headers[EDGE_KEY_HEADER] = self._edge_key
        if self._takes_token(request):
            request.headers["authorization"] = f"Bearer {self._token}"
        elif self._signer is not None and not self._is_one_of(OPEN, request):
            sign(request, self._signer)

    def _finds_more(self, request: httpx.Request, status: int) -> bool:
        """Look for what the refusal of a request asks for, once. Returns whether it was found."""
        if status == UNAUTHORIZED and not self._has_looked:
            self._has_looked = True
            self._edge_key = find_edge_key(self._url)
            return bool(self._edge_key)
        if status == FORBIDDEN and self._signer is None and not self._takes_token(request):
            if self._is_one_of(OPEN, request):
                return False  # the API's own word: it asks for no signature
            self._signer = find_signer(request.url.host)
            return self._signer is not None
        return False

    def _takes_token(self, request: httpx.Request) -> bool:
        """Tell whether there is a token, and the request is one that whoever reads is let through for."""
        return bool(self._token) and not self._is_one_of(WRITES, request)

    def _is_one_of(self, routes: tuple[re.Pattern[str], ...], request: httpx.Request) -> bool:
        asked = f"{request.method} {request.url.path.removeprefix(self._prefix)}"
        return any(route.fullmatch(asked) for route in routes)


def _token() -> str:
    token = os.environ.get("API_TOKEN", "").strip()
    if token and not re.fullmatch(TOKEN, token):
        raise ConsoleError("API_TOKEN holds something else than a token", TOKEN_HINT)
    return token


def _is_private(url: httpx.URL) -> bool:
    return url.scheme == "https" or url.host in LOOPBACK


def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route)))


OPEN = tuple(_pattern(route) for route in sorted(OPEN_ROUTES))  # a visitor's own
_EXPLICIT = gateway_routes(has_sessions=True)
# The routes that the gateway lets through as writes.
WRITES = tuple(
    _pattern(f"{method} {path}")
    for verb, path, _, operation in ROUTES
    for method in methods(verb)
    if f"{method} {path}" in _EXPLICIT and operation not in (SQL, *OPEN_OPERATIONS)
)
