from __future__ import annotations

import pytest

from handlers.gateway.negotiation import accepts_gzip, prefers_async, prefers_html, weights_of

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "is_accepted"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("deflate , gzip ; q=0.001", True),
        ("*", True),
        ("*;q=0.5", True),
        ("identity;q=0, *", True),
        ("identity, gzip", True),
        ("gzip;q=1.000", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.8, *;q=0.5", False),
        ("gzipped", False),
        ("gzip;q=2", False),
        ("gzip;q=", False),
        ("gzip;q=nan", False),
        ("gzip;q=0.0001", False),
    ],
)
def test_gzip_is_used_where_it_is_accepted_and_not_less_than_nothing(header: str, is_accepted: bool) -> None:
    assert accepts_gzip(header) is is_accepted


@pytest.mark.parametrize(
    ("header", "is_page"),
    [
        (CHROME, True),
        ("text/html", True),
        ("TEXT/HTML;charset=utf-8", True),
        ("text/*", True),
        ("text/html, application/json;q=0.9", True),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("text/html;q=0.5, */*", False),
        ("text/html;q=0", False),
        ("text/html, application/*", False),
    ],
)
def test_a_page_is_for_those_who_prefer_it(header: str, is_page: bool) -> None:
    assert prefers_html(header) is is_page


def test_each_member_has_its_weight() -> None:
    assert weights_of("a, B;q=0.5;x=1, c;x=1;q=0") == {"a": 1.0, "b": 0.5, "c": 0.0}


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("respond-async", True),
        ("Respond-Async", True),
        ("respond-async; wait=10", True),
        ("return=minimal, respond-async", True),
        ("wait=5 ,respond-async;x=1 , handling=lenient", True),
        ("", False),
        ("return=minimal", False),
        ("not-respond-async", False),
        ("wait=respond-async", False),
    ],
)
def test_respond_async_is_one_preference_among_others(prefer: str, expected: bool) -> None:
    assert prefers_async(prefer) is expected
