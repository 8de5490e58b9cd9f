"""The end of a change of columns: the ledger's head made to stand for its rows by the columns of this checkout.

Until then it does so by the columns that those replace, so that code of both versions goes on with it. Nothing else of
the ledger changes, its epoch neither, so no bookmark is lost; and it can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.client.retry import Retry
from console.data.branches import BATCH_ROWS, head_of
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.terminal import Advance
from handlers.aws.dynamodb import Deadline
from handlers.domain.hashes import hash_text
from handlers.ledger.branch import put_head
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Model
from handlers.rows import MODEL

MOVED_WITHIN_S = 20.0


@dataclass(frozen=True)
class Adopted:
    """The outcome of an adoption.

    Attributes:
        bookmark: the ledger's head.
        rows: how many were read: all of them.
        hash: their content hash, by the columns that the head stands for them with now.
        is_changed: whether the head was changed; else it stood so already, or nothing was to be changed.
    """

    bookmark: str
    rows: int
    hash: str
    is_changed: bool


def adopt(ledger: Ledger, advance: Advance, *, undo: bool = False, dry_run: bool = False) -> Adopted:
    """Read every row, and make the head stand for them by the columns declared now, however often it moves meanwhile.

    Args:
        undo: by the columns that those replace.
        dry_run: read alone.

    Raises ConsoleError where no others are replaced, or the rows are not what the head says; Problem where the ledger
    is written to all the time.
    """
    before = MODEL.counterpart
    if before is None:
        hint = "where a table or a filter alone is changed, leave `replaces` out once no other code runs"
        raise ConsoleError("handlers/rows.py declares no columns in place of others", hint)
    target = before if undo else MODEL
    head, retry = head_of(ledger), Retry(MOVED_WITHIN_S)
    read = _Read(head, before)
    while True:
        read.go_on(ledger, head, advance)
        found = read.proven(head, target)
        is_done = head.columns == target.rows_version
        if is_done or dry_run or put_head(ledger, head, found, Deadline()):
            return Adopted(str(head.bookmark), head.seq, hash_text(found.hash), not (is_done or dry_run))
        head = head_of(ledger)
        if head.epoch != found.epoch or not retry.pause():
            raise ConsoleError(f"the ledger has moved on to {head.bookmark}; nothing was changed", "run it once more")


class _Read:
    """The rows read so far, as both forms stand for them."""

    def __init__(self, head: Head, before: Model) -> None:
        none = Head.new(head.epoch)
        versions = (MODEL.rows_version, before.rows_version)
        self._reached = {version: replace(none, roots=head.roots, columns=version) for version in versions}

    def go_on(self, ledger: Ledger, head: Head, advance: Advance) -> None:
        """Read on up to a head."""
        reached = self._reached[MODEL.rows_version].seq
        while reached < head.seq:
            span = Range(head.roots, reached + 1, min(head.seq, reached + BATCH_ROWS))
            rows = [row for page in ledger.rows(span, Deadline()) for row in page]
            self._reached = {version: known.plus(rows) for version, known in self._reached.items()}
            reached += len(rows)
            advance(len(rows))

    def proven(self, head: Head, target: Model) -> Head:
        """Return the head as it stands for the rows in another form. Raises ConsoleError where it is not theirs."""
        known = self._reached.get(head.columns)
        if known is None or known.hash != head.hash:
            said = f"the rows up to {head.bookmark} are not what the ledger's head says: {hash_text(head.hash)}"
            raise ConsoleError(said, f"{PROGRAM} verify --level full")
        return replace(head, hash=self._reached[target.rows_version].hash, columns=target.rows_version)
