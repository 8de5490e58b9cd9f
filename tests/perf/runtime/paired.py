"""Ratios of subjects that take turns: medians of paired blocks, so that noise of the machine hits both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median


class Paired:
    """Medians of blocks of one kind of request, by subject.

    Args:
        base: the subject that the others are parts of.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self._blocks: dict[str, list[float]] = defaultdict(list)

    def add(self, subject: str, times: Sequence[float]) -> None:
        """Add a block; the blocks of all subjects come in the same number."""
        self._blocks[subject].append(median(times))

    def base_median(self) -> float:
        """Return the median of the base's blocks."""
        return median(self._blocks[self._base])

    def ratios(self, base: str = "") -> dict[str, float]:
        """Return each subject's ratio to the base, or to another subject."""
        of_all = self._blocks[base or self._base]
        return {
            subject: median(own / of_base for own, of_base in zip(blocks, of_all, strict=True))
            for subject, blocks in self._blocks.items()
        }


def turns(subjects: Sequence[str], number: int) -> Sequence[str]:
    """Return the order of a round: reversed every other one."""
    return subjects[::-1] if number % 2 else subjects
