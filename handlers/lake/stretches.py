"""The stretches of a history: which rows lie under which root, and the pages that the lake lacks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from handlers.aws.table import PAGE_ROWS, page_of
from handlers.ledger.ledger import Part, Range

if TYPE_CHECKING:
    from handlers.ledger.head import Head


class Stretch(NamedTuple):
    """The rows first … last of a history, which all lie under one root."""

    root: int
    first: int
    last: int

    def parts_after(self, written: int) -> list[Part]:
        """Return the pages with rows beyond a sequence number, each from the first row that it has of this root."""
        if written >= self.last:
            return []
        first = max(self.first, page_of(written + 1) * PAGE_ROWS + 1)
        return Range(((1, self.root),), first, self.last).parts()

    def newest_part(self, written: int) -> Part | None:
        """Return the page with the newest row that comes no later than a sequence number; None where there is none."""
        last = min(written, self.last)
        return Range(((1, self.root),), last, last).parts()[0] if last >= self.first else None

    def rows_upto(self, written: int) -> int:
        """Return how many of its rows come no later than a sequence number."""
        return max(0, min(written, self.last) - self.first + 1)


def stretches_of(head: Head) -> list[Stretch]:
    """Return the stretches of a head's history that hold rows, in order."""
    ends = [*(first - 1 for first, _ in head.roots[1:]), head.seq]
    found = [Stretch(root, first, end) for (first, root), end in zip(head.roots, ends, strict=True)]
    return [stretch for stretch in found if stretch.first <= stretch.last]
