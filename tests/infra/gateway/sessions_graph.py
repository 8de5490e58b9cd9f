"""The graph of a stack whose reads need a session, recorded once for all tests."""

from __future__ import annotations

from functools import cache

from tests.infra.graph import Graph
from tests.infra.program import run


@cache
def with_sessions() -> Graph:
    """`dev` whose reads need a session."""
    return run("dev", {"readAuth": "session", "rollout": "canary"})
