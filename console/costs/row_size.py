"""The size of a row of this project's data model: in the ledger, as DynamoDB counts it, and in a segment.

Source: "DynamoDB item sizes and formats": names and texts in UTF-8; a number has a byte for two digits, and one more.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Any

from console.errors import ConsoleError
from handlers.aws.table import page_of, rows_key
from handlers.domain.bookmark import Bookmark
from handlers.model.column import Column
from handlers.model.model import Row
from handlers.rows import MODEL
from handlers.snapshots.build import SegmentBuilder

if TYPE_CHECKING:
    from handlers.aws.dynamodb import Item

PAGE_BYTES = 4096
# Pages that a segment has however few its rows are: schema, table, meta row, and one for each index.
SEGMENT_BYTES = (3 + MODEL.indexes.count("CREATE")) * PAGE_BYTES
SAMPLED_ROWS = 200  # in the ledger: every start of the console makes them
BUILT_ROWS = 2000  # in a segment, beside which its least pages count for little
TIME = "2026-01-01T00:00:00.000Z"
FIRST = 100_001  # row of those that are made
EPOCH = 1_767_225_600_000
NO_LIMIT = 10**9


def item_bytes(item: Item) -> int:
    """Return the size of an item of texts and numbers."""
    names = sum(len(name.encode()) for name in item)
    texts = sum(len(value["S"].encode()) for value in item.values() if "S" in value)
    return names + texts + sum(_number_bytes(value["N"]) for value in item.values() if "N" in value)


def ledger_row_bytes(row: Row, epoch: int) -> int:
    """Return the size of a row in the ledger, with its key."""
    key: Item = {"pk": {"S": rows_key(epoch, page_of(row[0]))}, "sk": {"N": str(row[0])}}
    return item_bytes(key | MODEL.to_item(row))


def shown_row_bytes(shown: Mapping[str, Any], bookmark: Bookmark) -> int:
    """Return the size of a row that a read path shows, near a bookmark, be it older than a column's limits.

    Raises ConsoleError where it is none of this data model.
    """
    draft = tuple(_stored(column, shown.get(column.name)) for column in MODEL.columns)
    return ledger_row_bytes(MODEL.row_of(bookmark.seq, shown["id"], draft, shown["created_at"]), bookmark.epoch)


def _stored(column: Column, value: object) -> object:
    """Return the row's value of what is shown of a column. Raises ConsoleError where it is of another type."""
    limits: dict[str, Any] = {"text": {"max_length": NO_LIMIT}, "json": {"max_bytes": NO_LIMIT}}.get(column.kind, {})
    try:
        return column.stored(None) if value is None else type(column)(column.name, **limits).check(value)
    except (ValueError, OverflowError) as error:
        hint = "use the checkout that was deployed: its handlers/rows.py"
        raise ConsoleError(f"the API's rows are not of this data model: {column.name}", hint) from error


@cache
def random_row_bytes() -> int:
    """Return the size of a random row in the ledger: what is assumed of rows that nobody has measured."""
    return round(fmean(ledger_row_bytes(row, EPOCH) for row in _random_rows(SAMPLED_ROWS)))


@cache
def snapshot_bytes_a_row_byte() -> float:
    """Return the bytes of a segment of random rows for each of theirs in the ledger: columns, JSON text, indexes."""
    with tempfile.TemporaryDirectory(prefix="lambda-sqlite-") as folder:
        builder = SegmentBuilder(str(Path(folder) / "segment.db"), FIRST)
        with closing(builder):
            builder.add(_random_rows(BUILT_ROWS))
            builder.finish()
        size_bytes = Path(builder.path).stat().st_size
    return round((size_bytes - SEGMENT_BYTES) / BUILT_ROWS / random_row_bytes(), 1)


def _random_rows(count: int) -> Sequence[Row]:
    random = Random(1)  # noqa: S311 - test data, no secret
    return [MODEL.row_of(seq, f"{seq:026d}", MODEL.random_draft(random), TIME) for seq in range(FIRST, FIRST + count)]


def _number_bytes(text: str) -> int:
    digits = text.lower().partition("e")[0].lstrip("-").replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1
