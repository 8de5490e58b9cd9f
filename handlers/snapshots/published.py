"""The published snapshots: found, proven once each, and moved to quarantine where they are not what they say."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ulid import ULID

from handlers.snapshots.files import UnprovenError
from handlers.snapshots.snapshot import open_snapshot

if TYPE_CHECKING:
    from handlers.domain.bookmark import Bookmark
    from handlers.snapshots.catalog import Catalog, Name

DIRECTORY_MODE = 0o750

_log = logging.getLogger(__name__)


class DivergedError(Exception):
    """The published snapshots are of another history than the ledger; the message says how that shows."""


@dataclass(frozen=True)
class Published:
    """A snapshot that readers can see.

    Attributes:
        last_id: the id of its last row; None where it has none.
        build: "full", "incremental", or "none" where it was there already.
    """

    name: Name
    size_bytes: int
    hash: str
    last_id: str | None
    build: str

    @property
    def bookmark(self) -> Bookmark:
        """Return the ledger prefix that it holds."""
        return self.name.bookmark


class PublishedSnapshots:
    """The published snapshots as a publisher sees them. Remembers what it has proven, by name, inode and time."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._proven: dict[tuple[Name, int, int], Published] = {}

    def greatest_epoch(self) -> int:
        """Return the greatest epoch among them, 0 where there are none. Raises OSError."""
        newest = self.newest()
        return newest.bookmark.epoch if newest else 0

    def newest(self) -> Published | None:
        """Return the newest that proves itself; what does not is moved to quarantine. Raises OSError."""
        failure: OSError | None = None
        for name in list(self._catalog.names(now=True)):
            try:
                published = self.prove(name)
            except OSError as error:  # of this file alone: no reason to stop, if there is an older one to build upon
                _log.warning("snapshot %s cannot be read now: %s", name, error)
                failure = failure or error
                continue
            if published is not None:
                return published
        if failure is not None:
            raise failure
        return None

    def prove(self, name: Name) -> Published | None:
        """Return the snapshot behind a name, proven once; None (and quarantine) where it is not what the name says.

        Raises OSError.
        """
        try:
            identity = self._identity(name)
        except FileNotFoundError:  # retention of another publisher
            return None
        try:
            if identity not in self._proven:
                self._proven[identity] = self._opened(name)
        except UnprovenError as error:
            self.quarantine(name, identity[1], error)
            return None
        except FileNotFoundError:  # as above
            return None
        return self._proven[identity]

    def _opened(self, name: Name) -> Published:
        snapshot = open_snapshot(self._catalog.path(name), name)
        try:
            return Published(name, snapshot.size_bytes, snapshot.hash, snapshot.last_id(), "none")
        finally:
            snapshot.close()

    def add(self, published: Published) -> None:
        """Take over a snapshot that was just linked: its maker has hashed it. Whatever else was proven is forgotten."""
        self._proven = {self._identity(published.name): replace(published, build="none")}

    def quarantine(self, name: Name, inode: int, error: UnprovenError) -> None:
        """Move the file with this inode out of the readers' way, and never a good one in its place. Raises OSError."""
        _log.error("snapshot %s goes to quarantine: %s", name, error)
        os.makedirs(self._catalog.quarantine, DIRECTORY_MODE, exist_ok=True)
        path = self._catalog.path(name)
        try:
            if os.lstat(path).st_ino == inode:
                os.rename(path, os.path.join(self._catalog.quarantine, f"{name}.{ULID()}"))
        except FileNotFoundError:
            _log.info("another publisher moved it already")

    def _identity(self, name: Name) -> tuple[Name, int, int]:
        stands = os.lstat(self._catalog.path(name))
        return name, stands.st_ino, stands.st_mtime_ns
