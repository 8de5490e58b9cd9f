"""A table's counts and checksums, in parts: equal parts hold equal rows, whatever order they came in.

A part is a share of the keys by their hash, so that it means the same in SQLite, PostgreSQL and DynamoDB, which sort
texts and times each in their own way, or not at all. Hashes are added up, so a part's checksum is the sum of those of
its halves: two tables are compared as a whole, and only what differs is halved, and halved again.
"""

from __future__ import annotations

from array import array

from console.migration.checksum import MODULUS

PARTS = 4096  # of 1,000,000 rows a part has 250


class Parts:
    """The rows of one side of a table, counted and added up."""

    def __init__(self) -> None:
        self._rows = array("q", bytes(8 * PARTS))
        self._sums = [0] * PARTS

    def add(self, key_hash: int, row_hash: int) -> None:
        """Count a row in.

        Args:
            key_hash, row_hash: of 128 bits.
        """
        part = part_of(key_hash)
        self._rows[part] += 1
        self._sums[part] += row_hash

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return sum(self._rows)

    @property
    def checksum(self) -> str:
        """Return the checksum of all rows, as 32 digits: that of `Checksum`."""
        return f"{sum(self._sums) % MODULUS:032x}"

    def rows_in(self, part: int) -> int:
        """Return how many rows a part has."""
        return self._rows[part]

    def differing(self, other: Parts, first: int = 0, end: int = PARTS) -> list[int]:
        """Return the parts that differ: the whole is compared, then what differs of it is halved."""
        if self._sum(first, end) == other._sum(first, end):
            return []
        if end - first == 1:
            return [first]
        middle = (first + end) // 2
        return self.differing(other, first, middle) + self.differing(other, middle, end)

    def _sum(self, first: int, end: int) -> tuple[int, int]:
        return sum(self._rows[first:end]), sum(self._sums[first:end]) % MODULUS


def part_of(key_hash: int) -> int:
    """Return the part that a key belongs to."""
    return key_hash % PARTS
