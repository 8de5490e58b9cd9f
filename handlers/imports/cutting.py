"""Rows cut into as many at a time as one request of the API holds, or one append."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from handlers.routes import MAX_INSERT_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_BATCH_BYTES = 900_000  # of a body: the API takes 1 MB, and no row is larger than 585 KB, escapes included


class Sized(Protocol):
    """A row with its size in a body."""

    @property
    def size_bytes(self) -> int:
        """Return how large it is."""
        ...


T = TypeVar("T", bound=Sized)


def cut(rows: Iterable[T]) -> Iterator[list[T]]:
    """Yield the rows, as many at a time as there can be: from any cut on the same ones, whoever cuts."""
    batch: list[T] = []
    size_bytes = 0
    for row in rows:
        if len(batch) == MAX_INSERT_ROWS or (batch and size_bytes + row.size_bytes + 1 > MOST_BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(row)
        size_bytes += row.size_bytes + 1
    if batch:
        yield batch
