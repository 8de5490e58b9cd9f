"""What every error answer has in common."""

from __future__ import annotations

from typing import Any

from handlers.domain.problem import KINDS, TYPE_PREFIX
from tests.support.api import Answer


def assert_problem(answer: Answer, kind: str, *parts: str) -> dict[str, Any]:
    """The answer is a problem of this kind whose detail has these parts; returns the problem object."""
    status, title = KINDS[kind]
    problem = answer.json
    assert (answer.status, problem["type"]) == (status, TYPE_PREFIX + kind), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert (problem["title"], problem["status"]) == (title, status)
    assert problem["instance"]
    assert ("retry-after" in answer.headers) >= (status == 503)
    for part in parts:
        assert part in problem["detail"]
    return problem
