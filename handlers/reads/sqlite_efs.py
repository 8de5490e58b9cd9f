"""The read path `sqlite-efs`: snapshots opened where they are published.

A sandbox keeps what it opened, looks for a newer snapshot at most once a check interval (and whenever a bookmark asks
for more), never goes back to an older one, and survives that another machine deletes the file it has open: the
connection is dropped, the directory listed again and the read tried once more.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/snapshot.py has it
import logging
import math

from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import unavailable
from handlers.reads.reader import wait_for
from handlers.reads.sqlite_view import SqliteView
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.snapshot import Snapshot, is_unreadable, open_snapshot
from handlers.telemetry.meter import METERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from handlers.domain.bookmark import Bookmark
    from handlers.reads.reader import View
    from handlers.settings import Settings
    from handlers.snapshots.catalog import Catalog, Name
    from handlers.telemetry.usage import Usage

    T = TypeVar("T")

UNPROVEN = "No snapshot here can be proven to hold the data; the next publish mends it"
LISTING_LIMIT_S = 1.0  # then the open snapshot is served: a file system that hangs must not stop who needs none of it

_log = logging.getLogger(__name__)


class SqliteReader:
    """The read path `sqlite-efs`: snapshots opened where they are published."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._current: Snapshot | None = None
        self._tried: list[Name] | None = None  # the listing that was last gone through
        self._served: Name | None = None
        self._is_suspect = False  # the next file that is opened has to prove all its bytes
        self.retries = 0

    def read(self, at_least: Bookmark, usage: Usage, use: Callable[[View], T]) -> T:
        """Let `use` read the newest snapshot, which holds at least that bookmark.

        Raises Problem: 409 or 503 for a bookmark, 503 where no snapshot can be read.
        """
        try:
            return self._read(at_least, usage, use, False)
        except (OSError, sqlite3.DatabaseError) as error:
            self._recover(error)
        try:
            return self._read(at_least, usage, use, True)
        except (OSError, sqlite3.DatabaseError) as error:
            self._recover(error)
            raise unavailable("The snapshots cannot be read now") from error

    def _read(self, at_least: Bookmark, usage: Usage, use: Callable[[View], T], now: bool) -> T:
        if at_least == NOTHING:
            return use(SqliteView(self._newest(usage, now)))
        return use(SqliteView(wait_for(at_least, lambda again: self._newest(usage, again or now))))

    def _newest(self, usage: Usage, now: bool) -> Snapshot:
        try:
            names = self._catalog.names(now, math.inf if self._current is None else LISTING_LIMIT_S)
        except OSError as error:
            if self._current is None:
                raise
            _log.warning("the snapshots cannot be listed now, %s is served: %s", self._current.bookmark, error)
            return self._current
        usage.lap("check")
        if names is self._tried and self._current is not None:
            return self._current
        self._tried = names
        return self._advance(names, usage)

    def _advance(self, names: list[Name], usage: Usage) -> Snapshot:
        """Return the newest snapshot that proves itself: opened now, or the one that is open already."""
        failure: OSError | None = None
        if self._catalog.is_rejected(self._served) and not self._is_proven():  # another reader has hashed it since
            self.drop()
            self._served = None
        for name in names:
            if self._gains_nothing(name):
                break
            if name.bookmark.epoch < self._catalog.rejected_epoch():
                raise unavailable(UNPROVEN)
            try:
                return self._replace(self._open(name, usage))
            except UnprovenError as error:
                _log.warning("snapshot %s is passed over: %s", name, error)
                self._catalog.reject(name)
            except OSError as error:
                _log.warning("snapshot %s cannot be opened now: %s", name, error)
                failure = failure or error
                if self._current is not None:
                    break
        if failure is not None and self._current is None:
            raise failure
        return self._current or self._replace(self._empty())

    def _gains_nothing(self, name: Name) -> bool:
        """Tell whether a file is older than what was served, or not newer than what is open."""
        if self._served is None:
            return False
        return name.bookmark < self._served.bookmark or (self._current is not None and name <= self._served)

    def _empty(self) -> Snapshot:
        """Return what there is before anything was published. Raises Problem (503) where something was."""
        if self._served or self._catalog.has_bad_files():
            raise unavailable(UNPROVEN)
        if self._catalog.foreign:
            raise unavailable("No snapshot of this data model's version is published yet; the next publish makes one")
        return Snapshot.empty()

    def _is_proven(self) -> bool:
        """Tell whether what is open has proven all its bytes where nobody else can change them."""
        return False

    def _replace(self, snapshot: Snapshot) -> Snapshot:
        if self._current is not None:
            self._current.close()
        self._current = snapshot
        self._served = snapshot.name
        self._is_suspect = False
        return snapshot

    def _open(self, name: Name, usage: Usage) -> Snapshot:
        METERS.efs_metadata_operation()
        limit = None if self._is_suspect else self._settings.verify_max_bytes
        snapshot = open_snapshot(self._catalog.path(name), name, limit)
        usage.lap("open")
        return snapshot

    def _recover(self, error: Exception) -> None:
        """Drop the connection; a file that turned out to be damaged has to prove itself anew.

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
        if self._current is not None:
            self._current.close()
        self._current = None
