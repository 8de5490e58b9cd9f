"""Rows made through the data model alone, so that tests that use them hold for any `handlers/rows.py`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, cast

from handlers import rows
from handlers.rows import Draft, Row

UNKNOWN = "no column of any model"


def draft(number: int = 1) -> Draft:
    """Return the random draft of this number: the same every time."""
    return rows.random_draft(random.Random(number))


def fields(number: int = 1) -> dict[str, object]:
    """Return the JSON object that a client sends for the draft of this number."""
    return rows.draft_fields(draft(number))


def items(count: int, first: int = 1) -> list[dict[str, object]]:
    return [fields(number) for number in range(first, first + count)]


def refused(given: dict[str, Any], where: str = "") -> dict[str, str]:
    """Return the fields that the data model refuses, by their place in the body, each with what is allowed."""
    parsed, errors = rows.parse_draft(given, where)
    assert parsed is None
    return {error["field"]: error["allowed"] for error in errors}


def with_value(row: Row, value: float) -> Row:
    """Return the row with another number in the column `VALUE`; the model does not check it."""
    place = rows.COLUMNS.index(rows.VALUE)
    return cast("Row", (*row[:place], value, *row[place + 1 :]))


def value_in(shown: dict[str, Any]) -> float:
    """Return the column `VALUE` of a row as a read path shows it."""
    return shown[rows.VALUE]


def content_of(shown: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a read path shows it without what a client did not send."""
    return {name: shown[name] for name in rows.DRAFT_SCHEMA}


def share(shown: Sequence[dict[str, Any]], part: float) -> float:
    """Return the value below which this part of the drafts or rows lies."""
    return sorted(map(value_in, shown))[int(part * len(shown))]


def are_of(found: Sequence[Row], appended: Sequence[Draft]) -> bool:
    """Tell whether these rows are those that the drafts became, in their order."""
    return list(found) == [
        rows.row_of(row[0], row[1], made, rows.created_at_of(row)) for row, made in zip(found, appended, strict=True)
    ]
