"""The pages that a history needs, and what the lake says it has of them: S3's own words, nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.lake.parallel import in_parallel
from console.terminal import Advance
from handlers.aws.objects import OBJECTS_AT_ONCE, Objects, StoredObject
from handlers.aws.table import page_of
from handlers.lake.page import PREFIX, hash_name, last_of, page_key
from handlers.lake.stretches import Stretch, stretches_of
from handlers.ledger.head import Head
from handlers.ledger.ledger import Part

MISSING = "is missing"


@dataclass(frozen=True)
class SurveyedPage:
    """A page of a history, with its object.

    Attributes:
        part: the rows that the history has on it.
        found: its object; None: there is none.
    """

    part: Part
    found: StoredObject | None

    @property
    def key(self) -> str:
        """Return the key that its object has, or should have."""
        return key_of(self.part)

    @property
    def last(self) -> int:
        """Return the last row of its object: the history's last one on it, or one of a branch that was left."""
        return last_of(self.found.metadata) if self.found else 0

    @property
    def columns(self) -> int:
        """Return the version of the columns that its lines show; 0 where that is not known."""
        return _number(self.found.metadata, "columns") if self.found else 0

    def hash_by(self, columns: int) -> int:
        """Return the content hash of its object's rows by a version of the columns, which `fault` has found there."""
        return int(self.found.metadata[hash_name(columns)], 16) if self.found else 0

    def fault(self, columns: int) -> str | None:
        """Return what is wrong with its object, as far as its metadata tells; None: nothing.

        Args:
            columns: the version by which the history's hash was worked out.
        """
        if self.found is None:
            return MISSING
        metadata = self.found.metadata
        first, rows = (_number(metadata, name) for name in ("first", "rows"))
        if first != self.part.first or self.last < self.part.last or rows != self.last - first + 1:
            return f"has {rows} rows, {first} to {self.last}, and not {self.part.first} to {self.part.last}"
        if len(metadata.get(hash_name(columns), "")) != 32:
            return "was written with other columns"
        return None


def survey(objects: Objects, parts: Sequence[Part], keys: set[str], advance: Advance) -> list[SurveyedPage]:
    """Look at the objects of pages, many at once.

    Args:
        keys: those that there are.
        advance: is told of pages.

    Raises ServiceError.
    """

    def look(part: Part) -> SurveyedPage:
        key = key_of(part)
        return SurveyedPage(part, objects.head(key) if key in keys else None)

    return in_parallel(look, parts, OBJECTS_AT_ONCE, advance)


def list_pages(objects: Objects) -> set[str]:
    """Return the keys of the lake. Raises ServiceError."""
    return set(objects.list_keys(PREFIX))


def parts_of(stretches: Iterable[Stretch]) -> list[Part]:
    """Return the pages of stretches, in order."""
    return [part for stretch in stretches for part in stretch.parts_after(0)]


def upto(stretches: Iterable[Stretch], written: Mapping[int, int]) -> list[Stretch]:
    """Return the stretches as far as each root has been written; none that has not been at all."""
    cut = [each._replace(last=min(each.last, written.get(each.root, 0))) for each in stretches]
    return [stretch for stretch in cut if stretch.first <= stretch.last]


def strays(keys: set[str], heads: Iterable[Head]) -> list[str]:
    """Return the keys that are no page of any of these histories, in order."""
    known = {key_of(part) for head in heads for part in parts_of(stretches_of(head))}
    return sorted(keys - known)


def key_of(part: Part) -> str:
    """Return the key of a page's object."""
    return page_key(part.root, page_of(part.first))


def _number(metadata: Mapping[str, str], name: str) -> int:
    return int(metadata[name]) if metadata.get(name, "").isdecimal() else 0
