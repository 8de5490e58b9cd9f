"""The read path `sqlite-efs`: segments opened where they are published.

A sandbox keeps the chain it has open, looks for a newer one at most once a check interval (and whenever a bookmark asks
for more), and opens only what is new in it, when a query first reaches it. It never goes back to an older snapshot of
the same epoch, and survives that another machine deletes a file it has open: what is open is dropped, the directory
listed again and the read tried once more.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/segment.py has it
import logging
import math
from functools import partial

from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import Problem, unavailable
from handlers.reads.reader import wait_for
from handlers.reads.sqlite_view import Link, SqliteView
from handlers.rows import MODEL
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.segment import is_unreadable, open_segment
from handlers.telemetry.meter import METERS
from handlers.telemetry.usage import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from handlers.domain.bookmark import Bookmark
    from handlers.reads.tail import Tail
    from handlers.settings import Settings
    from handlers.snapshots.catalog import Catalog
    from handlers.snapshots.chain import Listed
    from handlers.snapshots.names import Name
    from handlers.snapshots.segment import Segment

    T = TypeVar("T")

UNPROVEN = "No snapshot here can be proven to hold the data; the next publish mends it"
LISTING_LIMIT_S = 1.0  # then the open snapshot is served: a file system that hangs must not stop who needs none of it

_log = logging.getLogger(__name__)


class SqliteReader:
    """The read path `sqlite-efs`: segments opened where they are published."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._links: dict[Name, Link] = {}  # of the chain that is open
        self._view: SqliteView | None = None
        self._listed: Listed | None = None  # the listing that was last gone through
        self._served = NOTHING
        self._is_suspect = False  # files that are opened have to prove all their bytes
        self._usage = Usage()  # of the request that is answered
        self._tail: Tail | None = None  # while columns are replaced
        self.retries = 0

    def read(self, at_least: Bookmark, usage: Usage, use: Callable[[SqliteView], T]) -> T:
        """Let `use` read the newest snapshot, which holds at least that bookmark.

        Raises Problem: 409 or 503 for a bookmark, 503 where no snapshot can be read.
        """
        self._usage = usage
        try:
            return self._read(at_least, use, False)
        except (OSError, sqlite3.DatabaseError) as error:
            self._recover(error)
        try:
            return self._read(at_least, use, True)
        except (OSError, sqlite3.DatabaseError) as error:
            self._recover(error)
            raise unavailable("The snapshots cannot be read now") from error

    def _read(self, at_least: Bookmark, use: Callable[[SqliteView], T], now: bool) -> T:
        newest = self._newest if MODEL.replaces is None else self._newest_in_change
        while True:
            view = newest(now) if at_least == NOTHING else wait_for(at_least, lambda again: newest(again or now))
            try:
                found = use(view)
            except UnprovenError as error:  # the catalog passes over that file from now on
                _log.warning("read again: %s", error)
                self._view = None
                continue
            except Problem:  # an answer too: no row has this id
                self._served = (self._view or view).bookmark
                raise
            self._served = (self._view or view).bookmark
            self._is_suspect = False
            return found

    def _newest_in_change(self, now: bool) -> SqliteView:
        """Return the newest snapshot, continued by the rows that are published without our columns alone."""
        view = self._newest(now)
        if self._tail is None:
            if self._catalog.replaced <= view.bookmark:
                return view
            from handlers.reads.tail import Tail  # noqa: PLC0415 - boto3 comes with it

            self._tail = Tail(self._settings, type(self).__name__)
        continued = self._tail.over(view, self._catalog.replaced)
        self._usage.lap("ledger")
        return continued

    def _newest(self, now: bool) -> SqliteView:
        try:
            listed = self._catalog.look(now, math.inf if self._view is None else LISTING_LIMIT_S)
        except OSError as error:
            if self._view is None:
                raise
            _log.warning("the snapshots cannot be listed now, %s is served: %s", self._view.bookmark, error)
            return self._view
        self._usage.lap("check")
        while listed is not self._listed or self._view is None:
            try:
                self._view = self._advance(listed)
                self._listed = listed
            except UnprovenError as error:  # the catalog passes over that file from now on
                _log.warning("read again: %s", error)
                listed = self._catalog.listed
            except OSError as error:
                if self._view is None:
                    raise
                _log.warning("%s is served, going on to %s failed: %s", self._view.bookmark, listed.bookmark, error)
                break
        return self._view

    def _advance(self, listed: Listed) -> SqliteView:
        """Return the newest chain, or the one that is open, where that is as new and its files are still listed.

        What is open is let go once the newest segment has opened. Raises OSError where that cannot be read now,
        UnprovenError where the catalog passes over it from now on.
        """
        found = listed.bookmark
        if any(self._catalog.is_rejected(name) and not self._is_proven(name) for name in self._links):
            self.drop()  # the other reader has hashed it since
        if self._view is not None and (found < self._served or self._holds(listed)):
            return self._view
        has_none = not listed.chain and self._catalog.replaced == NOTHING
        if found < self._served or listed.is_broken or (has_none and self._catalog.has_bad_files()):
            raise unavailable(UNPROVEN)
        if has_none and self._catalog.foreign:
            raise unavailable("No snapshot of this data model's version is published yet; the next publish makes one")
        links = {
            name: self._links.get(name) or Link(name.first, name.last, partial(self._open, name))
            for name in listed.chain
        }
        for newest in listed.chain[:1]:
            links[newest].opened()
        self._view = view = SqliteView(list(links.values()), found)
        self._links |= links  # first: to close what is left over may fail
        superseded = [name for name in self._links if name not in links]
        for name in superseded:
            self._close(name, self._links.pop(name))
        if superseded:
            self._usage.lap("close")
        return view

    def _holds(self, listed: Listed) -> bool:
        """Tell whether the open chain can stay: nothing is newer, and all its files are there."""
        view = self._view
        if view is None or not self._links:
            return False
        return listed.bookmark <= view.bookmark and listed.names.issuperset(self._links)

    def _open(self, name: Name) -> Segment:
        """Open a segment of the chain. Raises UnprovenError, and passes over the file from now on; OSError."""
        METERS.efs_metadata_operation()
        limit = None if self._is_suspect else self._settings.verify_max_bytes
        try:
            segment = open_segment(self._catalog.path(name), name, limit)
        except UnprovenError:
            self._catalog.reject(name)
            raise
        self._usage.lap("open")
        return segment

    def _is_proven(self, name: Name) -> bool:
        """Tell whether what is open has proven all its bytes where nobody else can change them."""
        return False

    def _close(self, name: Name, link: Link) -> None:
        link.close()

    def _recover(self, error: Exception) -> None:
        """Drop what is open; a file that turned out to be damaged has to prove itself anew.

        Raises what is our own defect.
        """
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        is_damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        if not is_damaged and not is_unreadable(error):
            raise error
        self._is_suspect = self._is_suspect or is_damaged
        _log.warning("read again after %s", error)
        self.retries += 1
        self.drop()

    def drop(self) -> None:
        """Close what is open."""
        if self._tail is not None:
            self._tail.close()
        for name, link in self._links.items():
            self._close(name, link)
        self._links, self._view = {}, None
