"""The read path `ddb`: each read is an exact prefix of the ledger, as the head names it when the read begins.

A prefix never changes, so its rows can be read before it is known to be the newest: a sandbox that has seen the head
before reads the rows of that prefix alongside the head, which makes one round trip of two. If the ledger has grown
meanwhile, the rows are read again.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from handlers.aws.dynamodb import Deadline, make_client
from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import unavailable
from handlers.domain.timestamps import boottime_s
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.reads.ddb_view import LedgerView
from handlers.reads.reader import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.domain.bookmark import Bookmark
    from handlers.reads.reader import View
    from handlers.settings import Settings
    from handlers.telemetry.usage import Usage

T = TypeVar("T")


class LedgerReader:
    """Reads the ledger itself.

    Args:
        ledger: where the rows are.
        clock: the clock for deadlines and waits, in seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Callable[[], float] = boottime_s,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._alongside = ThreadPoolExecutor(1)
        self._known: Head | None = None  # the head as it was last read

    def read(self, at_least: Bookmark, usage: Usage, use: Callable[[View], T]) -> T:
        """Let `use` read the ledger's newest prefix, which holds at least that bookmark.

        Raises Problem: 409 or 503 for a bookmark, 503 where DynamoDB is away.
        """
        deadline = Deadline(self._clock, self._sleep)

        def read_head() -> Head:
            self._known = self._ledger.head(deadline) or Head.new(0)
            return self._known

        def newest(_again: bool) -> LedgerView:
            head = read_head()
            usage.lap("check")
            return LedgerView(self._ledger, head, lambda: head, deadline, asked=at_least)

        known = self._known
        if at_least == NOTHING and known is not None:
            reading = self._alongside.submit(read_head)
            try:
                return use(LedgerView(self._ledger, known, reading.result, deadline))
            finally:
                wait([reading])  # where the rows could not be read: it belongs to this request, also on the meter
        return use(wait_for(at_least, newest, self._sleep, self._clock))


def ledger_of(settings: Settings) -> Ledger:
    """Return the ledger, with a client of its own. Raises Problem (503) where no table is named."""
    if not settings.table_name:
        raise unavailable("TABLE_NAME is not set, so there is no ledger to read")
    return Ledger(make_client(settings.region), settings.table_name)
