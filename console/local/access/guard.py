"""The gateway's authorizer: who may come in is a function's to say, and what it says counts for a while.

Source: API Gateway developer guide, "Working with AWS Lambda authorizers for HTTP APIs", for payload format 2.0 with
simple responses. A request without one of the identity sources is answered with 401, and the function is not called.
What the function says, be it yes or no, counts for all requests with the same values of these until the time to live is
over: so `$context.routeKey` among them makes it count for one route. A function that fails, or does not say, is a 500.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from console.local.function import FunctionFailed
from console.local.payload import ACCOUNT_ID, API_ID

TTL_S = 60.0
HEADER, CONTEXT = "$request.header.", "$context."

Event = dict[str, object]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GuardPlan:
    """What is guarded, and by which function.

    Attributes:
        function: the authorizer's name.
        sources: the identity sources, as selection expressions: headers, and variables of the context.
        routes: the route keys that it guards; all others are open.
    """

    function: str
    sources: Sequence[str]
    routes: Sequence[str]


class Refused(Exception):  # noqa: N818 - what happened, and no error of ours
    """The gateway answers in the function's place: `status`, and the exception's text as message."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Guard:
    """The authorizer of some routes, with what it has said of late.

    Args:
        ask: gives an event to the authorizer's function.
        sources: the identity sources.
    """

    def __init__(self, ask: Callable[[Event], Awaitable[object]], sources: Sequence[str]) -> None:
        self._ask = ask
        self._sources = sources
        self._said: dict[tuple[str, ...], tuple[float, Mapping[str, object]]] = {}

    async def admit(self, event: Event) -> Event:
        """Return a function's event with the authorizer's context in it. Raises Refused."""
        identity = tuple(_value(event, source) for source in self._sources)
        if not all(identity):
            raise Refused(401, "Unauthorized")
        said = self._remembered(identity) or await self._answer(event, identity)
        if not said["isAuthorized"]:
            raise Refused(403, "Forbidden")
        context = cast("Event", event["requestContext"])
        return event | {"requestContext": context | {"authorizer": {"lambda": said.get("context", {})}}}

    def _remembered(self, identity: tuple[str, ...]) -> Mapping[str, object] | None:
        now_s = time.monotonic()
        self._said = {known: (end_s, said) for known, (end_s, said) in self._said.items() if now_s < end_s}
        _, said = self._said.get(identity, (0.0, None))
        return said

    async def _answer(self, event: Event, identity: tuple[str, ...]) -> Mapping[str, object]:
        try:
            said = await self._ask(_authorizer_event(event, identity))
        except FunctionFailed as error:
            raise _failure(str(error)) from None
        if not isinstance(said, dict) or not isinstance(cast("Event", said).get("isAuthorized"), bool):
            raise _failure(f"it said {said!r}, allowed: an object with the boolean isAuthorized")
        answer = cast("Event", said)
        self._said[identity] = (time.monotonic() + TTL_S, answer)
        return answer


def _value(event: Event, source: str) -> str:
    """Return the value of an identity source in an event; nothing where it is not there."""
    if source.startswith(HEADER):
        values = cast("Mapping[str, str]", event["headers"])
        return values.get(source.removeprefix(HEADER).lower(), "")
    context: Any = event["requestContext"]
    return context.get(source.removeprefix(CONTEXT), "")


def _authorizer_event(event: Event, identity: Sequence[str]) -> Event:
    """Return the event for the authorizer: the function's own without the body, and what identifies the client."""
    asked = {name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")}
    method = cast("Any", event["requestContext"])["http"]["method"]
    place = f"{API_ID}/$default/{method}{event['rawPath']}"
    return asked | {
        "type": "REQUEST",
        "routeArn": f"arn:aws:execute-api:local:{ACCOUNT_ID}:{place}",
        "identitySource": list(identity),
    }


def _failure(reason: str) -> Refused:
    _logger.warning("the authorizer failed: %s", reason)
    return Refused(500, "Internal Server Error")
