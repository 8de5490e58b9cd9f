"""Every read path held against the newest snapshot, by count and content hash, from what the API sends.

The paths are walked side by side, so that the first row in which they differ can be named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, zip_longest

from console.client.client import Client
from console.client.pages import Walk
from console.client.snapshots import LedgerHead, ListedSnapshot
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.terminal import Advance
from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import content_hash, hash_text
from handlers.routes import SOURCES

REMEDY = "a new epoch makes the ledger the newest history (docs/deployment.md, 'A restored table')"


@dataclass
class Check:
    """The findings on one path."""

    source: str
    rows: int
    hash: str
    is_right: bool
    first_difference: int | None
    seconds: float


@dataclass
class Verification:
    """The outcome on all paths."""

    bookmark: str
    rows: int
    hash: str
    is_right: bool
    paths: list[Check]


def compare_hashes(head: LedgerHead, published: ListedSnapshot) -> None:
    """Hold the newest snapshot's hash against that of the ledger's head, where both are at one point: at any size.

    Raises ConsoleError where they differ, or the snapshot is of no point of this ledger.
    """
    hint = f"{PROGRAM} ledger new-epoch"
    if published.bookmark > head.bookmark:
        said = f"the snapshot {published.bookmark} reaches beyond the ledger's head {head.bookmark}"
        raise ConsoleError(f"{said}; {REMEDY}", hint)
    if published.bookmark == head.bookmark and published.hash != head.hash:
        said = f"at {head.bookmark} the snapshot's hash is {published.hash}, the ledger's {head.hash}"
        raise ConsoleError(f"{said}; {REMEDY}", hint)


def verify_paths(client: Client, published: ListedSnapshot, advance: Advance) -> Verification:
    """Walk all paths to their end and compare."""
    walks = [HashingWalk(client, source, published.bookmark, advance) for source in SOURCES]
    differences = _differences(walks)
    right = {walk.source for walk in walks if (walk.rows, walk.hash) == (published.bookmark.seq, published.hash)}
    checks = [Check(walk.source, walk.rows, walk.hash, walk.source in right, None, walk.seconds) for walk in walks]
    for check in checks:
        if not check.is_right:
            check.first_difference = _first_difference(check.source, right, differences)
    is_right = len(right) == len(SOURCES)
    return Verification(str(published.bookmark), published.bookmark.seq, published.hash, is_right, checks)


def complain(outcome: Verification) -> None:
    """Raises ConsoleError where a path is not right."""
    wrong = [_complaint(check) for check in outcome.paths if not check.is_right]
    if wrong:
        hint = 'a snapshot is built again by POST /snapshots with {"full": true}'
        raise ConsoleError(f"not what the snapshot {outcome.bookmark} says: {', '.join(wrong)}", hint)


def _complaint(check: Check) -> str:
    if check.first_difference is None:
        return f"{check.source} (the paths agree with each other)"
    return f"{check.source} (first at seq {check.first_difference})"


class HashingWalk(Walk):
    """A walk that counts and hashes what it passes."""

    def __init__(self, client: Client, source: str, upto: Bookmark, advance: Advance = lambda _: None) -> None:
        super().__init__(client, source, upto)
        self.rows = 0
        self._sum = 0
        self._advance = advance

    @property
    def hash(self) -> str:
        """Return the content hash of what was passed."""
        return hash_text(self._sum)

    def texts(self) -> Iterator[str]:
        """Yield the rows' JSON texts, one by one."""
        for texts in self.pages():
            seqs = list(range(self.rows + 1, self.rows + len(texts) + 1))
            self._sum = content_hash(self._sum, seqs, texts)
            self.rows += len(texts)
            self._advance(len(texts))
            yield from texts


def _differences(walks: list[HashingWalk]) -> dict[frozenset[str], int]:
    """Find for each two paths that differ the first seq in which they do."""
    first: dict[frozenset[str], int] = {}
    for seq, texts in enumerate(zip_longest(*(walk.texts() for walk in walks)), 1):
        if len(set(texts)) > 1:
            for (one, its), (other, others) in combinations(zip(walks, texts, strict=True), 2):
                if its != others:
                    first.setdefault(frozenset((one.source, other.source)), seq)
    return first


def _first_difference(source: str, right: set[str], differences: dict[frozenset[str], int]) -> int | None:
    """Find where a wrong path leaves a right one; where there is none, where it leaves any other."""
    others = right or set(SOURCES) - {source}
    found = [seq for pair, seq in differences.items() if source in pair and pair & others]
    return min(found, default=None)
