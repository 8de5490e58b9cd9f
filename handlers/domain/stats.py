"""Statistics of a ledger prefix: the same numbers whatever way they were added up.

Sums of doubles depend on their order, so the sum is kept exactly (`numbers.exact_parts`); a snapshot carries the
state, so does the head: adding n rows costs n, and no reader ever scans.
"""

from __future__ import annotations

import json
import math

from handlers.domain.numbers import exact_parts


class Stats:
    """Count, extremes and exact sum of the statistics' column, and the span of created_at, of a ledger prefix."""

    __slots__ = ("count", "first", "last", "maximum", "minimum", "sum_parts")

    def __init__(self) -> None:
        self.count = 0
        self.minimum: float | None = None
        self.maximum: float | None = None
        self.sum_parts: list[float] = []
        self.first: str | None = None
        self.last: str | None = None

    def plus(self, values: list[float], times: list[str]) -> Stats:
        """Return these statistics with more rows: their values, where there is such a column, and their created_at."""
        added = Stats()
        if times:
            added.count, added.first, added.last = len(times), min(times), max(times)
        if values:
            added.sum_parts, added.minimum, added.maximum = exact_parts(values), min(values), max(values)
        return self.merge(added)

    def merge(self, other: Stats) -> Stats:
        """Return the statistics of these rows and the other ones."""
        if not self.count or not other.count:
            return self if self.count else other
        both = Stats()
        both.count = self.count + other.count
        both.sum_parts = exact_parts([*self.sum_parts, *other.sum_parts])
        if self.minimum is not None:
            both.minimum = min(self.minimum, other.minimum)  # pyright: ignore[reportArgumentType] - both have rows
            both.maximum = max(self.maximum, other.maximum)  # pyright: ignore[reportArgumentType]
        both.first, both.last = min(self.first, other.first), max(self.last, other.last)  # pyright: ignore[reportArgumentType]
        return both

    def answer(self) -> dict[str, object]:
        """Return the numbers as the API shows them; None where there are no rows."""
        return {
            "count": self.count,
            "min": self.minimum,
            "max": self.maximum,
            "avg": math.fsum(self.sum_parts) / self.count if self.minimum is not None else None,
            "first_created_at": self.first,
            "last_created_at": self.last,
        }

    def to_text(self) -> str:
        """Return the state as JSON, to be continued by `from_text`."""
        return json.dumps([getattr(self, name) for name in self.__slots__])

    @classmethod
    def from_text(cls, text: str) -> Stats:
        """Return the state that `to_text` wrote. Raises ValueError for anything else."""
        values = json.loads(text)
        stats = cls()
        for name, value in zip(cls.__slots__, values, strict=True):
            setattr(stats, name, value)
        return stats
