"""Every read path held against the newest snapshot, by count and content hash, from what the API sends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.client.client import Client
from console.client.snapshots import LedgerHead, ListedSnapshot
from console.data.walks import Differences, SideBySide
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.terminal import Advance

REMEDY = "a new epoch makes the ledger the newest history (docs/recovery.md, 'A restored table')"


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
    if published.bookmark == head.bookmark and head.hash not in (None, published.hash):
        said = f"at {head.bookmark} the snapshot's hash is {published.hash}, the ledger's {head.hash}"
        raise ConsoleError(f"{said}; {REMEDY}", hint)


def verify_paths(
    client: Client, published: ListedSnapshot, advance: Advance, state: Path | None = None
) -> Verification:
    """Walk all paths to their end and compare.

    Args:
        state: the file that says how far that is, so that one that was cut short goes on; gone at the end.

    Raises ConsoleError.
    """
    side_by_side = SideBySide(client, published, advance, state)
    side_by_side.run()
    walks, differences = side_by_side.walks, side_by_side.differences
    right = {walk.source for walk in walks if (walk.rows, walk.hash) == (published.bookmark.seq, published.hash)}
    checks = [Check(walk.source, walk.rows, walk.hash, walk.source in right, None, walk.seconds) for walk in walks]
    for check in checks:
        if not check.is_right:
            others = right or {walk.source for walk in walks} - {check.source}
            check.first_difference = _first_difference(check.source, others, differences)
    is_right = len(right) == len(walks)
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


def _first_difference(source: str, others: set[str], differences: Differences) -> int | None:
    """Find where a wrong path leaves one of these: the right ones, or where there is none, any other."""
    found = [seq for pair, seq in differences.items() if source in pair and pair & others]
    return min(found, default=None)
