"""The shipped column `random_value`, through the whole project.

With another data model change this file and tests/handlers/test_rows.py; no other test knows the columns.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.costs.row_size import SEGMENT_BYTES, ledger_row_bytes
from console.costs.scenario import Scenario
from handlers.api.insert import call_of, drafts_of
from handlers.aws.table import page_of, rows_key
from handlers.domain.numbers import ALLOWED, number_text
from handlers.gateway.request import Request
from handlers.model.model import Row
from handlers.rows import MODEL
from handlers.snapshots.build import SegmentBuilder
from tests.support.api import SOURCES, Api, event
from tests.support.problems import assert_problem

EPOCH = 1_763_715_600_000
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("value", [0.42, 1, 0, -1e-130, 9.9e125, 10**125])
def test_a_value_is_one_row_with_it(value: float) -> None:
    assert drafts_of({"random_value": value}) == [(float(value),)]


def test_minus_zero_is_stored_as_zero() -> None:
    ((value,),) = drafts_of({"random_value": -0.0})
    assert math.copysign(1, value) == 1


def test_random_values_lie_between_0_and_1() -> None:
    drafts = drafts_of({"count": 1000})
    assert len(set(drafts)) == 1000
    assert all(0 <= value < 1 for (value,) in drafts)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-0.0", 0.0),
        ("-0", 0.0),
        ("1E+2", 100.0),
        ("0." + "3" * 5000, 1 / 3),
        ("1e-130", 1e-130),
        ("9.99e125", 9.99e125),
    ],
    ids=lambda given: str(given)[:10],
)
def test_every_spelling_of_a_number_is_read_back_alike_on_every_path(api: Api, text: str, value: float) -> None:
    inserted = api("POST", "/insert", f'{{"\\u0072andom_value": {text}}}', JSON)
    assert inserted.status == 201, inserted.text
    for source in SOURCES:
        assert repr(api.get(source).json["data"][0]["random_value"]) == repr(value)


@pytest.mark.parametrize("text", ["1e126", "1e-131", "5e-324", "1" + "0" * 126, '"0.42"', "true", "null"])
def test_what_cannot_be_stored_is_named_with_what_can(api: Api, text: str) -> None:
    answer = api("POST", "/insert", f'{{"items": [{{"random_value": 1}}, {{"random_value": {text}}}]}}', JSON)
    (error,) = assert_problem(answer, "invalid-content", ALLOWED)["errors"]
    assert (error["field"], error["allowed"]) == ("items[1].random_value", ALLOWED)


def test_missing_and_unknown_fields_are_named(api: Api) -> None:
    answer = api.post("/insert", {"items": [{"random_value": 1}, {}, {"random_value": 1, "Random_Value": 2}]})
    problem = assert_problem(answer, "invalid-content")
    assert {error["field"]: error["allowed"] for error in problem["errors"]} == {
        "items[1].random_value": ALLOWED,
        "items[2].Random_Value": "only random_value",
    }


def hash_of(body: dict[str, Any]) -> str:
    request = Request(event("POST", "/insert", None, {"idempotency-key": "k"}))
    call = call_of(request, body, drafts_of(body))
    assert call is not None
    return call.request_hash


NUMBERS = st.lists(st.sampled_from([0, 0.0, -0.0, 1, 1.0, 2, 0.1, 1e25, 10**25]), min_size=1, max_size=3)


@given(NUMBERS, NUMBERS)
def test_two_bodies_have_one_hash_if_their_numbers_are_the_same(one: list[float], other: list[float]) -> None:
    hashes = [hash_of({"items": [{"random_value": number} for number in numbers]}) for numbers in (one, other)]
    assert (hashes[0] == hashes[1]) is ([float(number) for number in one] == [float(number) for number in other])


def test_a_retry_with_the_number_spelled_otherwise_is_a_retry(api: Api) -> None:
    answers = [
        api("POST", "/insert", f'{{"random_value": {text}}}', JSON | {"idempotency-key": "k"}) for text in ("1", "1.0")
    ]
    assert [answer.status for answer in answers] == [201, 201]
    assert json.loads(answers[0].text)["ids"] == answers[1].json["ids"]
    assert answers[1].headers["idempotent-replayed"] == "true"


def test_the_default_row_and_its_snapshot_are_as_large_as_these_rows(tmp_path: Path) -> None:
    held = rows_held(10_000)
    scenario = Scenario(rows=len(held))
    assert [ledger_row_bytes(row, EPOCH) for row in held[:99]] == [ledger_bytes(row) for row in held[:99]]
    assert sum(map(ledger_bytes, held)) / len(held) == pytest.approx(scenario.row_bytes, rel=0.03)
    assert built_bytes(tmp_path, held) == pytest.approx(scenario.snapshot_bytes, rel=0.03)


def test_the_pages_that_every_segment_has_are_those_of_the_cost_model(tmp_path: Path) -> None:
    assert built_bytes(tmp_path, rows_held(1)) == SEGMENT_BYTES


def rows_held(count: int) -> list[Row]:
    random = Random(1)
    return [
        MODEL.row_of(seq, f"{seq:026d}", MODEL.random_draft(random), "2026-11-21T09:00:00.123Z")
        for seq in range(1, count + 1)
    ]


def built_bytes(folder: Path, held: Sequence[Row]) -> int:
    """The size of a segment of these rows."""
    builder = SegmentBuilder(str(folder / "segment.db"), 1)
    with closing(builder):
        builder.add(held)
        builder.finish()
    return Path(builder.path).stat().st_size


def ledger_bytes(row: Row) -> int:
    """An item's size as DynamoDB's documentation counts it: names, text in UTF-8, two digits of a number a byte."""
    texts = [
        "pk",
        rows_key(EPOCH, page_of(row[0])),
        "sk",
        "id",
        row[1],
        "random_value",
        "created_at",
        row[3],
    ]
    digits = [len(number_text(row[2]).split("e")[0].replace(".", "").strip("0")), len(str(row[0]))]
    return sum(map(len, texts)) + sum(math.ceil(count / 2) + 1 for count in digits)
