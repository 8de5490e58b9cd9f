"""What a shared cache gives away, and what it asks the origin for: seen by nginx, and counted at the origin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from handlers.api.read import caching_of
from handlers.reads.question import PUBLISHED
from handlers.settings import OPEN
from tests.support.edge.nginx import Edge, status_of
from tests.support.edge.origin import Origin
from tests.support.local.processes import until

AN_HOUR_S = 3600
BURST = 20


def test_what_was_asked_as_of_a_bookmark_is_asked_of_the_origin_once(cache: Edge, origin: Origin, page: str) -> None:
    path = f"/api{page}&as_of={origin.bookmark}"
    answers = [cache.get(path) for _ in range(3)]
    assert [status_of(answer) for answer in answers] == ["MISS", "HIT", "HIT"]
    assert [call.path for call in origin.taken()] == [path.removeprefix("/api")]
    assert len({answer.text for answer in answers}) == 1
    assert {answer.json()["bookmark"] for answer in answers} == {origin.bookmark}


def test_a_plain_read_is_asked_of_the_origin_each_time_unless_the_setting_says_more(
    cache: Edge, origin: Origin, page: str
) -> None:
    for _ in range(3):
        assert cache.get(f"/api{page}").json()["bookmark"] == origin.bookmark
        origin.bookmark = origin.publish()
    assert len(origin.taken()) == 3


def test_within_its_age_a_plain_read_is_asked_of_the_origin_once(cache: Edge, origin: Origin, page: str) -> None:
    origin.shared_max_age_s = AN_HOUR_S
    first, second = cache.get(f"/api{page}"), cache.get(f"/api{page}")
    assert (status_of(first), status_of(second)) == ("MISS", "HIT")
    assert second.headers["cache-control"] == caching_of(OPEN, AN_HOUR_S)[False][PUBLISHED]
    assert len(origin.taken()) == 1


def test_a_copy_made_anew_is_asked_of_the_origin_each_time(cache: Edge, origin: Origin, page: str) -> None:
    """It is work, which a cache must not do in nobody's place."""
    path = page.replace("efs", "tmp") + "&refresh=1"
    for _ in range(2):
        cache.get(f"/api{path}&as_of={origin.bookmark}")
    assert [call.path for call in origin.taken()] == [f"{path}&as_of={origin.bookmark}"] * 2


@pytest.mark.parametrize("prefix", ["/api", "/elsewhere"])
def test_whoever_wants_a_later_point_gets_no_answer_from_before_it(
    cache: Edge, origin: Origin, page: str, prefix: str
) -> None:
    """By the cache policy's key, and elsewhere by Vary alone."""
    origin.shared_max_age_s = AN_HOUR_S
    old = cache.get(f"{prefix}{page}").json()["bookmark"]
    written = origin.bookmark = origin.publish()
    assert cache.get(f"{prefix}{page}").json()["bookmark"] == old
    for _ in range(2):
        assert cache.get(f"{prefix}{page}", min_bookmark=written).json()["bookmark"] == written
    assert len(origin.taken()) == 2


def test_what_somebody_asks_is_shared_with_nobody(cache: Edge, origin: Origin, page: str) -> None:
    origin.shared_max_age_s = AN_HOUR_S
    plain, as_of = f"/api{page}", f"/api{page}&as_of={origin.bookmark}"
    cookie = {"cookie": "theme=dark; __Host-session=c"}
    for path in (plain, as_of):
        for named in ({"authorization": "Bearer a"}, {"authorization": "Bearer b"}, cookie):
            answers = [cache.get(path, **named) for _ in range(2)]
            assert {status_of(answer) for answer in answers} == {"MISS"}
            assert all(answer.headers["cache-control"].startswith("private, ") for answer in answers)
    callers = [call.headers["authorization"] for call in origin.taken()]
    assert callers == [caller for caller in ("Bearer a", "Bearer b", "Bearer c") for _ in range(2)] * 2
    for path in (plain, as_of):
        assert [status_of(cache.get(path)) for _ in range(2)] == ["MISS", "HIT"]
        assert status_of(cache.get(path, authorization="Bearer a")) == "MISS"
    assert [call.headers.get("authorization") for call in origin.taken()] == [None, "Bearer a"] * 2


