"""The function at the edge, run by a real engine: redirects, the API's prefix, the session's cookie.

CloudFront's engine knows fewer words than Chromium's; the source has none but those of ES 5.1, and `startsWith`.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from infra.edge.viewer import MOST_BYTES, viewer_code
from tests.infra.edge.test_distribution import TOKENS, dev
from tests.infra.program import EVERYTHING, graph, run
from tests.support.browser import open_browser

SOURCES = {"open": viewer_code(is_closed=False), "closed": viewer_code(is_closed=True)}
COOKIE = {"__Host-session": {"value": "abc.def"}}
BEARER = {"authorization": {"value": "Bearer other"}}
SESSION = {"authorization": {"value": "Bearer abc.def"}}

# A viewer's uri, cookies and headers; and the uri and headers that go on, or where the visitor is led.
Headers = dict[str, dict[str, str]]
CASES: dict[str, tuple[str, Headers, Headers, str | tuple[str, Headers]]] = {
    "root": ("/", {}, {}, "/dashboard/"),
    "root-object": ("/index.html", {}, {}, "/dashboard/"),
    "page-without-slash": ("/dashboard", {}, {}, "/dashboard/"),
    "page": ("/dashboard/", {}, {}, ("/dashboard/index.html", {})),
    "file": ("/dashboard/sections/homes.js", {}, {}, ("/dashboard/sections/homes.js", {})),
    "page-with-cookie": ("/dashboard/app.js", COOKIE, {}, ("/dashboard/app.js", {})),
    "unknown": ("/favicon.ico", {}, {}, ("/favicon.ico", {})),
    "api-without-slash": ("/api", {}, {}, "/api/"),
    "api-root": ("/api/", {}, {}, ("/", {})),
    "api": ("/api/sqlite-efs", {}, {}, ("/sqlite-efs", {})),
    "api-below": ("/api/sqlite-efs/01J/x", {}, {}, ("/sqlite-efs/01J/x", {})),
    "api-of-api": ("/api/api/ddb", {}, {}, ("/api/ddb", {})),
    "api-double-slash": ("/api//evil.example", {}, {}, ("//evil.example", {})),
    "api-encoded": ("/api/%2e%2e/dashboard/", {}, {}, ("/%2e%2e/dashboard/", {})),
    "api-prefix-of-a-word": ("/apiary", {}, {}, ("/apiary", {})),
    "api-elsewhere": ("/x/api/ddb", {}, {}, ("/x/api/ddb", {})),
    "cookie": ("/api/ddb", COOKIE, {}, ("/ddb", SESSION)),
    "token-before-cookie": ("/api/ddb", COOKIE, BEARER, ("/ddb", BEARER)),
    "token": ("/api/ddb", {}, BEARER, ("/ddb", BEARER)),
    "empty-cookie": ("/api/ddb", {"__Host-session": {"value": ""}}, {}, ("/ddb", {})),
    "other-cookie": ("/api/ddb", {"session": {"value": "x"}}, {}, ("/ddb", {})),
    "other-headers": ("/api/ddb", {}, {"min-bookmark": {"value": "1.2"}}, ("/ddb", {"min-bookmark": {"value": "1.2"}})),
}


# Who is refused where reads are closed; all others go on as where they are open.
REFUSED = {"api-root", "api", "api-below", "api-of-api", "api-double-slash", "api-encoded", "empty-cookie"} | {
    *("other-cookie", "other-headers", "as-of", "like-a-session", "session-beside", "post"),
}


def event_of(uri: str, cookies: Headers, headers: Headers, method: str = "GET") -> dict[str, Any]:
    return {"request": {"method": method, "uri": uri, "querystring": {}, "cookies": cookies, "headers": headers}}


EVENTS = {case: event_of(*given[:3]) for case, given in CASES.items()} | {
    "as-of": event_of("/api/sqlite-tmp", {}, {}),
    "like-a-session": event_of("/api/sessionsof", {}, {}),
    "session-beside": event_of("/api/ddb/sessions", {}, {}),
    "post": event_of("/api/sqlite-efs/sql", {}, {}, "POST"),
    "preflight": event_of("/api/ddb", {}, {}, "OPTIONS"),
    "session-begins": event_of("/api/sessions", {}, {}, "POST"),
    "session-shows": event_of("/api/sessions/current", {}, {}),
}


@pytest.fixture(scope="module")
def both() -> dict[str, dict[str, Any]]:
    """What the function makes of all events, open and closed; the browser is gone when the tests run."""
    with open_browser() as browser:
        page = browser.new_page()
        found = {
            name: page.evaluate(f"events => {{ {source}; return events.map(handler); }}", list(EVENTS.values()))
            for name, source in SOURCES.items()
        }
    return {name: dict(zip(EVENTS, outcomes, strict=True)) for name, outcomes in found.items()}


@pytest.fixture
def outcomes(both: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return both["open"]


@pytest.mark.parametrize("case", EVENTS)
def test_where_reads_are_closed_nobody_gets_what_was_kept_while_they_were_open(
    case: str, both: dict[str, dict[str, Any]]
) -> None:
    outcome = both["closed"][case]
    if case not in REFUSED:
        assert outcome == both["open"][case]
        return
    assert outcome["statusCode"] == 401
    assert json.loads(outcome["body"]["data"]) == {"message": "Unauthorized"}
    assert outcome["headers"]["cache-control"] == {"value": "no-store"}


def test_it_is_closed_where_the_api_answers_nobody_without_authorization() -> None:
    seen = {"none": dev(), "session": graph(EVERYTHING), "jwt": run("dev", {"edge": "cloudfront", **TOKENS})}
    code = {read_auth: stack.one("ViewerFunction").at("code") for read_auth, stack in seen.items()}
    assert code == {"none": SOURCES["open"], "session": SOURCES["closed"], "jwt": SOURCES["closed"]}


@pytest.mark.parametrize("case", CASES)
def test_a_request_goes_on_as_it_should(case: str, outcomes: dict[str, Any]) -> None:
    expected, outcome = CASES[case][3], outcomes[case]
    if isinstance(expected, str):
        assert (outcome["statusCode"], outcome["headers"]) == (302, {"location": {"value": expected}})
    else:
        assert (outcome["uri"], outcome["headers"]) == expected
        assert outcome["method"] == "GET"
        assert outcome["cookies"] == CASES[case][1]


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_cloudfront_takes_its_size_and_its_words(source: str) -> None:
    assert len(source.encode()) <= MOST_BYTES
    assert source.isascii()
    assert not re.search(r"\b(import|require|fetch|eval|XMLHttpRequest|setTimeout|process)\b", source)
    assert dev().one("ViewerFunction").at("runtime") == "cloudfront-js-2.0"


def test_every_request_passes_it() -> None:
    distribution = dev().one("Distribution")
    arn = "arn:aws:cloudfront:us-east-1:123456789012:edge-viewer"
    expected = [{"eventType": "viewer-request", "functionArn": arn}]
    assert distribution.at("defaultCacheBehavior.functionAssociations") == expected
    for behavior in distribution.at("orderedCacheBehaviors"):
        assert behavior["functionAssociations"] == expected
