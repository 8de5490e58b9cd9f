"""The read path `ddb`: each read is an exact prefix of the ledger, as the head names it when the read begins.

A prefix never changes, so its rows can be read before it is known to be the newest: a sandbox that has seen the head
before reads the rows of that prefix alongside the head, which makes one round trip of two. If the ledger has grown
meanwhile, the rows are read again.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from handlers import rows
from handlers.aws.dynamodb import Deadline, make_client
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.domain.stats import Stats
from handlers.ledger.ledger import Ledger, Range
from handlers.reads.sqlite_efs import POLL_S, WAIT_S, wait_for
from handlers.reads.sqlite_view import page_range, range_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.reads.page import PageQuery
    from handlers.reads.sqlite_efs import View
    from handlers.reads.sqlite_view import Page
    from handlers.settings import Settings
    from handlers.telemetry.timings import Timings

T = TypeVar("T")

ID_CHARACTERS = 26  # a ULID's


class LedgerReader:
    """Reads the ledger itself.

    Args:
        ledger: where the rows are.
        monotonic: the clock for deadlines and waits, in seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._monotonic = monotonic
        self._sleep = sleep
        self._alongside = ThreadPoolExecutor(1)
        self._known: Bookmark | None = None  # the head as it was last read

    @classmethod
    def of_settings(cls, settings: Settings) -> LedgerReader:
        """A reader with a client of its own. Raises Problem (503) where no table is named."""
        if not settings.table_name:
            raise unavailable("TABLE_NAME is not set, so there is no ledger to read")
        return cls(Ledger(make_client(settings.region), settings.table_name))

    def read(self, at_least: Bookmark, timings: Timings, use: Callable[[View], T]) -> T:
        """Let `use` read the ledger's newest prefix, which holds at least that bookmark.

        Raises Problem: 409 or 503 for a bookmark, 503 where DynamoDB is away.
        """
        deadline = Deadline(self._monotonic, self._sleep)
        give_up_s = self._monotonic() + WAIT_S

        def may_wait() -> bool:
            """Pause, if the client asked for a bookmark and the wait is not over."""
            if at_least == NOTHING or self._monotonic() >= give_up_s:
                return False
            self._sleep(POLL_S)
            return True

        def head() -> Bookmark:
            self._known = self._ledger.head(deadline) or NOTHING
            return self._known

        def newest(_again: bool) -> LedgerView:
            bookmark = head()
            timings.lap("check")
            return LedgerView(self._ledger, bookmark, lambda: bookmark, deadline, may_wait)

        known = self._known
        if at_least == NOTHING and known is not None:
            reading = self._alongside.submit(head)
            try:
                return use(LedgerView(self._ledger, known, reading.result, deadline, may_wait))
            finally:
                wait([reading])  # where the rows could not be read: it belongs to this request, also on the meter
        return use(wait_for(at_least, newest, self._sleep, self._monotonic))


class LedgerView:
    """Reads of one prefix of the ledger. `bookmark` grows if a row newer than the head's reading turns up.

    Args:
        ledger: where the rows are.
        guess: the prefix, unless the ledger has grown since.
        head: the prefix, waited for if need be.
        deadline: of all reads.
        may_wait: pauses, and tells whether it is worth looking again for what the index does not know yet.
    """

    def __init__(
        self,
        ledger: Ledger,
        guess: Bookmark,
        head: Callable[[], Bookmark],
        deadline: Deadline,
        may_wait: Callable[[], bool],
    ) -> None:
        self._prefix = guess
        self._head = head
        self._newest_row = NOTHING
        self._ledger = ledger
        self._deadline = deadline
        self._may_wait = may_wait

    def page(self, query: PageQuery) -> Page:
        """A page's rows as JSON text, how many they are, and the seq of the last one if more follow."""
        if query.is_filtered:
            return self._filtered_page(query)
        return self._alongside_the_head(lambda prefix: self._page(query, prefix), lambda found, guess, prefix: False)

    def row(self, row_id: str) -> str | None:
        """One row as JSON text. With a bookmark asked for, the index gets time to catch up."""
        if len(row_id) != ID_CHARACTERS or not row_id.isascii():  # DynamoDB refuses what is too long for a key
            return None
        row = self._alongside_the_head(
            lambda prefix: self._ledger.row_by_id(prefix.epoch, row_id, self._deadline),
            lambda row, guess, prefix: row is not None and guess.epoch == prefix.epoch,
        )
        while row is None and self._may_wait():
            row = self._ledger.row_by_id(self.bookmark.epoch, row_id, self._deadline)
        if row is None:
            return None
        self._newest_row = Bookmark(self.bookmark.epoch, row[0])
        return rows.json_text(row)

    @property
    def bookmark(self) -> Bookmark:
        """The prefix that is read."""
        self._prefix = self._head()
        return max(self._prefix, self._newest_row)

    def stats(self) -> dict[str, object]:
        """The statistics of all rows, added up from all of them."""
        values: list[float] = []
        times: list[str] = []
        for page_values, page_times in self._ledger.values_and_times(self.bookmark, self._deadline):
            values += page_values
            times += page_times
        return Stats().plus(values, times).answer()

    def _alongside_the_head(self, read: Callable[[Bookmark], T], holds: Callable[[T, Bookmark, Bookmark], bool]) -> T:
        """What `read` makes of the prefix; of the guess while the head is on its way, and again if that was wrong.

        Args:
            holds: whether what was found holds all the same: it is given that, the guess and the prefix.
        """
        guess = self._prefix
        try:
            found = read(guess)
        except Problem:
            if self.bookmark == guess:
                raise
        else:
            if self.bookmark == guess or holds(found, guess, self.bookmark):
                return found
        return read(self.bookmark)

    def _page(self, query: PageQuery, prefix: Bookmark) -> Page:
        first, last = page_range(query, prefix.seq)
        span = Range(prefix.epoch, first, last, query.newest_first)
        texts = [rows.json_text(row) for page in self._ledger.rows(span, self._deadline) for row in page]
        return ",".join(texts), len(texts), range_end(query, first, last, prefix.seq)

    def _filtered_page(self, query: PageQuery) -> Page:
        found: list[rows.Row] = []
        with closing(self._ledger.matching(self.bookmark, query, self._deadline)) as pages:
            for page in pages:
                found += page
                if len(found) > query.limit:
                    break
        texts = [rows.json_text(row) for row in found[: query.limit]]
        return ",".join(texts), len(texts), found[query.limit - 1][0] if len(found) > query.limit else None
