"""One page of the ledger put into the lake, whoever else is writing it at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import PAGE_ROWS, page_of
from handlers.lake.page import CONTENT_TYPE, LakePage, last_of, page_key
from handlers.ledger.ledger import Ledger, MissingRowsError, Part, Range

if TYPE_CHECKING:
    from handlers.aws.objects import Objects, StoredObject

ATTEMPTS = 10
READ_LIMIT_S = 30.0  # of a page: nobody waits, and a thousand wide rows are dozens of answers of 1 MB


class ContendedPageError(Exception):
    """Others have replaced a page's object each time before it could be put."""


class PageWriter:
    """Writes pages of a ledger as objects.

    Args:
        ledger: the ledger, read with the columns declared now.
        objects: the lake's.
    """

    def __init__(self, ledger: Ledger, objects: Objects) -> None:
        self._ledger = ledger
        self._objects = objects

    def write(self, part: Part, found: StoredObject | None = None, *, again: bool = False) -> bool:
        """Have a page's object hold the rows of a part, from the first that the page has of this root.

        An object that holds more rows, those of a branch that was left or of a faster writer, keeps them.

        Args:
            found: the object that is known to be there; None: there is none, for all we know.
            again: put it even where it is there already.

        Returns whether it was put; False: it was there.

        Raises Problem (503) where the ledger is away, ServiceError where S3 is, ContendedPageError.
        """
        for _ in range(ATTEMPTS):
            page = self.read(part, found)
            if found is not None and not again and found.metadata == page.metadata:
                return False
            if self._objects.put(page.key, page.content, page.metadata, CONTENT_TYPE, found):
                return True
            found = self._objects.head(page.key)
        raise ContendedPageError(f"s3://{self._objects.bucket}/{page_key(part.root, page_of(part.first))}")

    def read(self, part: Part, found: StoredObject | None = None) -> LakePage:
        """Return the page as it has to be: with the part's rows, and those that its object holds beyond them."""
        end = (page_of(part.first) + 1) * PAGE_ROWS
        last = last_of(found.metadata) if found is not None else 0
        if part.last < last <= end:
            try:
                return self._page(part._replace(last=last))
            except MissingRowsError:
                pass  # rows that this ledger never had, or lost when its table was restored
        return self._page(part)

    def _page(self, part: Part) -> LakePage:
        span = Range(((1, part.root),), part.first, part.last)
        rows = [row for rows in self._ledger.rows(span, Deadline(limit_s=READ_LIMIT_S)) for row in rows]
        return LakePage.from_rows(part.root, rows)
