"""The lake filled from here: its missing pages and those that are not as they should be, many at once.

It looks at what is there first, so one that was cut short goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.lake.parallel import in_parallel
from console.lake.place import LakePlace
from console.lake.proof import adds_up, wrong_ledger
from console.lake.survey import SurveyedPage, list_pages, parts_of, survey
from console.terminal import Steps
from handlers.aws.dynamodb import PARALLEL_READS, Deadline
from handlers.domain.hashes import hash_text
from handlers.lake.progress import LakeProgress
from handlers.lake.stretches import stretches_of
from handlers.lake.writer import PageWriter
from handlers.ledger.head import Head
from handlers.rows import MODEL


@dataclass(frozen=True)
class Backfilled:
    """The outcome: the lake holds the ledger's rows, proven by their hash.

    Attributes:
        pages: how many the ledger has.
        written: how many objects were put just now.
    """

    bookmark: str
    rows: int
    hash: str
    pages: int
    written: int


def backfill(place: LakePlace, head: Head, steps: Steps, *, again: bool = False) -> Backfilled:
    """Write the pages that are missing or not as they should be, and prove that all are the ledger's.

    Args:
        again: write all of them.

    Raises ConsoleError where the ledger's rows are not what its head says; Problem, ServiceError.
    """
    pages = _look(place, head, steps)
    written = _write(place, [page for page in pages if again or _is_wrong(page, head)], steps, again=again)
    if not _is_proven(place, head, steps):
        written += _write(place, _look(place, head, steps), steps)  # each is held against the ledger now
        if not _is_proven(place, head, steps):
            raise wrong_ledger(head)
    progress = LakeProgress(place.ledger, place.objects.bucket)
    for stretch in stretches_of(head):
        progress.save(stretch.root, stretch.last, Deadline())
    return Backfilled(str(head.bookmark), head.seq, hash_text(head.hash), len(pages), written)


def _look(place: LakePlace, head: Head, steps: Steps) -> list[SurveyedPage]:
    parts = parts_of(stretches_of(head))
    with steps("look at what is there", len(parts), "pages") as advance:
        return survey(place.objects, parts, list_pages(place.objects), advance)


def _is_wrong(page: SurveyedPage, head: Head) -> bool:
    """Tell whether a page has to be written, as far as its metadata tells."""
    return page.fault(head.columns) is not None or page.columns != MODEL.rows_version


def _write(place: LakePlace, pages: Sequence[SurveyedPage], steps: Steps, *, again: bool = False) -> int:
    """Write those pages that differ from the ledger. Returns how many were put."""
    writer = PageWriter(place.ledger, place.objects)

    def write(page: SurveyedPage) -> bool:
        return writer.write(page.part, page.found, again=again)

    with steps("write pages", len(pages), "pages") as advance:
        return sum(in_parallel(write, pages, PARALLEL_READS, advance))


def _is_proven(place: LakePlace, head: Head, steps: Steps) -> bool:
    """Tell whether all pages are there, and their hashes add up to the head's."""
    pages = _look(place, head, steps)
    return not any(page.fault(head.columns) for page in pages) and adds_up(place.ledger, head, pages, [], steps)
