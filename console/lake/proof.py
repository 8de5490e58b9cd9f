"""Proof that a lake is the ledger: the hashes that its pages were put with add up to the one of the ledger's head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console.errors import ConsoleError
from console.lake.survey import SurveyedPage
from console.paths import PROGRAM
from console.terminal import Advance, Steps
from handlers.aws.dynamodb import Deadline
from handlers.aws.table import PAGE_ROWS
from handlers.domain.hashes import HASH_MODULUS, content_hash, hash_text
from handlers.lake.stretches import Stretch
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.rows import MODEL

BATCH_ROWS = 8 * PAGE_ROWS  # read in parallel


def adds_up(
    ledger: Ledger, head: Head, pages: Iterable[SurveyedPage], unwritten: Sequence[Stretch], steps: Steps
) -> bool:
    """Tell whether the pages' rows, with those that are not in the lake yet, are the ledger's.

    Read from the ledger are those rows alone, and what the pages hold of branches that were left.

    Args:
        pages: those without a fault.
        unwritten: the rows of the history that no page of them has.

    Raises Problem where the ledger is away, or lacks rows.
    """
    total = 0
    for page in pages:
        total += page.hash_by(head.columns)
        if page.last > page.part.last:
            total -= _hash_of(ledger, Stretch(page.part.root, page.part.last + 1, page.last), head.columns)
    if unwritten:
        with steps("read the rows that the lake lacks", sum(map(count_of, unwritten))) as advance:
            total += sum(_hash_of(ledger, stretch, head.columns, advance) for stretch in unwritten)
    return total % HASH_MODULUS == head.hash


def count_of(stretch: Stretch) -> int:
    """Return how many rows a stretch has."""
    return stretch.last - stretch.first + 1


def _hash_of(ledger: Ledger, stretch: Stretch, columns: int, advance: Advance = lambda _: None) -> int:
    """Return the content hash of rows of the ledger by a version of the columns."""
    total = 0
    for first in range(stretch.first, stretch.last + 1, BATCH_ROWS):
        span = Range(((1, stretch.root),), first, min(stretch.last, first + BATCH_ROWS - 1))
        for rows in ledger.rows(span, Deadline()):
            total = content_hash(total, [row[0] for row in rows], MODEL.texts_in(columns, rows))
            advance(len(rows))
    return total


def rest_of(stretches: Iterable[Stretch], written: Iterable[Stretch]) -> list[Stretch]:
    """Return the rows of stretches that are beyond those that were written."""
    last = {stretch.root: stretch.last for stretch in written}
    rest = [each._replace(first=max(each.first, last.get(each.root, 0) + 1)) for each in stretches]
    return [stretch for stretch in rest if stretch.first <= stretch.last]


def wrong_ledger(head: Head) -> ConsoleError:
    """Return the error of a ledger whose rows, read one by one, are not what its head says."""
    said = f"the rows up to {head.bookmark} are not what the ledger's head says: {hash_text(head.hash)}"
    return ConsoleError(said, f"{PROGRAM} verify --level full")
