from __future__ import annotations

import json

import pytest

from handlers.feed import texts
from handlers.feed.growth import DivergedHomeError
from handlers.feed.texts import rows_of
from handlers.model.columns import Boolean, Integer, Json, Number, Text
from handlers.model.model import Model
from handlers.postgres.tables import values_of
from tests.support.files import make_rows

EVERY = Model(
    "things",
    Number("number"),
    Integer("integer", required=False),
    Boolean("boolean", required=False),
    Text("text", required=False, choices=("Åland", "\0")),
    Json("document", required=False),
)


def test_rows_come_back_as_they_were() -> None:
    rows = make_rows(20, 5)
    assert rows_of(values_of(rows), 5, 24) == rows


@pytest.mark.parametrize("values", [(1.5, 2**60, 1, "\0", '{"a":[1,"é"]}'), (1e15, None, None, None, None)])
def test_every_type_of_column_comes_back(values: tuple[object, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    row = EVERY.row_of(1, "a", values, "2026-01-01T00:00:00.000Z")
    shown = EVERY.json_text(row)
    held = [texts._held(column, json.loads(shown)[column.name]) for column in EVERY.columns]  # pyright: ignore[reportPrivateUsage] - the shipped model has none of these
    assert tuple(held) == values


def test_a_text_that_was_longer_than_what_is_allowed_now_is_no_damage() -> None:
    assert texts._held(Text("text", max_length=1), "longer") == "longer"  # pyright: ignore[reportPrivateUsage] - as above


def test_the_first_row_that_is_missing_is_named() -> None:
    values = values_of(make_rows(5))
    for wanted, missing in (((1, 6), 6), ((1, 5), 3)):
        given = values if missing == 6 else [*values[:2], *values[3:]]
        with pytest.raises(DivergedHomeError, match=f"row {missing} is missing"):
            rows_of(given, *wanted)
