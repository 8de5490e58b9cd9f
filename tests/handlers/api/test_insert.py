from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy as Strategy

from handlers.api.insert import call_of, drafts_of
from handlers.domain.numbers import is_storable
from handlers.domain.problem import Problem
from handlers.gateway.request import Request
from handlers.rows import MODEL
from tests.support.api import event
from tests.support.drafts import UNKNOWN, VALUE, draft, fields, items, refused, value_in

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
    ({"count": 1, VALUE: 1}, VALUE),
    ({"count": 1, "items": items(1)}, "items"),
    ({"items": items(1), UNKNOWN: 1}, UNKNOWN),
    ({"items": []}, "items"),
    ({"items": items(1) * 1001}, "items"),
    ({"items": {}}, "items"),
    ({"items": "abc"}, "items"),
    ({"items": None}, "items"),
    ({"items": [1]}, "items[0]"),
    ({"items": [None]}, "items[0]"),
    ({"items": [fields(), []]}, "items[1]"),
    ({"items": [fields(), fields() | {VALUE: "1"}]}, f"items[1].{VALUE}"),
    ({"items": [fields() | {"id": "mine"}]}, "items[0].id"),
    *[(fields() | {VALUE: wrong}, VALUE) for wrong in ("0.5", True, None, [0.5], math.inf, 1e126, -1e126, 10**400)],
    (fields() | {UNKNOWN: 0.5}, UNKNOWN),
    (fields() | {"created_at": "now"}, "created_at"),
    (
        fields() | {f"{VALUE}'; DROP TABLE {MODEL.sql_table}; --": 1},
        f"{VALUE}'; DROP TABLE {MODEL.sql_table}; --",
    ),
]


def problem_of(body: dict[str, object]) -> Problem:
    with pytest.raises(Problem) as caught:
        drafts_of(body)
    return caught.value


def request(headers: dict[str, str]) -> Request:
    return Request(event("POST", "/insert", None, headers))


def test_an_empty_body_is_one_random_row() -> None:
    bodies = [drafts_of({}) for _ in range(20)]
    assert [len(drafts) for drafts in bodies] == [1] * 20
    assert len({drafts[0] for drafts in bodies}) > 1
    assert all(MODEL.parse_draft(MODEL.draft_fields(drafts[0]), "") == (drafts[0], []) for drafts in bodies)


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_a_count_is_so_many_random_rows(count: int) -> None:
    drafts = drafts_of({"count": count})
    assert len(drafts) == count
    assert len(set(drafts)) > 1 or count == 1


def test_fields_are_one_row_with_them() -> None:
    assert drafts_of(fields(7)) == [draft(7)]


@pytest.mark.parametrize("count", [1, 1000])
def test_items_are_rows_in_their_order(count: int) -> None:
    assert drafts_of({"items": items(count)}) == [draft(number) for number in range(1, count + 1)]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_body_is_422_and_names_the_field(body: dict[str, object], field: str) -> None:
    problem = problem_of(body)
    assert problem.status == 422
    assert problem.errors[0]["field"] == field
    assert problem.detail.startswith(f"{field}: got ")


def test_every_wrong_field_is_named() -> None:
    wrong, unknown = fields() | {VALUE: "a"}, {UNKNOWN: 1}
    problem = problem_of({"items": [wrong, fields(), 3, unknown]})
    named = [f"items[0].{VALUE}", "items[2]", *refused(unknown, "items[3].")]
    assert [error["field"] for error in problem.errors] == named
    assert f"(and {len(named) - 1} more)" in problem.detail


JSON: Strategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=8,
)
ITEM: Strategy[Any] = st.fixed_dictionaries(
    {name: st.just(given) for name, given in fields().items()} | {VALUE: st.floats() | st.integers()},
    optional={UNKNOWN: JSON},
)
BODIES: Strategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["count", "items", *[column.name for column in MODEL.columns]]) | st.text(max_size=5),
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
        assert all(MODEL.parse_draft(MODEL.draft_fields(given), "") == (given, []) for given in drafts)
        assert all(is_storable(value_in(MODEL.draft_fields(given))) for given in drafts)


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


NUMBERS = st.lists(st.integers(1, 3), min_size=1, max_size=3)


@given(NUMBERS, NUMBERS)
def test_two_bodies_have_one_hash_if_they_ask_for_the_same_rows(one: list[int], other: list[int]) -> None:
    hashes = [hash_of({"items": [fields(number) for number in numbers]}) for numbers in (one, other)]
    assert (hashes[0] == hashes[1]) is (one == other)


def test_a_row_by_itself_is_a_list_of_one_and_nothing_is_one_random_row() -> None:
    assert hash_of(fields()) == hash_of({"items": [dict(reversed(fields().items()))]})
    assert hash_of({}) == hash_of({"count": 1})
    assert len({hash_of({"count": 1}), hash_of({"count": 2}), hash_of(fields())}) == 3
