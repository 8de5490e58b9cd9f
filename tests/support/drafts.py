"""Rows made through the data model alone, so that tests that use them hold for any `handlers/rows.py`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, cast

from handlers.model.model import Draft, Row
from handlers.rows import MODEL

UNKNOWN = "no column of any model"
VALUE = MODEL.range[0]  # the column of numbers that ranges are asked for of


def draft(number: int = 1) -> Draft:
    """Return the random draft of this number: the same every time."""
    return MODEL.random_draft(random.Random(number))


def fields(number: int = 1) -> dict[str, object]:
    """Return the JSON object that a client sends for the draft of this number."""
    return MODEL.draft_fields(draft(number))


def items(count: int, first: int = 1) -> list[dict[str, object]]:
    return [fields(number) for number in range(first, first + count)]


def refused(given: dict[str, Any], where: str = "") -> dict[str, str]:
    """Return the fields that the data model refuses, by their place in the body, each with what is allowed."""
    parsed, errors = MODEL.parse_draft(given, where)
    assert parsed is None
    return {error["field"]: error["allowed"] for error in errors}


def with_value(row: Row, value: float) -> Row:
    """Return the row with another number in the column of ranges; the model does not check it."""
    place = MODEL.names.index(VALUE)
    return cast("Row", (*row[:place], value, *row[place + 1 :]))


def value_of(row: Row) -> float:
    """Return a row's number in that column."""
    return row[MODEL.names.index(VALUE)]


def value_in(shown: dict[str, Any]) -> float:
    """Return that number of a row as a read path shows it."""
    return shown[VALUE]


def content_of(shown: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a read path shows it without what a client did not send."""
    return {column.name: shown[column.name] for column in MODEL.columns}


def share(shown: Sequence[dict[str, Any]], part: float) -> float:
    """Return the value below which this part of the drafts or rows lies."""
    return sorted(map(value_in, shown))[int(part * len(shown))]


def are_of(found: Sequence[Row], appended: Sequence[Draft]) -> bool:
    """Tell whether these rows are those that the drafts became, in their order."""
    return list(found) == [
        MODEL.row_of(row[0], row[1], made, row[-1]) for row, made in zip(found, appended, strict=True)
    ]
