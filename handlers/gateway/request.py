"""API Gateway's dictionaries (payload format 2.0): the only file that knows them.

Source: the API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs". Header names arrive in
lower case and repeated headers joined by commas; `rawQueryString` is as the client sent it, which is what lets a
repeated or blank parameter be seen at all.
"""

from __future__ import annotations

from handlers.domain.problem import Problem, field_error, invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Request:
    """One HTTP request. `route` and `path_parameters` are set by the router, the rest comes from the event.

    `is_authorized` tells whether the gateway let it through as somebody's, by IAM, a token or a session; `query` is as
    the client sent it.
    """

    __slots__ = (
        "_context",
        "_event",
        "headers",
        "is_authorized",
        "method",
        "path",
        "path_parameters",
        "query",
        "request_id",
        "route",
    )

    def __init__(self, event: Mapping[str, Any], lambda_context: object = None) -> None:
        context = event["requestContext"]
        self._event = event
        self._context = lambda_context
        self.method: str = context["http"]["method"]
        self.path: str = event["rawPath"]
        self.query: str = event.get("rawQueryString") or ""
        self.request_id: str = context.get("requestId", "")
        self.headers: Mapping[str, str] = event.get("headers") or {}
        authorizer = context.get("authorizer")
        self.is_authorized = bool(authorizer) and _is_somebody(authorizer)
        self.path_parameters: Mapping[str, str] = {}
        self.route = ""

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
        if not self.query:
            return parameters, errors
        for pair in filter(None, self.query.split("&")):
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

    def invocation_id(self) -> str:
        """Return Lambda's own id of the request, which its reports and the gateway's log have too; "" without one."""
        return getattr(self._context, "aws_request_id", "")

    def source_ip(self) -> str:
        """Return the address that the gateway was called from; "" where nobody says."""
        return self._event["requestContext"]["http"].get("sourceIp", "")

    def cookies(self) -> list[str]:
        """Return the cookies, each as "name=value"."""
        return self._event.get("cookies") or []

    def remaining_s(self) -> float | None:
        """Return the seconds until Lambda cuts the function off; None where nobody says."""
        remaining_ms: Callable[[], int] | None = getattr(self._context, "get_remaining_time_in_millis", None)
        return remaining_ms() / 1000 if remaining_ms else None

    def json_object(self) -> dict[str, object]:
        """Return the body as a JSON object; an empty body is {}. Raises Problem, as `json_object_of` does."""
        from handlers.gateway.body import json_object_of  # noqa: PLC0415 - most reads have no body

        text: str = self._event.get("body") or ""
        return json_object_of(text, bool(self._event.get("isBase64Encoded")), self.headers.get("content-type"))


def event_of_get(path: str, raw_query: str = "") -> dict[str, object]:
    """Return the event of a GET, for what the function asks of itself."""
    return {"rawPath": path, "rawQueryString": raw_query, "requestContext": {"http": {"method": "GET"}}}


def _is_somebody(authorizer: Mapping[str, Any]) -> bool:
    """Tell whether the gateway knows who asks: the edge's key alone says only by which way."""
    return "session" in (authorizer["lambda"] or ()) if "lambda" in authorizer else True


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
