"""The rule by which a chain stays short: which segments a new one takes the place of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.snapshots.chain import Chain

SMALL_ROWS = 200  # a segment of fewer rows is always merged
GROWTH = 8  # and one of fewer rows than so many times the new ones
MERGED_ROWS = 50_000  # the most that a request merges: a third of a second


def merged_with(chain: Chain, added: int) -> Chain:
    """Return the newest segments of a chain that a publish of so many new rows merges with them.

    So each segment stays much larger than the next newer one, and a row is written again only a few times.
    """
    count, _ = merged_rows([name.rows for name in chain], added)
    return chain[:count]


def merged_rows(sizes: Sequence[int], added: int) -> tuple[int, int]:
    """Return how many of a chain's segments are merged with so many new rows, and how many rows that makes.

    Args:
        sizes: the segments' rows, newest first.
    """
    rows = added
    for count, size in enumerate(sizes):
        if rows + size > MERGED_ROWS or size >= max(SMALL_ROWS, GROWTH * rows):
            return count, rows
        rows += size
    return len(sizes), rows


def compactable(chain: Chain, most_rows: int) -> Chain:
    """Return the newest segments of a chain that make one, since what requests merge is bounded; empty: none do.

    They are those back to the oldest one that is not much larger than all newer ones together.
    """
    found, rows = 0, 0
    for count, name in enumerate(chain, 1):
        if rows + name.rows > most_rows:
            break
        if rows and name.rows < max(SMALL_ROWS, GROWTH * rows):
            found = count
        rows += name.rows
    return chain[:found]
