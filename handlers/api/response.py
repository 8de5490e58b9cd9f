"""One HTTP response, and every form that answers have: JSON, text, health, problems."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.domain.bookmark import Bookmark
    from handlers.domain.problem import Problem

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"


class Response:
    """One HTTP response with a text body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: str = "", headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}

    def to_event(self) -> dict[str, object]:
        """Return the dictionary that the gateway understands (payload format 2.0)."""
        return {"statusCode": self.status, "headers": self.headers, "body": self.body}


def json_response(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    """Return an answer that is not to be cached."""
    return Response(status, json.dumps(content), _uncached(JSON_TYPE) | (headers or {}))


def text_response(media_type: str, text: str) -> Response:
    """Return an answer that is text in UTF-8 and not to be cached."""
    return Response(200, text, _uncached(f"{media_type}; charset=utf-8"))


def health_response(
    role: str, bookmark: Bookmark, build: dict[str, object], members: dict[str, object] | None = None
) -> Response:
    """Return the answer of a function that is well: its role, its runtime and the newest bookmark it knows."""
    content: dict[str, object] = {"status": "ok", "role": role, "build": build, "bookmark": str(bookmark)}
    return json_response(200, content | (members or {}))


def problem_response(problem: Problem, instance: str) -> Response:
    """Return the answer for a problem; `instance` is the request's id."""
    return Response(problem.status, problem.body(instance), _uncached(PROBLEM_TYPE) | problem.headers)


def _uncached(media_type: str) -> dict[str, str]:
    return {"content-type": media_type, "cache-control": "no-store"}
