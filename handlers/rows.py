"""The data model: the one file to change for your own data (docs/your-data.md walks through it).

A row is a plain tuple in the order of `COLUMNS`. Every row has a sequence number, an id and a time; the rest is
yours. What a client gives is a draft: the row without those three. A row's JSON text is made here and nowhere else,
which is why all read paths give the same bytes.
"""

from __future__ import annotations

import math

from handlers.domain.numbers import ALLOWED, is_storable, number_text
from handlers.domain.problem import field_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from random import Random

    from handlers.aws.dynamodb import Item

Draft = tuple[float]  # random_value
Row = tuple[int, str, float, str]  # seq, id, random_value, created_at

SCHEMA_VERSION = 1  # of the snapshot file; raise it with every change of the two below
TABLE = "randoms"
COLUMNS = ("seq", "id", "random_value", "created_at")
VALUE = "random_value"  # the column that min_value, max_value and the statistics speak of

DDL = f"""
CREATE TABLE {TABLE} (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  random_value REAL NOT NULL,
  created_at TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;
"""
# Made when the rows are in: that takes half as long, and less space. The latter two hold both filters' columns, so that
# a filter by value and time together is answered by either without a look at the table.
INDEXES = f"""
CREATE UNIQUE INDEX IF NOT EXISTS {TABLE}_by_id ON {TABLE} (id);
CREATE INDEX IF NOT EXISTS {TABLE}_by_value ON {TABLE} (random_value, created_at);
CREATE INDEX IF NOT EXISTS {TABLE}_by_created_at ON {TABLE} (created_at, random_value);
"""

# JSON Schema of what a client gives and what it gets back, for the OpenAPI description.
DRAFT_SCHEMA: dict[str, dict[str, object]] = {
    "random_value": {
        "type": "number",
        "format": "double",
        "description": "a double; " + ALLOWED + "; -0.0 is stored as 0.0",
    },
}


def parse_draft(fields: dict[str, object], where: str) -> tuple[Draft | None, list[dict[str, str]]]:
    """Check what a client gave for one row.

    Args:
        fields: the JSON object.
        where: its place in the body ("items[3]."), put before each field's name in an error.

    Returns:
        The draft, or None and one error a wrong field.
    """
    errors = [field_error(where + name, fields[name], f"only {VALUE}") for name in fields if name != VALUE]
    value = parse_number(fields.get(VALUE))
    if value is None:
        errors.append(field_error(where + VALUE, fields.get(VALUE), ALLOWED))
    return ((value,), []) if value is not None and not errors else (None, errors)


def parse_number(got: object) -> float | None:
    """A storable double, or None; -0.0 becomes 0.0, and true is not a number."""
    if isinstance(got, bool) or not isinstance(got, int | float):
        return None
    try:
        value = float(got)
    except OverflowError:
        return None
    return value + 0.0 if is_storable(value) else None


def random_draft(random: Random) -> Draft:
    """A draft of random content."""
    return (random.random(),)


def draft_fields(draft: Draft) -> dict[str, object]:
    """The JSON object that gives this draft: what `parse_draft` reads."""
    return {"random_value": draft[0]}


def row_of(seq: int, row_id: str, draft: Draft, created_at: str) -> Row:
    """The row that a draft becomes."""
    return (seq, row_id, draft[0], created_at)


def to_item(row: Row) -> Item:
    """The row's own attributes in the ledger; its sequence number is in the key."""
    return {"id": {"S": row[1]}, "random_value": {"N": number_text(row[2])}, "created_at": {"S": row[3]}}


def from_item(seq: int, item: Item) -> Row:
    """The row that `to_item` wrote."""
    return (
        seq,
        item["id"].get("S", ""),
        float(item["random_value"].get("N", math.nan)),
        item["created_at"].get("S", ""),
    )


def json_text(row: Row) -> str:
    """The row as every read path shows it."""
    return f'{{"id":"{row[1]}","random_value":{number_text(row[2])},"created_at":"{row[3]}"}}'


def value_of(row: Row) -> float:
    """The column `VALUE`."""
    return row[2]


def created_at_of(row: Row) -> str:
    """The row's time."""
    return row[3]
