"""The local stand-in for API Gateway's HTTP API: an ASGI app that turns each request into a function's event.

Routes are exact ("POST /insert"), but for a parameter that takes one part of a path ("DELETE /jobs/{id}"); everything
else is `$default`. What a function does wrong is never shown to the client: it gets the gateway's own short messages,
and the log gets the reason.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from console.local import payload
from console.local.access.guard import Guard, Refused
from console.local.cors import is_preflight, preflight_headers, with_cors
from console.local.function import FunctionFailed, FunctionTimedOut, PayloadTooLarge

MAX_BODY_BYTES = 10 * 1024 * 1024
DEFAULT_ROUTE = "$default"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Coroutine[None, None, None]]
Invoke = Callable[[dict[str, object]], Awaitable[object]]

_PARAMETER = re.compile(r"\\{\w+\\}")  # within a route that has been escaped

_logger = logging.getLogger(__name__)


class Gateway:
    """The ASGI app.

    Args:
        functions: by name, what gives an event to a function and returns its answer.
        routes: explicit route keys and the name of the function each goes to.
        default: the name of the function that answers everything else.
        guards: by route key, who says whether a request may come in; the other routes are open.
    """

    def __init__(
        self,
        functions: Mapping[str, Invoke],
        routes: Mapping[str, str],
        default: str,
        guards: Mapping[str, Guard] | None = None,
    ) -> None:
        self._functions = functions
        self._routes = routes
        self._default = default
        self._guards = guards or {}
        self._patterns = {_pattern(route): route for route in routes if "{" in route}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and end."""
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        body = await body_of(receive)
        if body is None:
            return
        request, request_id = _request(scope, body), str(uuid.uuid4())
        if is_preflight(request.method, request.headers):
            response = payload.response({"statusCode": 204, "headers": preflight_headers(request.headers)})
        else:
            response = await self._answer(request, request_id)
            response = replace(response, headers=with_cors(request.headers, response.headers))
        await _send(send, response, request_id, is_head=request.method == "HEAD")

    async def _answer(self, request: payload.HttpRequest, request_id: str) -> payload.HttpResponse:
        if len(request.body) > MAX_BODY_BYTES:
            return _message(413, "Request Entity Too Large")
        route_key = self._route_key(f"{request.method} {request.path}")
        function = self._routes.get(route_key, self._default)
        event = payload.event(request, route_key, request_id)
        try:
            if route_key in self._guards:
                event = await self._guards[route_key].admit(event)
            return payload.response(await self._functions[function](event))
        except Refused as refusal:
            return _message(refusal.status, str(refusal))
        except (FunctionFailed, payload.MalformedAnswer) as error:
            _logger.warning("%s %s: function %s: %s", request.method, request.path, function, error)
            return _failure(error)

    def _route_key(self, asked: str) -> str:
        if asked in self._routes:
            return asked
        return next((route for pattern, route in self._patterns.items() if pattern.fullmatch(asked)), DEFAULT_ROUTE)


def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub("[^/]+", re.escape(route)))


def _failure(error: Exception) -> payload.HttpResponse:
    if isinstance(error, PayloadTooLarge):
        return _message(413, "Request Entity Too Large")
    if isinstance(error, FunctionTimedOut):
        return _message(503, "Service Unavailable")
    return _message(500, "Internal Server Error")


def _message(status: int, text: str) -> payload.HttpResponse:
    return payload.HttpResponse(status, [("content-type", "application/json")], json.dumps({"message": text}).encode())


async def body_of(receive: Receive) -> bytes | None:
    """Return the whole body; None when the client has gone away before it was sent."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _request(scope: Message, body: bytes) -> payload.HttpRequest:
    return payload.HttpRequest(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        protocol=f"HTTP/{scope['http_version']}",
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        body=body,
        client=scope["client"][0],
        port=scope["server"][1],
    )


async def _send(send: Send, response: payload.HttpResponse, request_id: str, *, is_head: bool) -> None:
    """Send a response with the length of its body; where HEAD is answered without one, with the length it states."""
    headers = [*response.headers, ("apigw-requestid", request_id)]
    has_body = response.status not in {204, 304}
    if response.body or not is_head:
        headers = [header for header in headers if header[0] != "content-length"]
        headers += [("content-length", str(len(response.body)))] if has_body else []
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": response.body if has_body else b""})


async def live(receive: Receive, send: Send) -> None:
    """Take part in the server's start and end."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
