"""A prefix of the ledger as a reader's view: pages, one row, statistics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from handlers.aws.table import PAGE_ROWS
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem, field_error, invalid, unavailable
from handlers.domain.stats import Stats
from handlers.ledger.items import fulfils, narrowing_of
from handlers.ledger.ledger import Range
from handlers.reads.page import (
    MOST_SCANNED_ROWS,
    NEARBY_ROWS,
    fitting,
    page_range,
    range_end,
    remaining_range,
)
from handlers.routes import MAX_INSERT_ROWS
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from handlers.aws.dynamodb import Deadline
    from handlers.ledger.head import Head
    from handlers.ledger.ledger import Ledger
    from handlers.model.model import Row
    from handlers.reads.page import PageQuery
    from handlers.reads.reader import Page

T = TypeVar("T")

ID_CHARACTERS = 26  # a ULID's
MOST_ADDED_ROWS = 100_000  # for the statistics of an earlier point: 1300 read units with this project's rows


class LedgerView:
    """Reads of one prefix of the ledger. `bookmark` grows if a row newer than the head's reading turns up.

    Args:
        ledger: where the rows are.
        guess: the head, unless the ledger has grown since.
        head: the head, waited for if need be.
        deadline: of all reads.
        asked: the bookmark that the client asked for; NOTHING: none.
        upto: the earlier point that is read; None: the head.

    Attributes:
        scanned_rows: how many rows the filtered page has looked at; None for what is not filtered.
    """

    def __init__(
        self,
        ledger: Ledger,
        guess: Head,
        head: Callable[[], Head],
        deadline: Deadline,
        *,
        asked: Bookmark = NOTHING,
        upto: Bookmark | None = None,
    ) -> None:
        self._known = guess
        self._head = head
        self._newest_row = NOTHING
        self._ledger = ledger
        self._deadline = deadline
        self._asked = asked
        self._upto = upto
        self.scanned_rows: int | None = None

    def at(self, bookmark: Bookmark) -> LedgerView:
        """Return the view of an earlier point of the same history, or of this one."""
        head = self._read_head()
        return LedgerView(self._ledger, head, lambda: head, self._deadline, asked=self._asked, upto=bookmark)

    def page(self, query: PageQuery) -> Page:
        """Return a page's rows as JSON text, how many they are, and the seq of the last one if more follow."""
        if query.is_filtered:
            return self._filtered_page(query)
        return self._alongside_the_head(lambda head: self._page(query, head), lambda found, guess, head: False)

    def row(self, row_id: str) -> str | None:
        """Return one row as JSON text; None where no row has this id.

        Raises Problem: 503 where the client asked for a bookmark and the index may not know its rows yet.
        """
        if len(row_id) != ID_CHARACTERS or not row_id.isascii():  # DynamoDB refuses what is too long for a key
            return None
        row = self._alongside_the_head(
            lambda head: self._ledger.row_by_id(head, row_id, self._deadline),
            lambda row, guess, head: row is not None and guess.epoch == head.epoch,
        )
        if row is None and self._asked != NOTHING and not self._is_long_past():
            row = self._newly_inserted(row_id)
        if row is None or (self._upto is not None and row[0] > self._upto.seq):
            return None
        if self._upto is None:
            self._newest_row = Bookmark(self.bookmark.epoch, row[0])
        return MODEL.json_text(row)

    def _is_long_past(self) -> bool:
        """Tell whether so many rows follow the point that is read that the index has caught up with it."""
        return self._upto is not None and self._upto.seq < self._read_head().seq - MAX_INSERT_ROWS

    def _newly_inserted(self, row_id: str) -> Row | None:
        """Look by key among the rows of the insert that the bookmark is of: the index is eventually consistent."""
        head, last = self._read_head(), self._asked.seq
        first = max(1, last - MAX_INSERT_ROWS + 1)
        for page in self._ledger.rows(Range(head.roots, first, last), self._deadline):
            for row in page:
                if row[1] == row_id:
                    return row
        if first == 1 and last >= self.bookmark.seq:  # these were all rows
            return None
        raise unavailable(f"No row has the id {row_id}, or the index does not know it yet", kind="not-there-yet")

    @property
    def bookmark(self) -> Bookmark:
        """Return the prefix that is read."""
        if self._upto is not None:
            return self._upto
        return max(self._read_head().bookmark, self._newest_row)

    @property
    def bookmark_text(self) -> str:
        """Return the same as text."""
        return str(self.bookmark)

    def stats_text(self) -> str:
        """Return the statistics as JSON text."""
        return json.dumps(self._stats())

    def _stats(self) -> dict[str, object]:
        """Return the statistics of all rows: the head has them. Those of an earlier point are added up.

        Raises Problem: 400 where that would be too many rows.
        """
        head = self._read_head()
        if self._upto is None or self._upto == head.bookmark:
            return head.stats.answer()
        if self._upto.seq > MOST_ADDED_ROWS:
            allowed = f"at most {MOST_ADDED_ROWS} rows for statistics on ddb; sqlite-efs and sqlite-tmp have no limit"
            raise invalid("malformed-request", [field_error("as_of", str(self.bookmark), allowed)])
        stats = Stats()
        span = Range(head.roots, 1, self._upto.seq)
        for numbers, times in self._ledger.numbers_and_times(span, self._deadline):
            stats = stats.plus(numbers, times)
        return stats.answer()

    def _read_head(self) -> Head:
        self._known = self._head()
        return self._known

    def _alongside_the_head(self, read: Callable[[Head], T], holds: Callable[[T, Head, Head], bool]) -> T:
        """Return what `read` makes of the head: of the guess while it is on its way, again if that was wrong.

        Args:
            holds: whether what was found holds all the same: it is given that, the guess and the head.
        """
        guess = self._known
        try:
            found = read(guess)
        except Problem:
            if self._read_head().bookmark == guess.bookmark:
                raise
        else:
            head = self._read_head()
            if head.bookmark == guess.bookmark or holds(found, guess, head):
                return found
        return read(self._known)

    def _last(self, head: Head) -> int:
        return head.seq if self._upto is None else self._upto.seq

    def _page(self, query: PageQuery, head: Head) -> Page:
        newest = self._last(head)
        first, last = page_range(query, newest)
        span = Range(head.roots, first, last, query.newest_first)
        found = [row for page in self._ledger.rows(span, self._deadline) for row in page]
        return _page_of(found, len(found), range_end(query, first, last, newest))

    def _filtered_page(self, query: PageQuery) -> Page:
        """Return what the filter lets through, as far as the budget of rows goes that a request may look at."""
        head = self._read_head()
        remaining = Range(head.roots, *remaining_range(query, self._last(head)), query.newest_first)
        narrowing = narrowing_of(query.conditions)
        found: list[Row] = []
        reached: int | None = None
        self.scanned_rows = 0
        for span in portions(remaining, min(MOST_SCANNED_ROWS, NEARBY_ROWS * query.limit)):
            rows = (row for page in self._ledger.matching(span, narrowing, self._deadline) for row in page)
            found += [row for row in rows if fulfils(row, query.conditions)] if MODEL.has_upgrade else rows
            self.scanned_rows += span.last - span.first + 1
            if len(found) > query.limit:
                reached = found[query.limit - 1][0]
                break
            end = span.first if query.newest_first else span.last
            reached = None if end == (remaining.first if query.newest_first else remaining.last) else end
        return _page_of(found, query.limit, reached)


def _page_of(found: list[Row], most: int, end: int | None) -> Page:
    """Return the first so many of the rows found, or as many as a page can hold; `end` where those are all wanted."""
    texts = MODEL.json_texts(found[:most])
    count = fitting(texts)
    return ",".join(texts[:count]), count, end if count == len(texts) else found[count - 1][0]


def portions(remaining: Range, first_rows: int) -> Generator[Range]:
    """Yield the parts of a range that are looked at one after the other, until the budget of rows is used up.

    The first is small, for where many rows match; then come 1, 2, 4 … table pages, each part read in parallel.
    """
    left, size, pages = MOST_SCANNED_ROWS, first_rows, 1
    first, last = remaining.first, remaining.last
    while left and first <= last:
        size = min(size, left, last - first + 1)
        if remaining.newest_first:
            part, last = Range(remaining.roots, last - size + 1, last, True), last - size
        else:
            part, first = Range(remaining.roots, first, first + size - 1), first + size
        yield part
        left -= size
        size, pages = pages * PAGE_ROWS, pages * 2
