"""Chains: the segments that together are a snapshot, found from their names alone.

A point is reachable where a segment ends there that begins at row 1, or right after another reachable point. The
snapshot at a point is the chain with the fewest files. Chains are tuples of names, the newest segment first.
"""

from __future__ import annotations

import time

from handlers.domain.bookmark import MAX_SEQ, NOTHING, Bookmark
from handlers.snapshots.names import Name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    Chain = tuple[Name, ...]
    Links = dict[int, Name]  # by each reachable point the last segment of its chain

SMALL_ROWS = 200  # a segment of fewer rows is always merged
GROWTH = 8  # and one of fewer rows than so many times the new ones
MERGED_ROWS = 50_000  # the most that a request merges: a third of a second
CLOCKS_APART_MS = 24 * 3600 * 1000  # an epoch is its ledger's beginning, by the clock of who made it


class Listed:
    """The names of a listing, and the chains that they make.

    Attributes:
        names: all names that count.
        chain: of the newest point of the greatest epoch; empty where there is none.
        epoch: the greatest; 0 where nothing is there.
        is_broken: whether that epoch has files, but no point of it is reachable.
    """

    __slots__ = ("_links", "chain", "epoch", "is_broken", "names")

    def __init__(self, names: Collection[Name] = (), rejected: Collection[Name] = ()) -> None:
        """Find the newest chain.

        Args:
            names: those that count.
            rejected: those of files that failed their proof: their epoch was there.
        """
        self.names = frozenset(names)
        self._links: dict[int, Links] = {}
        self.chain: Chain = ()
        self.epoch = 0
        self.is_broken = False
        latest = int(time.time() * 1000) + CLOCKS_APART_MS
        for epoch in sorted({name.epoch for name in (*names, *rejected)}, reverse=True):
            self.chain = self.chain_of(epoch)
            self.is_broken = not self.chain and epoch <= latest
            if self.chain or self.is_broken:
                self.epoch = epoch
                break

    @property
    def bookmark(self) -> Bookmark:
        """Return the newest point; 0.0 where there is none."""
        return self.chain[0].bookmark if self.chain else NOTHING

    def chain_of(self, epoch: int, upto: int = MAX_SEQ) -> Chain:
        """Return the chain to the newest point of an epoch, none beyond `upto`; empty where none is reachable."""
        links = self._links_of(epoch)
        return chain_to(links, max((last for last in links if last <= upto), default=0))

    def points(self) -> Iterable[Bookmark]:
        """Yield all points that are reachable, newest first."""
        for epoch in sorted({name.epoch for name in self.names}, reverse=True):
            yield from (Bookmark(epoch, last) for last in sorted(self._links_of(epoch), reverse=True))

    def _links_of(self, epoch: int) -> Links:
        if epoch not in self._links:
            self._links[epoch] = best_links(name for name in self.names if name.epoch == epoch)
        return self._links[epoch]


def best_links(names: Iterable[Name]) -> Links:
    """Return the reachable points of one epoch, each with the last segment of the chain with the fewest files."""
    links: Links = {}
    files = {0: 0}
    for name in sorted(names):
        before, last = files.get(name.first - 1), name.last
        if before is not None and (last not in links or before < files[last]):
            files[last] = before + 1
            links[last] = name
    return links


def chain_to(links: Links, last: int) -> Chain:
    """Return the chain to a point; empty where it is not reachable."""
    chain: list[Name] = []
    while last in links and (last or not chain):
        chain.append(links[last])
        last = links[last].first - 1
    return tuple(chain)


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
