"""A stated load of reads: which page is asked for when. The same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

PAGES = 200  # that differ
FIRST_LIMIT = 51  # of rows: the pages are of 51 to 250


class Load(NamedTuple):
    """Reads of pages, of which the second is asked for half as often as the first, the third a third, and so on.

    Args:
        per_s: how many a second.
        at_once: how many come together; 1: each on its own.
        as_of_share: how many ask as of a bookmark.
    """

    per_s: float
    at_once: int
    as_of_share: float

    @property
    def text(self) -> str:
        """Say it."""
        pace = f"{self.per_s:g} a second" + (f", {self.at_once} at once" if self.at_once > 1 else "")
        return f"{pace}, {self.as_of_share:.0%} with `as_of`".replace("%", " %")


class Read(NamedTuple):
    """One read: when it is due, and of what."""

    due_s: float
    path: str


def reads(load: Load, seconds: float, bookmark: str) -> Iterator[Read]:
    """Give the reads of so many seconds, those as of a bookmark as of this one."""
    random = Random(1)
    weights = [1 / place for place in range(1, PAGES + 1)]
    for number in range(round(load.per_s * seconds)):
        (page,) = random.choices(range(PAGES), weights)
        as_of = f"&as_of={bookmark}" if random.random() < load.as_of_share else ""
        yield Read(number // load.at_once * load.at_once / load.per_s, f"/sqlite-efs?limit={FIRST_LIMIT + page}{as_of}")


def expected_share(load: Load, age_s: float) -> float:
    """Return the share of plain reads that a cache answers which keeps each page for so long, were they all random.

    Of a page that is asked for r times a second it asks the origin once in age + 1/r seconds.
    """
    total = sum(1 / place for place in range(1, PAGES + 1))
    shares = [1 / place / total for place in range(1, PAGES + 1)]
    rate = load.per_s * (1 - load.as_of_share)
    return sum(share * rate * share * age_s / (1 + rate * share * age_s) for share in shares)
