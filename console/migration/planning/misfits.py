"""The misfits of a plan: the first of each kind, and the number of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from console.migration.kinds import SourceValue
from console.migration.plan import Misfit, MisfitCount


class Misfits:
    """Misfits as they are found.

    Args:
        most_shown: so many of one column for one reason.
    """

    def __init__(self, most_shown: int) -> None:
        self._most_shown = most_shown
        self._counts = Counter[tuple[str, str, str]]()
        self._first = list[Misfit]()

    def add(self, table: str, column: str, key: Sequence[SourceValue], value: SourceValue, reason: str) -> None:
        """Count one; what follows a colon in the reason is this value's own."""
        kind = (table, column, reason.partition(":")[0])
        self._counts[kind] += 1
        if self._counts[kind] <= self._most_shown:
            self._first.append(Misfit(table, column, tuple(key), value, reason))

    @property
    def first(self) -> tuple[Misfit, ...]:
        """The first of each kind, in the order found."""
        return tuple(self._first)

    @property
    def counts(self) -> tuple[MisfitCount, ...]:
        """The number of each kind."""
        return tuple(MisfitCount(*kind, count) for kind, count in self._counts.items())
