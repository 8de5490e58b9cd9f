from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy as Strategy

from handlers.api.insert import call_of, drafts_of, prefers_async
from handlers.api.request import Request
from handlers.domain.problem import Problem
from handlers.rows import Draft
from tests.support.api import event

BIG = 1e126
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"count": 0}, "count"),
    ({"count": 1001}, "count"),
    ({"count": -1}, "count"),
    ({"count": 10**300}, "count"),
    ({"count": 1.0}, "count"),
    ({"count": "1"}, "count"),
    ({"count": True}, "count"),
    ({"count": None}, "count"),
    ({"count": [1]}, "count"),
    ({"count": 1, "random_value": 1}, "random_value"),
    ({"count": 1, "items": [{"random_value": 1}]}, "items"),
    ({"items": [{"random_value": 1}], "x": 1}, "x"),
    ({"items": []}, "items"),
    ({"items": [{"random_value": 1}] * 1001}, "items"),
    ({"items": {}}, "items"),
    ({"items": "abc"}, "items"),
    ({"items": None}, "items"),
    ({"items": [1]}, "items[0]"),
    ({"items": [None]}, "items[0]"),
    ({"items": [{"random_value": 1}, []]}, "items[1]"),
    ({"items": [{}]}, "items[0].random_value"),
    ({"items": [{"random_value": 1}, {"random_value": "1"}]}, "items[1].random_value"),
    ({"items": [{"random_value": 1, "id": "mine"}]}, "items[0].id"),
    ({"random_value": "0.5"}, "random_value"),
    ({"random_value": True}, "random_value"),
    ({"random_value": None}, "random_value"),
    ({"random_value": [0.5]}, "random_value"),
    ({"random_value": math.inf}, "random_value"),
    ({"random_value": BIG}, "random_value"),
    ({"random_value": -BIG}, "random_value"),
    ({"random_value": 10**400}, "random_value"),
    ({"random_value": 9.9e-131}, "random_value"),
    ({"value": 0.5}, "value"),
    ({"random_value": 0.5, "created_at": "now"}, "created_at"),
    ({"random_value'; DROP TABLE randoms; --": 1}, "random_value'; DROP TABLE randoms; --"),
]


def problem_of(body: dict[str, object]) -> Problem:
    with pytest.raises(Problem) as caught:
        drafts_of(body)
    return caught.value


def request(headers: dict[str, str]) -> Request:
    return Request(event("POST", "/insert", None, headers))


def test_an_empty_body_is_one_random_row() -> None:
    ((value,),) = drafts_of({})
    assert 0 <= value < 1
    assert drafts_of({}) != drafts_of({})


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_a_count_is_so_many_random_rows(count: int) -> None:
    drafts = drafts_of({"count": count})
    assert len(drafts) == len(set(drafts)) == count


@pytest.mark.parametrize("value", [0.42, 1, 0, -1e-130, 9.9e125, 10**125])
def test_a_value_is_one_row_with_it(value: float) -> None:
    assert drafts_of({"random_value": value}) == [(float(value),)]


def test_minus_zero_is_stored_as_zero() -> None:
    ((value,),) = drafts_of({"random_value": -0.0})
    assert math.copysign(1, value) == 1


@pytest.mark.parametrize("count", [1, 1000])
def test_items_are_rows_in_their_order(count: int) -> None:
    values = [float(number) for number in range(count)]
    assert drafts_of({"items": [{"random_value": value} for value in values]}) == [(value,) for value in values]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_body_is_422_and_names_the_field(body: dict[str, object], field: str) -> None:
    problem = problem_of(body)
    assert problem.status == 422
    assert problem.errors[0]["field"] == field
    assert problem.detail.startswith(f"{field}: got ")


def test_every_wrong_field_is_named() -> None:
    problem = problem_of({"items": [{"random_value": "a"}, {"random_value": 1}, 3, {"x": 1}]})
    fields = ["items[0].random_value", "items[2]", "items[3].x", "items[3].random_value"]
    assert [error["field"] for error in problem.errors] == fields
    assert "(and 3 more)" in problem.detail


JSON: Strategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=8,
)
ITEM: Strategy[Any] = st.fixed_dictionaries({"random_value": st.floats() | st.integers()}, optional={"x": JSON})
BODIES: Strategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["count", "items", "random_value"]) | st.text(max_size=5),
    JSON | st.lists(ITEM, max_size=4),
    max_size=3,
)


@given(BODIES)
def test_any_body_gives_rows_or_a_problem_that_can_be_shown(body: dict[str, Any]) -> None:
    try:
        drafts = drafts_of(body)
    except Problem as problem:
        assert problem.status == 422
        assert json.loads(problem.body("request"))["errors"]
    else:
        assert 1 <= len(drafts) <= 1000
        assert all(stored(draft) for draft in drafts)


def stored(draft: Draft) -> bool:
    return draft[0] == 0 or 1e-130 <= abs(draft[0]) < BIG


def test_without_a_key_there_is_no_call_to_remember() -> None:
    assert call_of(request({}), {}, []) is None


@pytest.mark.parametrize("key", ["a", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "a b", "#"])
def test_a_key_is_printable_ascii(key: str) -> None:
    call = call_of(request({"idempotency-key": key}), {}, drafts_of({}))
    assert call is not None
    assert call.key == key


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "a\tb", "a\x00", "\ud800"])
def test_any_other_key_is_400(key: str) -> None:
    with pytest.raises(Problem) as caught:
        call_of(request({"idempotency-key": key}), {}, drafts_of({}))
    assert caught.value.status == 400
    assert caught.value.errors[0]["field"] == "Idempotency-Key"


def hash_of(body: dict[str, Any]) -> str:
    call = call_of(request({"idempotency-key": "k"}), body, drafts_of(body))
    assert call is not None
    return call.request_hash


NUMBERS = st.lists(st.sampled_from([0, 0.0, -0.0, 1, 1.0, 2, 0.1, 1e25, 10**25]), min_size=1, max_size=3)


@given(NUMBERS, NUMBERS)
def test_two_bodies_have_one_hash_if_they_ask_for_the_same_rows(one: list[float], other: list[float]) -> None:
    hashes = [hash_of({"items": [{"random_value": number} for number in numbers]}) for numbers in (one, other)]
    assert (hashes[0] == hashes[1]) is ([float(number) for number in one] == [float(number) for number in other])


def test_a_row_by_itself_is_a_list_of_one_and_nothing_is_one_random_row() -> None:
    assert hash_of({"random_value": 1}) == hash_of({"items": [{"random_value": 1.0}]})
    assert hash_of({}) == hash_of({"count": 1})
    assert len({hash_of({"count": 1}), hash_of({"count": 2}), hash_of({"random_value": 1})}) == 3


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
    assert prefers_async(request({"prefer": prefer})) is expected


def test_without_the_header_nothing_is_preferred() -> None:
    assert not prefers_async(request({}))
