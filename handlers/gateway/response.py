"""One HTTP response, and every form that answers have: JSON, text, health, problems."""

from __future__ import annotations

import json

from handlers.rows import MODEL
from handlers.telemetry.log import NONE, WELL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.domain.bookmark import Bookmark
    from handlers.domain.problem import Problem
    from handlers.telemetry.log import Values
    from handlers.telemetry.usage import Receipts, Usage

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"


class Response:
    """One HTTP response; `is_base64` says that its body is the base64 text of other bytes.

    Attributes:
        outcome: `WELL`, or in one word what kept it from that, for the log.
        measured: its times and its receipt as members of JSON, for the log.
        used: its metrics by path.
        cookies: those that the client is to keep, each as the value of a Set-Cookie header.
    """

    __slots__ = ("body", "cookies", "headers", "is_base64", "measured", "outcome", "status", "used")

    def __init__(self, status: int, body: str = "", headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}
        self.is_base64 = False
        self.outcome = WELL
        self.measured = ""
        self.used: Values = NONE
        self.cookies: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Tell whether all was done that was asked for."""
        return self.outcome == WELL

    def leave_body_out(self) -> None:
        """Make this the answer to HEAD: no body, but its length (a 304 has none)."""
        if self.status != 304:
            padded = len(self.body) // 4 * 3
            size_bytes = padded - self.body[-2:].count("=") if self.is_base64 else len(self.body.encode())
            self.headers["content-length"] = str(size_bytes)
        self.body, self.is_base64 = "", False

    def to_event(self) -> dict[str, object]:
        """Return the dictionary that the gateway understands (payload format 2.0)."""
        event: dict[str, object] = {"statusCode": self.status, "headers": self.headers, "body": self.body}
        if self.is_base64:
            event["isBase64Encoded"] = True
        if self.cookies:
            event["cookies"] = [*self.cookies]
        return event


def json_response(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    """Return an answer that is not to be cached."""
    return json_text_response(status, json.dumps(content), headers)


def json_text_response(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """Return the same of JSON text."""
    return Response(status, text, _uncached(JSON_TYPE) | (headers or {}))


def text_response(media_type: str, text: str) -> Response:
    """Return an answer that is text in UTF-8 and not to be cached."""
    return Response(200, text, _uncached(f"{media_type}; charset=utf-8"))


def health_of(role: str, bookmark: Bookmark, build: dict[str, object]) -> dict[str, object]:
    """Return what a function says that is well: its role, runtime and columns, and the newest bookmark it knows."""
    return {
        "status": "ok",
        "role": role,
        "build": build,
        "columns": MODEL.rows_version,
        "bookmark": str(bookmark),
    }


def measured_response(
    place: tuple[str, str], members: str | None, headers: dict[str, str], usage: Usage, receipts: Receipts
) -> Response:
    """Return the answer of a read path, with its times and its receipt; 304 where there are no members.

    Args:
        place: the read path, and the bookmark of what was read.
        members: the answer's own, as JSON text.
        headers: the answer's own.
        usage: of the request, which ends here.
        receipts: makes the receipt.
    """
    source, bookmark = place
    timings = usage.timings()
    consumed, consumed_header = receipts.end(usage, timings.billed_ms())
    headers["snapshot-bookmark"] = bookmark
    headers["server-timing"] = timings.header
    headers["consumed"] = consumed_header
    if usage.lag is not None:
        headers |= usage.lag.header()
    copy = f',"copy":{json.dumps(usage.copy)}' if source == "sqlite-tmp" else ""
    measured = f'"timings_ms":{timings.member},"consumed":{consumed}{copy}'
    if members is None:
        response = Response(304, "", headers)
    else:
        headers["content-type"] = JSON_TYPE
        response = Response(200, f'{{"source":"{source}","bookmark":"{bookmark}",{members},{measured}}}', headers)
    response.measured, response.used = measured, receipts.used
    return response


def problem_response(problem: Problem, instance: str) -> Response:
    """Return the answer for a problem; `instance` is the request's id."""
    response = Response(problem.status, problem.body(instance), _uncached(PROBLEM_TYPE) | problem.headers)
    response.outcome = problem.kind
    return response


def _uncached(media_type: str) -> dict[str, str]:
    return {"content-type": media_type, "cache-control": "no-store"}
