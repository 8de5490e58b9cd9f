from __future__ import annotations

import pytest

from handlers.domain.numbers import ALLOWED
from handlers.domain.timestamps import EXACT_TIME_ALLOWED
from handlers.model.column import Column
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model
from handlers.openapi import columns
from handlers.openapi.columns import filter_parameters, given_schema, shown_schema

LEAST, GREATEST = -(2**63), 2**63 - 1
TIME = EXACT_TIME_ALLOWED
ANY_JSON = ["object", "array", "string", "number", "boolean"]


@pytest.mark.parametrize(
    ("column", "given", "shown"),
    [
        (
            Text("a", min_length=1, max_length=9, description="Its name"),
            {"type": "string", "minLength": 1, "maxLength": 9, "description": "Its name: a text of 1 to 9 characters"},
            {"type": "string", "description": "Its name: a text of 1 to 9 characters"},
        ),
        (
            Text("a", choices=("x", "y"), required=False),
            {"type": ["string", "null"], "enum": ["x", "y", None], "description": "one of x, y"},
            {"type": ["string", "null"], "description": "one of x, y"},
        ),
        (
            Number("a", minimum=0.5),
            {
                "type": "number",
                "format": "double",
                "minimum": 0.5,
                "description": f"{ALLOWED}, at least 0.5; -0.0 is stored as 0.0",
            },
            {
                "type": "number",
                "format": "double",
                "description": f"{ALLOWED}, at least 0.5; -0.0 is stored as 0.0",
            },
        ),
        (
            Integer("a", maximum=7, default=3),
            {
                "type": ["integer", "null"],
                "format": "int64",
                "minimum": LEAST,
                "maximum": 7,
                "default": 3,
                "description": "an integer of 64 bits, at most 7",
            },
            {"type": "integer", "format": "int64", "description": "an integer of 64 bits, at most 7"},
        ),
        (
            Boolean("a", default=False),
            {"type": ["boolean", "null"], "default": False, "description": "true or false"},
            {"type": "boolean", "description": "true or false"},
        ),
        (
            Timestamp("a"),
            {"type": "string", "format": "date-time", "description": TIME},
            {"type": "string", "format": "date-time", "description": TIME},
        ),
        (
            Json("a", max_bytes=9, required=False),
            {"type": [*ANY_JSON, "null"], "description": "JSON of at most 9 bytes, nested at most 100 deep"},
            {"type": [*ANY_JSON, "null"], "description": "JSON of at most 9 bytes, nested at most 100 deep"},
        ),
    ],
    ids=["text", "choices", "number", "integer", "boolean", "timestamp", "JSON"],
)
def test_a_column_is_described_as_it_is_given_and_as_it_is_shown(column: Column, given: object, shown: object) -> None:
    assert given_schema(column) == given
    assert shown_schema(column) == shown


def test_every_filter_is_a_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model("things", Text("sku", filter=True), Number("price", statistics=True), Boolean("new", filter=True))
    monkeypatch.setattr(columns, "MODEL", model)
    monkeypatch.setattr(columns, "_SAMPLE", {"sku": "A-1", "price": 2.5, "new": False})
    described = filter_parameters()
    assert list(described) == list(model.filters)
    assert described["max_sku"] == (
        "query",
        {"type": "string", "minLength": 1},
        "A-1",
        "Only rows whose sku is at most this: a text.",
    )
    number = {"type": "number", "format": "double"}
    said = "Only rows whose price is at least this: a finite decimal number."
    assert described["min_price"] == ("query", number, 2.5, said)
    assert described["min_value"] == ("query", number, 2.5, f"{said} The same as min_price.")
    assert described["new"] == ("query", {"type": "boolean"}, False, "Only rows whose new is this: true or false.")
