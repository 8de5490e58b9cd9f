"""The answers that say what is wrong: one for each status, with an example for each kind."""

from __future__ import annotations

from handlers.domain.problem import KINDS, TYPE_PREFIX
from handlers.openapi.schemas import Schema, ref

ON_ALL = ("Vary", "Content-Encoding")


def header_refs(names: tuple[str, ...]) -> Schema:
    """Return an answer's headers by name, with those that all answers have."""
    return {name: ref(name, "headers") for name in (*names, *ON_ALL)}


def problems() -> dict[str, object]:
    """Return one response for each status of an error, with an example for each kind."""
    return {f"Problem{status}": _problem(status) for status in sorted({status for status, _ in KINDS.values()})}


def _problem(status: int) -> Schema:
    kinds = [kind for kind, (of_kind, _) in KINDS.items() if of_kind == status]
    names = ("Cache-Control", *{405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ()))
    return {
        "description": "; ".join(KINDS[kind][1] for kind in kinds),
        "headers": header_refs(names) | _own_headers(status),
        "content": {
            "application/problem+json": {
                "schema": ref("Problem"),
                "examples": {kind: {"value": _problem_example(kind)} for kind in kinds},
            }
        },
    }


def _own_headers(status: int) -> dict[str, object]:
    """Return a status's own headers.

    409 has Retry-After only while the first call with the same Idempotency-Key is at work.
    """
    schema: Schema = {"type": "integer", "minimum": 1}
    return {"Retry-After": {"description": "Where waiting helps.", "schema": schema}} if status == 409 else {}


def _problem_example(kind: str) -> Schema:
    status, title = KINDS[kind]
    detail = 'limit: got "0", allowed: an integer from 1 to 1000' if kind == "malformed-request" else title
    return {
        "type": TYPE_PREFIX + kind,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "UhZ5rhKqliAEJqA=",
    }
