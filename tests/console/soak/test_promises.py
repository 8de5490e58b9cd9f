from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from console.soak.promises import PROBLEM_TYPE, Acknowledged, Promises
from handlers.domain.bookmark import Bookmark


def answer(status: int, media_type: str = PROBLEM_TYPE, method: str = "GET") -> httpx.Response:
    request = httpx.Request(method, "http://api/sqlite-efs")
    response = httpx.Response(status, headers={"content-type": media_type}, text="{}", request=request)
    response.elapsed = timedelta(milliseconds=5)
    return response


@pytest.mark.parametrize("status", [200, 201, 202, 304, 409, 502, 503, 504])
def test_an_answer_that_may_come_is_counted(promises: Promises, status: int) -> None:
    promises.answered(answer(status))
    assert (promises.answers, promises.defects) == ({f"GET {status}": 1}, [])
    assert promises.latencies_ms == ({"GET": [5.0]} if status < 300 else {})


def test_a_sandbox_that_ended_is_no_defect_and_a_500_of_ours_is(promises: Promises) -> None:
    promises.answered(answer(500, "application/json"))
    assert promises.defects == []
    promises.answered(answer(500, method="POST"))
    promises.answered(answer(404))
    assert promises.answers == {"GET 500 gateway": 1, "POST 500": 1, "GET 404": 1}
    assert promises.defects == [
        "POST http://api/sqlite-efs was answered with 500: {}",
        "GET http://api/sqlite-efs was answered with 404: {}",
    ]


def test_inserts_are_remembered(promises: Promises) -> None:
    insert = Acknowledged(Bookmark(1, 2), ("a", "b"))
    promises.acknowledge(insert)
    promises.give_up()
    promises.lost("POST")
    assert (promises.acknowledged, promises.unanswered) == ([insert], 1)
    assert promises.answers == {"POST no answer": 1}


def test_a_promise_that_is_kept_is_counted_and_one_that_is_broken_is_a_defect(promises: Promises) -> None:
    promises.check(True, "never said")
    promises.check(False, "broken")
    assert (promises.checks, promises.defects) == (2, ["broken"])
