"""The API's client that the verbs share: connections kept alive, and every request sent until it is answered.

A request is sent again when its answer got lost or says that it can work later, so callers only send requests that
may arrive twice: reads, `POST /snapshots`, inserts with an `Idempotency-Key`, new jobs (one that gets no file ends by
itself) and changes of jobs. What may not arrive twice is sent by `post_once`, and what is measured by `once`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Self, cast

import httpx

from console.client.authorization import Authorization
from console.client.failures import refused, unexpected, unreachable
from console.client.retry import Retry, retry_after_s
from console.client.signing import LOOPBACK
from console.errors import ConsoleError
from handlers.routes import HOMES, SOURCES

TIMEOUT = httpx.Timeout(35.0, connect=5.0)  # the gateway gives up after 30 s
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30.0)
RETRY_FOR_S = 30.0
RETRIED = frozenset({429, 502, 503, 504})
IN_PROGRESS = 409  # with Retry-After
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
MAX_PORT = 65535
HOST_AND_PORT = r"[A-Za-z0-9.-]+:[0-9]{1,5}/?"


class Client:
    """A client of one API; also a context manager.

    Args:
        url: where the API is.
        retry_for_s: how long one request may be tried.
    """

    def __init__(self, url: str, retry_for_s: float = RETRY_FOR_S) -> None:
        self.url = url.rstrip("/")
        self._retry_for_s = retry_for_s
        self._has_answered = False
        self._homes: tuple[str, ...] = ()
        try:
            base = httpx.URL(self.url)
            if base.scheme not in ("http", "https") or not base.host or (base.port or 0) > MAX_PORT:
                raise httpx.InvalidURL("no http address")
        except httpx.InvalidURL:
            meant = f"http://{url}" if re.fullmatch(HOST_AND_PORT, url) else "https://…"
            raise ConsoleError(f"{url!r} is not an http(s) URL", f"give --url {meant}") from None
        trust_env = base.host not in LOOPBACK
        self._auth = Authorization(self.url)
        self._http = httpx.Client(base_url=base, timeout=TIMEOUT, limits=LIMITS, trust_env=trust_env, auth=self._auth)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(
        self, path: str, parameters: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """GET until it is answered with 200. Raises ConsoleError."""
        return self._send(self._http.build_request("GET", path, params=parameters, headers=headers), self._retry_for_s)

    def post(
        self,
        path: str,
        content: object,
        headers: Mapping[str, str] | None = None,
        retry_for_s: float | None = None,
    ) -> httpx.Response:
        """POST JSON until it is answered with 2xx. Raises ConsoleError."""
        request = self._http.build_request("POST", path, json=content, headers=headers)
        return self._send(request, retry_for_s or self._retry_for_s)

    def post_once(self, path: str, content: object) -> httpx.Response:
        """POST JSON that may not arrive twice. Raises ConsoleError: NotDoneError where nothing was done."""
        return self._send(self._http.build_request("POST", path, json=content), None)

    def delete(self, path: str) -> httpx.Response:
        """DELETE until it is answered with 2xx. Raises ConsoleError."""
        return self._send(self._http.build_request("DELETE", path), self._retry_for_s)

    def homes(self) -> tuple[str, ...]:
        """Return the homes that the API has; of one that does not say, those that are always there.

        Raises ConsoleError. It is asked once.
        """
        if not self._homes:
            said = read_members(self.get("/")).get("homes")
            self._homes = tuple(home for home in HOMES if isinstance(said, list) and home in said) or SOURCES
        return self._homes

    def prepared(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: object = None,
    ) -> httpx.Request:
        """Prepare a request for `once`, with its token, and with what else the API has asked an earlier one for.

        Args:
            content: the body, to be sent as JSON; None sends no body.
        """
        request = self._http.build_request(method, path, params=parameters, headers=headers, json=content)
        self._auth.complete(request)
        return request

    def once(self, request: httpx.Request) -> httpx.Response:
        """Send a prepared request once and return whatever comes back: for measuring. Raises httpx.TransportError."""
        return self._http.send(request, auth=None)

    def _send(self, request: httpx.Request, limit_s: float | None) -> httpx.Response:
        """Send a request for so long; None: once."""
        retry = None if limit_s is None else Retry(limit_s)
        is_doubtful = False  # an attempt may have been carried out
        while True:
            try:
                response = self._http.send(request)
            except httpx.TransportError as error:
                is_doubtful |= not isinstance(error, NEVER_SENT)
                # An API that never answered is more likely not there than about to be.
                if retry is None or not self._has_answered or not retry.pause():
                    raise unreachable(self.url, error, is_doubtful=is_doubtful) from error
                continue
            self._has_answered = True
            if response.is_success:
                return response
            is_doubtful |= is_undecided(response)
            if retry is None or not is_temporary(response) or not retry.pause(retry_after_s(response)):
                raise refused(response, is_doubtful=is_doubtful)


def read_members(response: httpx.Response) -> dict[str, object]:
    """Return the answer's JSON object. Raises ConsoleError where it is something else."""
    try:
        content: object = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise unexpected(response, "not a JSON object")
    return cast("dict[str, object]", content)


def is_undecided(response: httpx.Response) -> bool:
    """Tell whether an answer leaves open if the request was carried out: in part, or by an attempt that still runs."""
    return response.status_code >= 500 or is_running(response)


def is_running(response: httpx.Response) -> bool:
    """Tell whether the first request with this Idempotency-Key may still be at work."""
    return response.status_code == IN_PROGRESS and "retry-after" in response.headers


def is_temporary(response: httpx.Response) -> bool:
    """Tell whether the same request can work later."""
    return response.status_code in RETRIED or is_running(response)
