"""The headers that every answer to a browser has."""

from __future__ import annotations

from infra.edge.headers import CONTENT_SECURITY_POLICY, SECURITY_HEADERS


def directives() -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in CONTENT_SECURITY_POLICY.split(";"))
    return {name: sources for name, _, sources in parts}


def test_the_page_runs_what_is_its_own_and_is_in_nobodys_frame() -> None:
    given = directives()
    assert given.pop("default-src") == given.pop("base-uri") == given.pop("frame-ancestors") == "'none'"
    assert given.pop("img-src") == "'self' data:"
    assert {*given.values()} == {"'self'"}
    assert SECURITY_HEADERS["content-security-policy"] == CONTENT_SECURITY_POLICY
