"""One measured request: sent once, timed, and its answer read afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import httpx

from console.client.client import Client

TIMEOUT = "timeout"
CONNECTION = "connection"
UNREADABLE = "unreadable"

SENT = "http11.send_request_headers.started"

Numbers = dict[str, float]


@dataclass(frozen=True)
class Exchange:
    """A request and its answer.

    Args:
        started_s: when the request was handed over, on the clock of the run.
        sent_s: when its first byte was sent: later than `started_s` by what a new connection takes.
        ended_s: when the answer was there in full, or what went wrong.
        error: its status, `timeout`, `connection`, or `unreadable` for an answer that is not this API's.
        members: the answer's JSON object; empty with an error.
    """

    started_s: float
    sent_s: float
    ended_s: float
    error: str | None
    members: Mapping[str, object]

    @property
    def phases_ms(self) -> Numbers:
        """Return the milliseconds that the function spent on each phase; `total` is all of it."""
        return read_numbers(self.members.get("timings_ms"))

    @property
    def consumed(self) -> Numbers:
        """The numbers of the answer's receipt; empty where there is none."""
        return read_numbers(self.members.get("consumed"))


class Probe:
    """Sends what is measured.

    Args:
        client: the API's client, with connections kept alive.
        clock: in seconds.
    """

    def __init__(self, client: Client, clock: Callable[[], float] = time.perf_counter) -> None:
        self._client = client
        self._clock = clock

    def get(
        self, path: str, parameters: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Exchange:
        """GET once."""
        return self._exchange(self._client.prepared("GET", path, parameters, headers))

    def post(self, path: str, content: object, headers: Mapping[str, str]) -> Exchange:
        """POST JSON once."""
        return self._exchange(self._client.prepared("POST", path, None, headers, content))

    def _exchange(self, request: httpx.Request) -> Exchange:
        sent: list[float] = []

        def trace(event: str, _: object) -> None:
            if event == SENT:
                sent.append(self._clock())

        request.extensions["trace"] = trace
        members: Mapping[str, object] = {}
        started_s = self._clock()
        try:
            response = self._client.once(request)
            ended_s = self._clock()
            error, members = _read(response)
        except httpx.RequestError as failure:
            ended_s = self._clock()
            error = TIMEOUT if isinstance(failure, httpx.TimeoutException) else CONNECTION
        return Exchange(started_s, sent[0] if sent else started_s, ended_s, error, members)


def read_numbers(content: object) -> Numbers:
    """Return the members of a JSON object that are numbers."""
    if not isinstance(content, dict):
        return {}
    members = cast("dict[str, object]", content).items()
    return {name: float(value) for name, value in members if type(value) in (int, float)}  # pyright: ignore[reportArgumentType] - a number


def _read(response: httpx.Response) -> tuple[str | None, Mapping[str, object]]:
    """Return the error of an answer, if it is one, and its members."""
    if not response.is_success:
        return str(response.status_code), {}
    try:
        content: object = response.json()
    except ValueError:
        return UNREADABLE, {}
    if not isinstance(content, dict) or "total" not in read_numbers(
        cast("dict[str, object]", content).get("timings_ms")
    ):
        return UNREADABLE, {}
    return None, cast("dict[str, object]", content)
