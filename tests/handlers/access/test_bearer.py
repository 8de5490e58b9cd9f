from __future__ import annotations

import pytest

from handlers.access.bearer import NO_COOKIE, bearer_of, cookie_of, cookie_with, new_token

TOKEN = new_token()


def test_a_token_has_256_bits_and_is_another_each_time() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert {len(new_token()) for _ in range(100)} == {43}


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_a_header_bears_a_token(scheme: str) -> None:
    assert bearer_of({"authorization": scheme + TOKEN}) == TOKEN


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} {}", "Bearer {}x", "Bearer ü{}", "AWS4-HMAC-SHA256 {}"],
)
def test_what_is_no_token_is_none(header: str) -> None:
    assert bearer_of({"authorization": header.format(TOKEN, TOKEN)}) == ""
    assert bearer_of({}) == ""


def test_a_cookie_bears_a_token() -> None:
    assert cookie_of(["a=b", f"__Host-session={TOKEN}"]) == TOKEN
    assert cookie_of([f" __Host-session={TOKEN} "]) == TOKEN


@pytest.mark.parametrize("cookie", ["session={}", "__Host-session", "__Host-session=", "__Host-session={}x", "a={}"])
def test_what_is_no_cookie_of_ours_is_none(cookie: str) -> None:
    assert cookie_of([cookie.format(TOKEN)]) == ""
    assert cookie_of([]) == ""


def test_a_cookie_is_for_this_host_over_https_and_no_script_reads_it() -> None:
    name, *attributes = cookie_with(TOKEN, 60).split("; ")
    assert name == f"__Host-session={TOKEN}"
    assert set(attributes) == {"Max-Age=60", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"}  # and no Domain


def test_a_browser_forgets_a_cookie_of_no_age() -> None:
    assert NO_COOKIE.startswith("__Host-session=; Max-Age=0; ")
    assert cookie_of([NO_COOKIE.partition(";")[0]]) == ""
