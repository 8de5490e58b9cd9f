"""Every error answer: one exception, rendered as RFC 9457 application/problem+json.

`KINDS` is the whole list of what can go wrong. A detail says what was wrong and what is allowed, never internals.
"""

from __future__ import annotations

import json

TYPE_PREFIX = "urn:lambda-sqlite:problem:"

KINDS: dict[str, tuple[int, str]] = {
    "malformed-request": (400, "The request is malformed"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "Method not allowed"),
    "conflict": (409, "The request conflicts with another one"),
    "epoch-replaced": (409, "The ledger of that bookmark was replaced"),
    "other-columns": (409, "The ledger's rows have other columns"),
    "diverged": (409, "The published snapshots belong to another history"),
    "no-rows": (409, "There are no rows yet"),
    "content-too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body's media type is not supported"),
    "invalid-content": (422, "The body is well-formed but wrong"),
    "too-many-requests": (429, "Too many requests"),
    "internal-error": (500, "Internal error"),
    "not-there-yet": (503, "The requested bookmark is not there yet"),
    "unavailable": (503, "A dependency is not available"),
}

SHOWN_ERRORS = 20
SHOWN_CHARACTERS = 80


class Problem(Exception):  # noqa: N818 - "problem" is RFC 9457's own word
    """An error answer.

    Args:
        kind: a key of `KINDS`; gives the status, the type and the title.
        detail: one sentence for the caller.
        errors: one entry a wrong field, as `field_error` makes them.
        headers: further response headers, in lower case.
        members: further members of the problem object.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        members: dict[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}
        self.members = members or {}

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return KINDS[self.kind][0]

    def body(self, instance: str) -> str:
        """Return the problem object as JSON text; `instance` is the request's id."""
        members: dict[str, object] = {
            "type": TYPE_PREFIX + self.kind,
            "title": KINDS[self.kind][1],
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors:
            members["errors"] = self.errors[:SHOWN_ERRORS]
        return json.dumps(members | self.members)


def field_error(field: str, got: object, allowed: str) -> dict[str, str]:
    """Describe one wrong field: its name and what was got (both shortened), what is allowed."""
    return {"field": _shortened(field), "got": shown(got), "allowed": allowed}


def invalid(kind: str, errors: list[dict[str, str]]) -> Problem:
    """Return a problem of `kind` whose detail is its first error, said in one sentence."""
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem(kind, f"{first['field']}: got {first['got']}, allowed: {first['allowed']}{more}", errors)


def unavailable(detail: str, retry_after_s: int = 1, kind: str = "unavailable") -> Problem:
    """Return a 503 with Retry-After: the same request can work later."""
    return Problem(kind, detail, headers={"retry-after": str(retry_after_s)})


def shown(got: object) -> str:
    """Return `got` as short JSON text, whatever it is."""
    try:
        return _shortened(json.dumps(got, default=repr))
    except RecursionError:
        return "something nested too deeply to show"


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
