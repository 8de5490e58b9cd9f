from __future__ import annotations

from typing import NamedTuple

from handlers.imports.cutting import MOST_BATCH_BYTES, cut
from handlers.routes import MAX_INSERT_ROWS


class Weight(NamedTuple):
    """Something with a size."""

    size_bytes: int


def lengths(size_bytes: int, count: int) -> list[int]:
    return [len(part) for part in cut([Weight(size_bytes)] * count)]


def test_a_part_has_as_many_rows_as_a_request_can_hold() -> None:
    assert lengths(10, 2001) == [MAX_INSERT_ROWS, MAX_INSERT_ROWS, 1]
    third = MOST_BATCH_BYTES // 3 - 1
    assert lengths(third, 7) == [3, 3, 1]
    assert lengths(third + 1, 7) == [2, 2, 2, 1]
    assert lengths(10, 0) == []


def test_a_row_that_is_too_large_for_all_is_alone() -> None:
    assert lengths(MOST_BATCH_BYTES + 1, 2) == [1, 1]
