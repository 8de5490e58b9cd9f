"""API Gateway's dictionaries (payload format 2.0): the only file that knows them.

Source: the API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs". Header names arrive in
lower case and repeated headers joined by commas; `rawQueryString` is as the client sent it, which is what lets a
repeated or blank parameter be seen at all.
"""

from __future__ import annotations

import json

from handlers.domain.problem import Problem, field_error, invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

MAX_BODY_BYTES = 1_000_000


class Request:
    """One HTTP request. `path_parameters` are set by the router, the rest comes from the event.

    `is_authorized` tells whether the gateway let it through as somebody's, by IAM or a token.
    """

    __slots__ = ("_context", "_event", "headers", "is_authorized", "method", "path", "path_parameters", "request_id")

    def __init__(self, event: Mapping[str, Any], lambda_context: object = None) -> None:
        context = event["requestContext"]
        self._event = event
        self._context = lambda_context
        self.method: str = context["http"]["method"]
        self.path: str = event["rawPath"]
        self.request_id: str = context.get("requestId", "")
        self.headers: Mapping[str, str] = event.get("headers") or {}
        self.is_authorized = bool(context.get("authorizer"))
        self.path_parameters: Mapping[str, str] = {}

    def parameters(self, allowed: tuple[str, ...]) -> dict[str, str]:
        """Return the query's parameters. Raises Problem that names all that are unknown, repeated or blank."""
        parameters, errors = self.checked_parameters(allowed)
        if errors:
            raise invalid("malformed-request", errors)
        return parameters

    def checked_parameters(self, allowed: tuple[str, ...]) -> tuple[dict[str, str], list[dict[str, str]]]:
        """Return the query's parameters, and what is wrong with those that are left out of them.

        So the caller can say in one answer what is wrong with the others' values too. Raises Problem where the query is
        not percent-encoded UTF-8.
        """
        parameters: dict[str, str] = {}
        errors: list[dict[str, str]] = []
        query: str = self._event.get("rawQueryString") or ""
        for pair in filter(None, query.split("&")):
            name, _, value = (_decoded(part) for part in pair.partition("="))
            if name not in allowed:
                errors.append(field_error(name, value, _names(allowed)))
            elif name in parameters:
                errors.append(field_error(name, value, "this parameter once"))
            elif not value:
                errors.append(field_error(name, value, "a value that is not blank"))
            parameters[name] = value
        if errors:
            wrong = {error["field"] for error in errors}
            parameters = {name: parameters[name] for name in allowed if name in parameters and name not in wrong}
        return parameters, errors

    def remaining_s(self) -> float | None:
        """Return the seconds until Lambda cuts the function off; None where nobody says."""
        remaining_ms: Callable[[], int] | None = getattr(self._context, "get_remaining_time_in_millis", None)
        return remaining_ms() / 1000 if remaining_ms else None

    def json_object(self) -> dict[str, object]:
        """Return the body as a JSON object; an empty body is {}.

        Raises Problem: 400 malformed, 413 over 1 MB, 415 not JSON, 422 not an object.
        """
        body = self._body()
        if not body.strip():
            return {}
        media_type, _, options = self.headers.get("content-type", "").partition(";")
        charset = options.replace(" ", "").replace('"', "").lower()
        if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
            got = self.headers.get("content-type")
            raise invalid("unsupported-media-type", [field_error("content-type", got, "application/json in UTF-8")])
        content = _parsed(body)
        if not isinstance(content, dict):
            raise Problem("invalid-content", "The body must be a JSON object")
        return content  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys

    def _body(self) -> bytes:
        text: str = self._event.get("body") or ""
        body = _from_base64(text) if self._event.get("isBase64Encoded") else text.encode("utf-8", "surrogatepass")
        if len(body) > MAX_BODY_BYTES:
            raise Problem("content-too-large", f"The body has {len(body)} bytes, allowed are {MAX_BODY_BYTES}")
        return body


def event_of_get(path: str, raw_query: str = "") -> dict[str, object]:
    """Return the event of a GET, for what the function asks of itself."""
    return {"rawPath": path, "rawQueryString": raw_query, "requestContext": {"http": {"method": "GET"}}}


def _from_base64(text: str) -> bytes:
    import binascii  # noqa: PLC0415 - a library of its own to load, and reads have no body

    try:
        return binascii.a2b_base64(text)
    except ValueError:
        raise Problem("malformed-request", "The body is not base64, though the event says so") from None


def _decoded(text: str) -> str:
    """Decode percent-encoding, strictly: a broken escape or bytes that are not UTF-8 are errors, never replaced."""
    if "%" not in text:
        return text.replace("+", " ")
    head, *escapes = text.replace("+", " ").split("%")
    try:
        raw = head.encode() + b"".join(bytes((_hex(part[:2]),)) + part[2:].encode() for part in escapes)
        return raw.decode()
    except ValueError:
        raise Problem("malformed-request", "The query is not percent-encoded UTF-8") from None


def _hex(digits: str) -> int:
    if len(digits) != 2 or not (digits.isascii() and digits.isalnum()):
        raise ValueError(digits)
    return int(digits, 16)


def _names(allowed: tuple[str, ...]) -> str:
    return "only " + ", ".join(allowed) if allowed else "no parameters"


def _parsed(body: bytes) -> object:
    """Parse JSON as RFC 8259 has it: no NaN, no Infinity, no repeated names, in UTF-8, no half of a surrogate pair."""
    try:
        content = json.loads(
            body.decode(), parse_constant=_no_constant, parse_int=_integer, object_pairs_hook=_without_repeats
        )
        _check_pairs(body, content)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Problem("malformed-request", f"The body is not JSON: {reason}") from None
    return content


def _check_pairs(body: bytes, content: object) -> None:
    """Raise ValueError for half of a surrogate pair, which only an escape can bring in: no UTF-8 can hold it."""
    if b"\\u" in body:
        json.dumps(content, ensure_ascii=False).encode()


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _integer(digits: str) -> float:
    # Python refuses integers of more than 4300 digits; as a float they are infinite, hence out of any field's range.
    return int(digits) if len(digits) <= 400 else float(digits)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members
