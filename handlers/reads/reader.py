"""The homes' contract: `read(at_least, usage, use)` lets `use` see one ledger prefix that holds at least a bookmark.

A reader looks again for a newer prefix when a bookmark asks for more than it has, and waits for it a little.
"""

from __future__ import annotations

import time

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.domain.timestamps import boottime_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, Self, TypeVar

    from handlers.reads.page import PageQuery
    from handlers.telemetry.usage import Usage

    T = TypeVar("T")
    Page = tuple[str, int, int | None]  # the rows' JSON text, how many, the seq of the last one if more follow

    class Placed(Protocol):
        """Something with a place in history."""

        @property
        def bookmark(self) -> Bookmark: ...

    S = TypeVar("S", bound=Placed)

    class View(Placed, Protocol):
        """Reads of one ledger prefix: a page, one row, statistics. Its bookmark may grow while it is read."""

        @property
        def bookmark_text(self) -> str: ...
        def at(self, bookmark: Bookmark) -> Self: ...
        @property
        def scanned_rows(self) -> int | None: ...
        def page(self, query: PageQuery) -> Page: ...
        def row(self, row_id: str) -> str | None: ...
        def stats_text(self) -> str: ...

    class Reader(Protocol):
        """One read path."""

        def read(self, at_least: Bookmark, usage: Usage, use: Callable[[View], T]) -> T: ...


WAIT_S = 2.0  # how long a read waits for a bookmark
POLL_S = 0.05


def wait_for(
    at_least: Bookmark,
    newest: Callable[[bool], S],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = boottime_s,
) -> S:
    """Return what `newest` gives once that has reached `at_least`.

    Args:
        newest: is told whether it must look again now.

    Raises Problem: 409 where the ledger of `at_least` was replaced, 503 where it is not there within `WAIT_S`.
    """
    give_up_s = clock() + WAIT_S
    pause_s = 0.0  # look again at once, and only then wait
    found = newest(False)
    while found.bookmark < at_least:
        if clock() >= give_up_s:
            detail = f"The newest bookmark here is {found.bookmark}, {at_least} was asked for"
            raise unavailable(detail, kind="not-there-yet")
        sleep(pause_s)
        pause_s = POLL_S
        found = newest(True)
    check_epoch(at_least, found.bookmark)
    return found


def check_epoch(asked: Bookmark, found: Bookmark) -> None:
    """Raise Problem (409) where `asked` is of another ledger than the one found; 0.0 is of any."""
    if found.epoch != asked.epoch and asked != NOTHING:
        detail = f"{asked} belongs to a ledger that was replaced; the newest bookmark here is {found}"
        raise Problem("epoch-replaced", detail)
