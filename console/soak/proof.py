"""The proof at the end of a soak: every acknowledged row is in the ledger, once, at its place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from console.data.branches import head_of
from handlers.aws.dynamodb import Deadline
from handlers.ledger.branch import left_heads
from handlers.ledger.ledger import Ledger, Range
from handlers.snapshots.maker import BATCH_ROWS

if TYPE_CHECKING:
    from console.soak.promises import Promises
    from handlers.ledger.head import Head


def check_ledger(ledger: Ledger, promises: Promises) -> None:
    """Look up every row that was acknowledged, unless the ledger went back to before it.

    Where no insert was left without an answer, the ledger has no row beside them either.
    """
    head = head_of(ledger)
    heads = {each.epoch: each for each in (head, *(left for left, _ in left_heads(ledger, Deadline())))}
    ids = _ids(ledger, head)
    promises.check(len(set(ids)) == len(ids), f"the ledger has ids twice: {Counter(ids).most_common(3)}")
    known: set[str] = set()
    for insert in promises.acknowledged:
        last = insert.bookmark.seq
        known.update(insert.ids)
        for seq, row_id in enumerate(insert.ids, last - len(insert.ids) + 1):
            if _is_kept(heads[insert.bookmark.epoch], head, seq):
                found = ids[seq - 1]
                promises.check(found == row_id, f"row {seq} of {insert.bookmark} is {found}, {row_id} was acknowledged")
    if not promises.unanswered:
        promises.check(set(ids) <= known, f"the ledger has rows that nobody wrote: {sorted(set(ids) - known)[:3]}")


def _ids(ledger: Ledger, head: Head) -> list[str]:
    """Return the ids of all rows, in order."""
    ids: list[str] = []
    while len(ids) < head.seq:
        span = Range(head.roots, len(ids) + 1, min(head.seq, len(ids) + BATCH_ROWS))
        ids += [row[1] for page in ledger.rows(span, Deadline()) for row in page]
    return ids


def _is_kept(written: Head, head: Head, seq: int) -> bool:
    """Tell whether a row of one history is in another one too: it lies under the same root in both."""
    return seq <= head.seq and written.root_of(seq) == head.root_of(seq)
