"""One table on both sides: counted and added up in one pass each; where parts differ, their rows in another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from console.errors import ConsoleError
from console.migration.kinds import TargetValue
from console.migration.plan import PlannedTable
from console.migration.proof.differences import RowDifference, differences_of
from console.migration.proof.forms import Forms, Hashing, NormalRow
from console.migration.proof.parts import Parts, part_of
from console.migration.targets.dynamodb.items import ItemFaultError
from console.terminal import Advance

MOST_ROWS = 50_000  # of differing parts, of both sides, that are looked into at once

SourceRow = Sequence[TargetValue]


@dataclass(frozen=True)
class TableProof:
    """The outcome for one table.

    Attributes:
        fault: why the table could not be compared; empty where it was.
        rows, target_rows: how many each side has.
        checksum, target_checksum: of all their rows, 32 digits.
        parts: how many of 4,096 parts differ.
        examined: how many of these were looked into.
        differences: of the rows of these, all.
        form_faults: what of the target's columns, key and counter is not as planned.
    """

    table: str
    target: str
    fault: str = ""
    rows: int = 0
    target_rows: int = 0
    checksum: str = ""
    target_checksum: str = ""
    parts: int = 0
    examined: int = 0
    differences: tuple[RowDifference, ...] = ()
    form_faults: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Tell whether both sides hold the same."""
        return not (self.fault or self.parts or self.form_faults)


class TableComparison:
    """The comparison of one table.

    Args:
        table: as planned.
        forms: the normal forms of its rows.
        source: yields the source's rows, each time from the first.
        target: yields the target's.
        advance: called with the number of rows just read, of both sides.

    Raises:
        ConsoleError: a side cannot be read.
    """

    def __init__(
        self,
        table: PlannedTable,
        forms: Forms,
        source: Callable[[], Iterable[SourceRow]],
        target: Callable[[], Iterable[Any]],
        advance: Advance,
    ) -> None:
        self._table = table
        self._forms = forms
        self._hashing = Hashing(table)
        self._source = source
        self._target = target
        self._advance = advance

    def run(self) -> TableProof:
        """Compare, and return the outcome."""
        ours, theirs = self._added_up(self._ours()), self._added_up(self._theirs())
        differing = ours.differing(theirs)
        chosen = _chosen(differing, ours, theirs)
        return TableProof(
            self._table.name,
            self._table.target,
            rows=ours.rows,
            target_rows=theirs.rows,
            checksum=ours.checksum,
            target_checksum=theirs.checksum,
            parts=len(differing),
            examined=len(chosen),
            differences=self._differences(frozenset(chosen)) if chosen else (),
        )

    def _ours(self) -> Iterator[NormalRow]:
        try:
            yield from map(self._forms.of_source, self._source())
        except ItemFaultError as error:
            raise ConsoleError(str(error), "migrate copy says the same: give a rule for it") from error

    def _theirs(self) -> Iterator[NormalRow]:
        return map(self._forms.of_target, self._target())

    def _added_up(self, rows: Iterable[NormalRow]) -> Parts:
        parts = Parts()
        for row in rows:
            parts.add(*self._hashing.hashed(row))
            self._advance(1)
        return parts

    def _differences(self, parts: frozenset[int]) -> tuple[RowDifference, ...]:
        sides = [self._by_key(rows, parts) for rows in (self._ours(), self._theirs())]
        return differences_of(self._table, self._hashing, *sides)

    def _by_key(self, rows: Iterable[NormalRow], parts: frozenset[int]) -> dict[tuple[bytes, ...], list[NormalRow]]:
        found: dict[tuple[bytes, ...], list[NormalRow]] = {}
        for row in rows:
            if part_of(self._hashing.hashed(row).key) in parts:
                found.setdefault(self._hashing.key_forms(row), []).append(row)
        return found


def _chosen(differing: Sequence[int], ours: Parts, theirs: Parts) -> list[int]:
    """Return the first of the parts that differ: one at least, and as many as may be looked into at once."""
    chosen: list[int] = []
    rows = 0
    for part in differing:
        rows += ours.rows_in(part) + theirs.rows_in(part)
        if chosen and rows > MOST_ROWS:
            break
        chosen.append(part)
    return chosen
