"""The age of what a shared cache gives away, by nginx's own clock: `s-maxage` is a second here."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.support.edge.nginx import Edge, clock_s, status_of
from tests.support.edge.origin import Origin
from tests.support.local.processes import until

MAX_AGE_S = 1


def asked_until(cache: Edge, path: str, is_there: Callable[[httpx.Response], bool]) -> list[httpx.Response]:
    """Ask again and again until an answer is there; returns all of them, that one included."""
    answers: list[httpx.Response] = []

    def ask() -> bool:
        answers.append(cache.get(path))
        return is_there(answers[-1])

    until(ask)
    return answers


def is_from_the_origin(answer: httpx.Response) -> bool:
    return status_of(answer) != "HIT"


def test_a_plain_read_is_revalidated_when_its_age_is_over(cache: Edge, origin: Origin, page: str) -> None:
    origin.shared_max_age_s = MAX_AGE_S
    path = f"/api{page}"
    made = cache.get(path)
    *given, revalidated = asked_until(cache, path, is_from_the_origin)
    assert (status_of(made), status_of(revalidated)) == ("MISS", "REVALIDATED")
    assert {answer.text for answer in (*given, revalidated)} == {made.text}
    assert all(clock_s(answer) - clock_s(made) <= MAX_AGE_S for answer in given)
    first, again = origin.taken()
    assert (first.status, again.status, again.size_bytes) == (200, 304, 0)
    assert again.headers["if-none-match"] == made.headers["etag"]


def test_a_new_row_is_seen_as_soon_as_the_age_is_over(cache: Edge, origin: Origin, page: str) -> None:
    """What the cache gives away until then is not older, in whole seconds; what it asks for has the row."""
    origin.shared_max_age_s = MAX_AGE_S
    path = f"/api{page}"
    old = cache.get(path)
    written = origin.bookmark = origin.publish()
    answers = asked_until(cache, path, lambda answer: answer.json()["bookmark"] == written)
    *before, seen = answers
    assert {status_of(answer) for answer in before} <= {"HIT"}
    assert {answer.json()["bookmark"] for answer in before} <= {old.json()["bookmark"]}
    assert all(clock_s(answer) - clock_s(old) <= MAX_AGE_S for answer in before)
    assert status_of(seen) == "EXPIRED"
    assert [call.status for call in origin.taken()] == [200, 200]


def test_what_has_expired_is_not_given_away_while_the_origin_fails(cache: Edge, origin: Origin, page: str) -> None:
    origin.shared_max_age_s = MAX_AGE_S
    path = f"/api{page}"
    old = cache.get(path)
    origin.fails = 503
    *before, failed = asked_until(cache, path, is_from_the_origin)
    assert (failed.status_code, status_of(failed)) == (503, "EXPIRED")
    assert all(clock_s(answer) - clock_s(old) <= MAX_AGE_S for answer in before)
    origin.fails = None
    assert cache.get(path).status_code == 200
