from __future__ import annotations

import json
import math
import random
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import rows
from handlers.domain.numbers import ALLOWED, is_storable

VALUES = st.floats(allow_nan=False, allow_infinity=False).filter(is_storable).map(lambda value: value + 0.0)
ID = "01KDVDNW00AYEYAEJN3YJ8N6R4"
TIME = "2026-01-01T00:00:00.000Z"
ROWS = st.builds(rows.row_of, st.integers(1, 10**12), st.just(ID), st.tuples(VALUES), st.just(TIME))
NO_LIST: list[object] = []
NO_OBJECT: dict[str, object] = {}


def errors_of(fields: dict[str, object], where: str = "") -> list[dict[str, str]]:
    draft, errors = rows.parse_draft(fields, where)
    assert draft is None
    return errors


@pytest.mark.parametrize(
    ("got", "value"),
    [(0.42, 0.42), (7, 7.0), (0, 0.0), (-1.5, -1.5), (1e-130, 1e-130), (-9.999e125, -9.999e125), (5e-324 / 2, 0.0)],
)
def test_a_storable_number_is_a_draft(got: float, value: float) -> None:
    assert rows.parse_draft({"random_value": got}, "") == ((value,), [])


def test_minus_zero_is_stored_as_zero() -> None:
    draft, _ = rows.parse_draft({"random_value": -0.0}, "")
    assert draft is not None
    assert math.copysign(1, draft[0]) == 1


@pytest.mark.parametrize(
    "got",
    [
        True,
        False,
        None,
        "0.42",
        NO_LIST,
        NO_OBJECT,
        [0.42],
        math.inf,
        -math.inf,
        math.nan,
        1e126,
        -1e126,
        1e-131,
        -1e-131,
        5e-324,
        10**400,
        10**126,
    ],
)
def test_any_other_value_is_refused(got: object) -> None:
    (error,) = errors_of({"random_value": got}, "items[3].")
    assert (error["field"], error["allowed"]) == ("items[3].random_value", ALLOWED)


def test_missing_and_unknown_fields_are_named() -> None:
    assert errors_of({}) == [{"field": "random_value", "got": "null", "allowed": ALLOWED}]
    assert errors_of({"random_value": 1, "seq": 4, "id": "x"}) == [
        {"field": "seq", "got": "4", "allowed": "only random_value"},
        {"field": "id", "got": '"x"', "allowed": "only random_value"},
    ]


@given(VALUES)
def test_a_draft_survives_being_shown_as_fields(value: float) -> None:
    assert rows.parse_draft(rows.draft_fields((value,)), "") == ((value,), [])


@given(ROWS)
def test_a_row_survives_the_ledger_and_json(row: rows.Row) -> None:
    assert rows.from_item(row[0], rows.to_item(row)) == row
    assert json.loads(rows.json_text(row)) == {"id": ID, "random_value": row[2], "created_at": TIME}


@given(ROWS)
def test_a_rows_columns_have_their_names(row: rows.Row) -> None:
    named = dict(zip(rows.COLUMNS, row, strict=True))
    assert named[rows.VALUE] == rows.value_of(row)
    assert named["created_at"] == rows.created_at_of(row) == TIME
    assert named["id"] == ID


def test_random_drafts_are_valid_and_repeatable() -> None:
    drafts = [rows.random_draft(random.Random(7)) for _ in range(2)]
    assert drafts[0] == drafts[1]
    assert rows.parse_draft(rows.draft_fields(drafts[0]), "") == (drafts[0], [])


def test_the_table_holds_the_columns_and_the_json_text() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(rows.DDL)
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({rows.TABLE})")]
    connection.close()
    assert columns == [*rows.COLUMNS, "json"]
    assert rows.COLUMNS[0] == "seq"
    assert {"id", *rows.DRAFT_SCHEMA, "created_at"} == set(rows.COLUMNS[1:])
