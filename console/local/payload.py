"""Payload format 2.0: an HTTP request as a function's event, and a function's answer as an HTTP response.

Both are pure functions that follow what API Gateway's HTTP API does: the path arrives decoded, the query
string both raw and decoded, repeated headers and parameters joined with commas, cookies as a list of their
own, and a body as text only where its content type says text and its bytes are UTF-8.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl

ACCOUNT_ID = "000000000000"
API_ID = "local"
_TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})
# Each side of the gateway frames its own messages.
_FRAMING_HEADERS = frozenset({"connection", "content-length", "transfer-encoding"})
_INFERRED_TYPE = "application/json"
_DEFAULT_TYPE = "text/plain; charset=utf-8"


class MalformedAnswer(ValueError):  # noqa: N818 - AWS calls it a malformed Lambda proxy response
    """A function's answer that cannot be turned into an HTTP response."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request: `path` decoded, `query` as it came, header names in lower case."""

    method: str
    path: str
    query: str
    protocol: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    client: str
    port: int


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response; a header name may stand there several times."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def event(request: HttpRequest, route_key: str, request_id: str) -> dict[str, object]:
    """Return the event for a request; optional keys are absent where the gateway leaves them out."""
    headers = _headers(request)
    content: dict[str, object] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": _context(request, headers, route_key, request_id),
    }
    if cookies := [
        cookie.strip() for name, value in request.headers if name == "cookie" for cookie in value.split(";")
    ]:
        content["cookies"] = cookies
    if parameters := _joined(parse_qsl(request.query, keep_blank_values=True)):
        content["queryStringParameters"] = parameters
    return content | _body(request.body, headers.get("content-type", ""))


def _headers(request: HttpRequest) -> dict[str, str]:
    left_out = _FRAMING_HEADERS | {"cookie"}
    headers = _joined([header for header in request.headers if header[0] not in left_out])
    forwarded_for = headers.get("x-forwarded-for")
    return headers | {
        "content-length": str(len(request.body)),
        "x-amzn-trace-id": headers.get("x-amzn-trace-id", f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"),
        "x-forwarded-for": f"{forwarded_for}, {request.client}" if forwarded_for else request.client,
        "x-forwarded-port": str(request.port),
        "x-forwarded-proto": "http",
    }


def _joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _context(request: HttpRequest, headers: Mapping[str, str], route_key: str, request_id: str) -> dict[str, object]:
    now_ms = time.time_ns() // 1_000_000
    domain = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    return {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.client,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": route_key,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now_ms // 1000)),
        "timeEpoch": now_ms,
    }


def _body(body: bytes, content_type: str) -> dict[str, object]:
    if not body:
        return {"isBase64Encoded": False}
    try:
        if _is_text(content_type):
            return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _is_text(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in _TEXT_TYPES or media_type.startswith("text/") or media_type.endswith(("+json", "+xml"))


def response(answer: object) -> HttpResponse:
    """Return the HTTP response for what a function returned.

    Raises:
        MalformedAnswer: a status, header, cookie or body that is not what the payload format allows.
    """
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return HttpResponse(200, [("content-type", _INFERRED_TYPE)], body.encode())
    fields = cast("dict[str, object]", answer)
    body = _answered_body(fields)
    headers = _answered_headers(fields, has_body=bool(body))
    if body and "content-type" not in dict(headers):
        headers.append(("content-type", _DEFAULT_TYPE))
    return HttpResponse(_status(fields["statusCode"]), headers, body)


def _status(status: object) -> int:
    if isinstance(status, int) and 200 <= status <= 599:
        return status
    raise MalformedAnswer(f"statusCode: got {status!r}, allowed: an integer from 200 to 599")


def _answered_headers(fields: Mapping[str, object], *, has_body: bool) -> list[tuple[str, str]]:
    """The headers; the length of a body that is left out, as in an answer to HEAD, is not framing."""
    headers, cookies = fields.get("headers", {}), fields.get("cookies", [])
    if not isinstance(headers, dict) or not isinstance(cookies, list):
        raise MalformedAnswer("headers must be an object, cookies a list")
    named = [(name.lower(), str(value)) for name, value in cast("dict[str, object]", headers).items()]
    left_out = _FRAMING_HEADERS if has_body else _FRAMING_HEADERS - {"content-length"}
    return [header for header in named if header[0] not in left_out] + [
        ("set-cookie", str(cookie)) for cookie in cast("list[object]", cookies)
    ]


def _answered_body(fields: Mapping[str, object]) -> bytes:
    body = fields.get("body") or ""
    if not isinstance(body, str):
        raise MalformedAnswer(f"body: got a {type(body).__name__}, allowed: a string")
    if not fields.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise MalformedAnswer("body is not base64") from error
