"""Batches: how many rows are worked on at once, so that the largest that the data model allows have room in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.table import PAGE_ROWS
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handlers.aws.dynamodb import Deadline
    from handlers.ledger.ledger import Ledger, Range
    from handlers.model.column import Column
    from handlers.model.model import Row

MOST_BATCH_BYTES = 16_000_000  # several times that in memory, as rows, as texts and as what goes over the wire
BESIDE_BYTES = 100  # of a row: its id, its time, and what is around them


def batch_rows(most: int, columns: Sequence[Column] = MODEL.columns) -> int:
    """Return how many rows are worked on at once: `most`, or as many of the largest as have room."""
    row_bytes = BESIDE_BYTES + sum(len(column.name) + column.most_bytes for column in columns)
    return min(most, MOST_BATCH_BYTES // row_bytes)


READ_ROWS = batch_rows(PAGE_ROWS)


def pages_of(ledger: Ledger, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
    """Yield the ledger's rows of a range in order, a page at a time; parts of pages where whole ones have no room.

    Raises Problem (503).
    """
    if READ_ROWS >= PAGE_ROWS:
        yield from ledger.rows(span, deadline)
        return
    for first in range(span.first, span.last + 1, READ_ROWS):
        part = replace(span, first=first, last=min(first + READ_ROWS - 1, span.last))
        yield from ledger.rows(part, deadline)
