from __future__ import annotations

import json
from http import HTTPStatus

import pytest

from handlers.domain.problem import (
    KINDS,
    SHOWN_CHARACTERS,
    SHOWN_ERRORS,
    TYPE_PREFIX,
    Problem,
    field_error,
    invalid,
    shown,
    unavailable,
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_a_problem_object(kind: str) -> None:
    problem = Problem(kind, "What happened")
    assert problem.status == KINDS[kind][0]
    assert problem.status in set(HTTPStatus)
    assert str(problem) == "What happened"
    assert json.loads(problem.body("request-1")) == {
        "type": TYPE_PREFIX + kind,
        "title": KINDS[kind][1],
        "status": problem.status,
        "detail": "What happened",
        "instance": "request-1",
    }


def test_errors_and_further_members_are_shown() -> None:
    errors = [field_error("limit", "0", "more"), field_error("order", 1, "asc")]
    problem = Problem("unavailable", "Away", errors, {"retry-after": "2"}, {"inserted": 98})
    body = json.loads(problem.body("request-1"))
    assert body["errors"] == [
        {"field": "limit", "got": '"0"', "allowed": "more"},
        {"field": "order", "got": "1", "allowed": "asc"},
    ]
    assert body["inserted"] == 98
    assert problem.headers == {"retry-after": "2"}


def test_only_the_first_errors_are_shown() -> None:
    errors = [field_error(f"items[{number}]", None, "an object") for number in range(SHOWN_ERRORS + 5)]
    problem = invalid("invalid-content", errors)
    shown_errors = json.loads(problem.body(""))["errors"]
    assert shown_errors == errors[:SHOWN_ERRORS]
    assert problem.detail == "items[0]: got null, allowed: an object (and 24 more)"


def test_the_detail_of_one_error_is_that_error() -> None:
    problem = invalid("malformed-request", [field_error("limit", "0", "an integer")])
    assert problem.detail == 'limit: got "0", allowed: an integer'
    assert problem.status == 400


def test_unavailable_says_when_to_come_back() -> None:
    assert unavailable("Away").headers == {"retry-after": "1"}
    later = unavailable("Not there", 5, "not-there-yet")
    assert (later.kind, later.status, later.headers) == ("not-there-yet", 503, {"retry-after": "5"})


@pytest.mark.parametrize(
    ("got", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("a", '"a"'),
        ("\ud800\0\n", '"\\ud800\\u0000\\n"'),
        (float("inf"), "Infinity"),
        ([1, {"a": 2}], '[1, {"a": 2}]'),
        ({1}, '"{1}"'),
        ("x" * (SHOWN_CHARACTERS - 2), '"' + "x" * (SHOWN_CHARACTERS - 2) + '"'),
    ],
)
def test_what_was_got_is_shown_as_json(got: object, text: str) -> None:
    assert shown(got) == text


def test_what_is_long_is_shortened() -> None:
    assert shown("x" * 1000) == '"' + "x" * (SHOWN_CHARACTERS - 2) + "…"
    error = field_error("f" * 1000, 1, "less")
    assert error["field"] == "f" * (SHOWN_CHARACTERS - 1) + "…"


def test_what_is_nested_too_deeply_is_not_shown() -> None:
    deep: list[object] = []
    for _ in range(200_000):
        deep = [deep]
    assert shown(deep) == "something nested too deeply to show"
