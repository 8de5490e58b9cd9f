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


@dataclass(frozen=True)
class Published:
    """A snapshot that readers can see."""

    name: Name
    size_bytes: int
    hash: str
    build: str  # "full", "incremental", or "none" where it was there already

    @property
    def bookmark(self) -> Bookmark:
        """The ledger prefix that it holds."""
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
            if identity not in self._proven:
                snapshot = open_snapshot(self._catalog.path(name), name)
                snapshot.close()
                self._proven[identity] = Published(name, snapshot.size_bytes, snapshot.hash, "none")
        except UnprovenError as error:
            self.quarantine(name, error)
            return None
        except FileNotFoundError:  # retention of another publisher
            return None
        return self._proven[identity]

    def add(self, published: Published) -> None:
        """Take over a snapshot that was just linked: its maker has hashed it. Whatever else was proven is forgotten."""
        self._proven = {self._identity(published.name): replace(published, build="none")}

    def quarantine(self, name: Name, error: UnprovenError) -> None:
        """Move a file out of the readers' way. Raises OSError."""
        _log.error("snapshot %s goes to quarantine: %s", name, error)
        os.makedirs(self._catalog.quarantine, DIRECTORY_MODE, exist_ok=True)
        try:
            os.rename(self._catalog.path(name), os.path.join(self._catalog.quarantine, f"{name}.{ULID()}"))
        except FileNotFoundError:
            _log.info("another publisher moved it already")

    def _identity(self, name: Name) -> tuple[Name, int, int]:
        stands = os.lstat(self._catalog.path(name))
        return name, stands.st_ino, stands.st_mtime_ns
