"""The function at the edge, run by a real engine: redirects, the API's prefix, the session's cookie.

CloudFront's engine knows fewer words than Chromium's; the source has none but those of ES 5.1, and `startsWith`.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.edge.viewer import CODE, MOST_BYTES
from tests.infra.edge.test_distribution import dev
from tests.support.browser import open_browser

SOURCE = CODE.read_text(encoding="utf-8")
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


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    """What the function makes of all cases; the browser is gone when the tests run."""
    events = [
        {"request": {"method": "GET", "uri": uri, "querystring": {}, "cookies": cookies, "headers": headers}}
        for uri, cookies, headers, _ in CASES.values()
    ]
    with open_browser() as browser:
        page = browser.new_page()
        found = page.evaluate(f"events => {{ {SOURCE}; return events.map(handler); }}", events)
    return dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_request_goes_on_as_it_should(case: str, outcomes: dict[str, Any]) -> None:
    expected, outcome = CASES[case][3], outcomes[case]
    if isinstance(expected, str):
        assert (outcome["statusCode"], outcome["headers"]) == (302, {"location": {"value": expected}})
    else:
        assert (outcome["uri"], outcome["headers"]) == expected
        assert outcome["method"] == "GET"
        assert outcome["cookies"] == CASES[case][1]


def test_cloudfront_takes_its_size_and_its_words() -> None:
    assert len(SOURCE.encode()) <= MOST_BYTES
    assert SOURCE.isascii()
    assert not re.search(r"\b(import|require|fetch|eval|XMLHttpRequest|setTimeout|process)\b", SOURCE)
    assert dev().one("ViewerFunction").at("code") == SOURCE
    assert dev().one("ViewerFunction").at("runtime") == "cloudfront-js-2.0"


def test_every_request_passes_it() -> None:
    distribution = dev().one("Distribution")
    arn = "arn:aws:cloudfront:us-east-1:123456789012:edge-viewer"
    expected = [{"eventType": "viewer-request", "functionArn": arn}]
    assert distribution.at("defaultCacheBehavior.functionAssociations") == expected
    assert distribution.at("orderedCacheBehaviors.0.functionAssociations") == expected