def test_a_cookie_reaches_the_visitors_own_routes_alone(cache: Edge, origin: Origin, page: str) -> None:
    cookie = "theme=dark; __Host-session=c"
    for path in (page, "/sessions", "/sessions/current"):
        for _ in range(2):
            cache.get(f"/api{path}", cookie=cookie)
    assert [(call.path, *call.cookies) for call in origin.taken()] == [
        *[(page,)] * 2,
        *[("/sessions", "__Host-session=c")] * 2,
        *[("/sessions/current", "__Host-session=c")] * 2,
    ]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_an_error_is_not_kept(cache: Edge, origin: Origin, page: str, status: int) -> None:
    """Not even the gateway's own, which say nothing of caches."""
    path = f"/api{page}&as_of={origin.bookmark}"
    origin.fails = status
    assert [cache.get(path).status_code for _ in range(2)] == [status] * 2
    assert len(origin.taken()) == 2
    origin.fails = None
    assert cache.get(path).status_code == 200


def test_the_functions_own_errors_are_not_kept(
    cache: Edge, origin: Origin, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.reads.reader.WAIT_S", 0.0)
    origin.shared_max_age_s = AN_HOUR_S
    epoch, seq = origin.bookmark.split(".")
    later = f"{epoch}.{int(seq) + 1000}"
    asked = {"/sqlite-efs/nothing": 404, "/nowhere": 404, "/sqlite-efs?limit=0": 400, f"{page}&as_of={later}": 503}
    for path, status in asked.items():
        for _ in range(2):
            answer = cache.get(f"/api{path}")
            assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
    assert len(origin.taken()) == 2 * len(asked)


def test_compressed_answers_are_for_those_who_accept_them(cache: Edge, origin: Origin) -> None:
    path = f"/api/sqlite-efs?limit=100&as_of={origin.bookmark}"
    said: dict[str, str] = {"identity": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "br": ""}
    for _ in range(2):
        answers = {accepted: cache.get(path, accept_encoding=accepted) for accepted in said}
        assert {key: answer.headers.get("content-encoding", "") for key, answer in answers.items()} == said
        assert {answer.json()["count"] for answer in answers.values()} == {100}
    assert len(origin.taken()) == 2  # one for each form


def test_a_client_that_has_it_gets_304_from_the_cache(cache: Edge, origin: Origin, page: str) -> None:
    path = f"/api{page}&as_of={origin.bookmark}"
    etag = cache.get(path).headers["etag"]
    known = cache.get(path, if_none_match=etag)
    assert (known.status_code, known.text, known.headers["etag"]) == (304, "", etag)
    assert len(origin.taken()) == 1


def test_head_is_answered_from_what_get_has_left(cache: Edge, origin: Origin, page: str) -> None:
    path = f"/api{page}&as_of={origin.bookmark}"
    got, head = cache.get(path), cache.get(path, "HEAD")
    assert (head.status_code, head.text, status_of(head)) == (200, "", "HIT")
    for name in ("content-length", "content-type", "cache-control", "etag"):
        assert head.headers[name] == got.headers[name]
    assert len(origin.taken()) == 1


def test_a_large_page_is_whole_from_the_cache(cache: Edge, origin: Origin) -> None:
    path = f"/sqlite-efs?limit=1000&as_of={origin.bookmark}"
    answers = [cache.get(f"/api{path}", accept_encoding=form) for form in ("identity", "gzip") for _ in range(2)]
    assert [status_of(answer) for answer in answers] == ["MISS", "HIT"] * 2
    assert {answer.json()["count"] for answer in answers} == {1000}
    assert len(answers[0].content) > 100_000
    assert answers[0].text == answers[1].text


def test_a_burst_of_equal_reads_is_one_read_for_the_origin(cache: Edge, origin: Origin, page: str) -> None:
    path = f"/api{page}&as_of={origin.bookmark}"
    origin.held.clear()
    with ThreadPoolExecutor(BURST) as pool:
        sent = [pool.submit(cache.get, path) for _ in range(BURST)]
        try:
            until(lambda: cache.connections() >= BURST)
        finally:
            origin.held.set()
        assert {each.result().status_code for each in sent} == {200}
    assert len(origin.taken()) == 1


def test_what_changes_something_reaches_the_origin_each_time(cache: Edge, origin: Origin) -> None:
    """And without /api, with all that was sent."""
    for _ in range(2):
        cache.get("/api/sqlite-efs/sql?as_of=0.0", "POST", prefer="respond-async", idempotency_key="k")
    calls = origin.taken()
    assert [(call.method, call.path) for call in calls] == [("POST", "/sqlite-efs/sql?as_of=0.0")] * 2
    assert {(call.headers["prefer"], call.headers["idempotency-key"]) for call in calls} == {("respond-async", "k")}
