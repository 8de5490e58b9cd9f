"""The lake held against the ledger: every page that was promised, their hashes, and nothing beside them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from console.errors import ConsoleError
from console.lake.parallel import in_parallel
from console.lake.place import LakePlace
from console.lake.proof import adds_up, count_of, rest_of, wrong_ledger
from console.lake.survey import SurveyedPage, list_pages, parts_of, strays, survey, upto
from console.lake.where import where_clause
from console.terminal import Steps
from handlers.aws.dynamodb import PARALLEL_READS, Deadline
from handlers.domain.hashes import content_hash, hash_text
from handlers.lake.page import hash_name, unpacked
from handlers.lake.progress import LakeProgress
from handlers.lake.stretches import Stretch, stretches_of
from handlers.lake.writer import PageWriter
from handlers.ledger.branch import left_heads
from handlers.ledger.head import Head

OTHER_ROWS = "holds other rows than the ledger"
OTHER_CONTENT = "has a content that is not what its metadata says"
UNREADABLE = (ValueError, EOFError, OSError, zlib.error)  # OSError: no gzip


@dataclass(frozen=True)
class Difference:
    """A page that is not as it should be."""

    key: str
    fault: str


@dataclass(frozen=True)
class LakeVerification:
    """The outcome.

    Attributes:
        bookmark: the ledger's.
        rows, pages: of its history, how many are in the lake.
        hash: the content hash of the ledger, with which that of the lake and of its unwritten rows agrees.
        unwritten: how many rows are not in the lake yet; its clock has not come to them.
        unwritten_since: when the first of them was created; None: there is none.
        differences: the pages that are not as they should be, in order.
        strays: objects that are no page of any history of the ledger.
        is_deep: whether every page's content was read.
        where: the SQL condition that reads the history's rows in the lake.
    """

    bookmark: str
    rows: int
    pages: int
    hash: str
    unwritten: int
    unwritten_since: str | None
    differences: Sequence[Difference]
    strays: Sequence[str]
    is_deep: bool
    where: str

    @property
    def is_right(self) -> bool:
        """Tell whether nothing was found."""
        return not self.differences and not self.strays


def verify_lake(place: LakePlace, head: Head, steps: Steps, *, deep: bool = False) -> LakeVerification:
    """Hold a lake against its ledger.

    Args:
        deep: download and hash the content of every page.

    Raises ConsoleError where the lake has no rows yet, or the ledger's rows are not what its head says; Problem,
    ServiceError.
    """
    stretches = stretches_of(head)
    there = upto(stretches, LakeProgress(place.ledger, place.objects.bucket).load(Deadline()))
    rest, parts, keys = rest_of(stretches, there), parts_of(there), list_pages(place.objects)
    if stretches and not there:
        raise ConsoleError(f"the lake {place.objects.bucket} has no rows yet", place.filling())
    with steps("look at the pages", len(parts), "pages") as advance:
        pages = survey(place.objects, parts, keys, advance)
    differences = _differences(place, head, pages, rest, steps)
    if deep:
        differences |= _read(place, [page for page in pages if page.key not in differences], steps)
    left = [each for each, _ in left_heads(place.ledger, Deadline())]
    return LakeVerification(
        bookmark=str(head.bookmark),
        rows=sum(map(count_of, there)),
        pages=len(pages),
        hash=hash_text(head.hash),
        unwritten=sum(map(count_of, rest)),
        unwritten_since=place.ledger.created_at(head, rest[0].first, Deadline()) if rest else None,
        differences=[Difference(page.key, differences[page.key]) for page in pages if page.key in differences],
        strays=strays(keys, [head, *left]),
        is_deep=deep,
        where=where_clause(there),
    )


def _differences(
    place: LakePlace, head: Head, pages: Sequence[SurveyedPage], rest: Sequence[Stretch], steps: Steps
) -> dict[str, str]:
    """Return what is wrong with pages, by key. The ledger's rows are read where the lake's do not add up to them."""
    faults = {page.key: fault for page in pages if (fault := page.fault(head.columns)) is not None}
    good = [page for page in pages if page.key not in faults]
    lacking = [Stretch(*page.part) for page in pages if page.key in faults]
    if adds_up(place.ledger, head, good, [*lacking, *rest], steps):
        return faults
    reader, name = PageWriter(place.ledger, place.objects), hash_name(head.columns)

    def is_of_ledger(page: SurveyedPage) -> bool:
        return int(reader.read(page.part, page.found).metadata[name], 16) == page.hash_by(head.columns)

    with steps("read the ledger", len(good), "pages") as advance:
        are_of_ledger = in_parallel(is_of_ledger, good, PARALLEL_READS, advance)
    found = {page.key: OTHER_ROWS for page, is_ in zip(good, are_of_ledger, strict=True) if not is_}
    if not found:
        raise wrong_ledger(head)
    return faults | found


def _read(place: LakePlace, pages: Sequence[SurveyedPage], steps: Steps) -> dict[str, str]:
    """Download pages. Returns what is wrong with them, by key."""

    def is_right(page: SurveyedPage) -> bool:
        return _has_content(place, page)

    with steps("read the pages", len(pages), "pages") as advance:
        are_right = in_parallel(is_right, pages, PARALLEL_READS, advance)
    return {page.key: OTHER_CONTENT for page, is_ in zip(pages, are_right, strict=True) if not is_}


def _has_content(place: LakePlace, page: SurveyedPage) -> bool:
    """Tell whether a page's lines are those that its metadata tells of."""
    content = place.objects.get(page.key)
    try:
        seqs, texts = unpacked(content)
    except UNREADABLE:
        return False
    if seqs != list(range(page.part.first, page.last + 1)):
        return False
    return content_hash(0, seqs, texts) == page.hash_by(page.columns)
