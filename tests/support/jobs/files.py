"""Files of rows as text, made through the data model."""

from __future__ import annotations

import csv
import io
import json

from handlers.model.model import Draft
from handlers.rows import MODEL
from tests.support.drafts import draft, fields


def drafts_of(count: int, first: int = 1) -> list[Draft]:
    """The drafts that a file of so many rows has."""
    return [draft(number) for number in range(first, first + count)]


def csv_file(count: int, first: int = 1) -> bytes:
    """CSV with the model's columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [column.name for column in MODEL.columns])
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in fields(n).items()} for n in range(first, first + count))
    return text.getvalue().encode()


def ndjson_file(count: int, first: int = 1) -> bytes:
    """A JSON object a line."""
    return "".join(json.dumps(fields(number)) + "\n" for number in range(first, first + count)).encode()


def _cell(value: object) -> object:
    return value if isinstance(value, str) else json.dumps(value)
