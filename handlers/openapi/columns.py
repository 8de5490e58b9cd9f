"""The data model's columns in the API's description: as JSON Schema, and as the parameters that filter by them."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from handlers.model.columns import GREATEST_INTEGER, LEAST_INTEGER, Integer, Number, Text
from handlers.model.filters import BOUNDS
from handlers.rows import MODEL

if TYPE_CHECKING:
    from handlers.model.column import Column

    Schema = dict[str, object]

TYPES: dict[str, Schema] = {
    "text": {"type": "string"},
    "number": {"type": "number", "format": "double"},
    "integer": {"type": "integer", "format": "int64"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "json": {"type": ["object", "array", "string", "number", "boolean"]},
}
COMPARED = {"=": "is this", ">=": "is at least this", "<=": "is at most this"}
_SAMPLE = MODEL.draft_fields(MODEL.random_draft(Random(1)))  # noqa: S311 - an example, no secret


def draft_example() -> dict[str, object]:
    """Return what a client could give for one row."""
    return dict(_SAMPLE)


def row_example(row_id: str, created_at: str) -> dict[str, object]:
    """Return that row as the API shows it."""
    draft, _ = MODEL.parse_draft(_SAMPLE, "")
    return json.loads(MODEL.json_text(MODEL.row_of(3, row_id, draft or (), created_at)))


def given_schema(column: Column) -> Schema:
    """Return the schema of what a client gives for a column: null stands for nothing."""
    schema = _described(column) | _limits(column)
    if column.default is not None:
        schema["default"] = column.given(column.default)
    return schema if column.required else _nullable(schema)


def shown_schema(column: Column) -> Schema:
    """Return the schema of what the API shows: limits may have been others when the row was written."""
    schema = _described(column)
    return _nullable(schema) if column.is_nullable else schema


def filter_parameters() -> dict[str, tuple[str, Schema, object, str]]:
    """Return the parameters that filter, by name: place, schema, example, description."""
    return {name: _filter(name, *MODEL.filters[name]) for name in MODEL.filters}


def _filter(name: str, column: Column, operator: str) -> tuple[str, Schema, object, str]:
    alias = "" if name == BOUNDS[operator] + column.name else f" The same as {BOUNDS[operator]}{column.name}."
    schema = TYPES[column.kind] | ({"minLength": 1} if isinstance(column, Text) else {})
    example = _SAMPLE.get(column.name)
    return "query", schema, example, f"Only rows whose {column.name} {COMPARED[operator]}: {column.asked}.{alias}"


def _described(column: Column) -> Schema:
    allowed = column.allowed
    if isinstance(column, Number) and not isinstance(column, Integer):
        allowed += "; -0.0 is stored as 0.0"
    return TYPES[column.kind] | {"description": f"{column.description}: {allowed}" if column.description else allowed}


def _limits(column: Column) -> Schema:
    if isinstance(column, Text):
        lengths: Schema = {"minLength": column.min_length, "maxLength": column.max_length}
        none = [] if column.required else [None]
        return {"enum": [*column.choices, *none]} if column.choices else lengths
    if isinstance(column, Integer):
        least, greatest = column.minimum, column.maximum
        return {
            "minimum": LEAST_INTEGER if least is None else least,
            "maximum": GREATEST_INTEGER if greatest is None else greatest,
        }
    if isinstance(column, Number):
        limits = {"minimum": column.minimum, "maximum": column.maximum}
        return {name: limit for name, limit in limits.items() if limit is not None}
    return {}


def _nullable(schema: Schema) -> Schema:
    types = schema["type"]
    return schema | {"type": [*(types if isinstance(types, list) else [types]), "null"]}  # pyright: ignore[reportUnknownVariableType] - of texts
