"""Publishing: a snapshot becomes visible to readers, whole or not at all, without any lock.

The working file is copied to `staging/` on the same file system, made durable, and linked to its final name. Two
publishers of one prefix make the same content, so either file will do. A crash at any point leaves at most an orphan
in `staging/`. A file that is not the snapshot its name says goes to `quarantine/`.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from typing import TYPE_CHECKING

from ulid import ULID

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import PAGE_ROWS
from handlers.domain.hashes import hash_text
from handlers.domain.problem import unavailable
from handlers.ledger.ledger import Ledger, Range
from handlers.snapshots.build import WorkingFile
from handlers.snapshots.catalog import Catalog, Name, snapshots_dir
from handlers.snapshots.files import UnprovenError, copy_durably, copy_proven, remove
from handlers.snapshots.published import DIRECTORY_MODE, Published, PublishedSnapshots
from handlers.snapshots.retention import Retention, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.domain.bookmark import Bookmark
    from handlers.settings import Settings
    from handlers.telemetry.usage import Usage

BATCH_ROWS = 8 * PAGE_ROWS  # read in parallel, applied together
INDEXES_S = 3.0  # of a full build's limit: its indexes are made when the rows are in
BUILD_LIMIT_S = 12.0  # a longer build publishes the prefix it has reached, and the next one goes on from there
LAST_BATCH_S = 4.0  # for a batch begun at the limit: append, build and copy end before the gateway gives up
FILE_MODE = 0o640  # the readers are in the group

_log = logging.getLogger(__name__)


class Publisher:
    """Builds and publishes snapshots of one ledger.

    Args:
        ledger: where the rows come from.
        settings: the folders and how much to retain.
        monotonic: the clock for the build's limit, in seconds.

    Attributes:
        published: what there is already.
    """

    def __init__(self, ledger: Ledger, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._monotonic = monotonic
        self._catalog = Catalog(snapshots_dir(settings.efs_dir))
        self.published = PublishedSnapshots(self._catalog)
        self._staging = os.path.join(settings.efs_dir, "staging")
        self._retention = Retention(self._catalog, self._staging, settings.retain_snapshots)
        self._folder = os.path.join(settings.tmp_dir, "build")
        self._working: WorkingFile | None = None

    def publish(self, at_least: Bookmark, usage: Usage, full: bool = False) -> Published:
        """Make the ledger as it is now, at least up to a bookmark, visible to readers.

        Args:
            at_least: rows that must be in it, of the ledger's current epoch.
            usage: gets the phases check, ledger, build, write and tidy.
            full: build from seq 1, whatever is there.

        Raises:
            Problem: 503, the ledger is away or the build is not done yet.
            OSError, sqlite3.Error: EFS or the sandbox's disk is away, full or read-only; the next publish starts anew.
        """
        newest = self.published.newest()
        usage.lap("check")
        if newest is not None and newest.bookmark.epoch > at_least.epoch:
            raise unavailable(f"A snapshot of a newer ledger ({newest.bookmark}) is published here")
        if newest is not None and newest.bookmark >= at_least and not full:
            return newest
        published = self._build_and_publish(at_least, None if full else newest, usage)
        if published.bookmark < at_least:
            detail = f"The snapshot was built up to {published.bookmark} of {at_least}; ask again to go on"
            raise unavailable(detail)
        return published

    def _build_and_publish(self, at_least: Bookmark, newest: Published | None, usage: Usage) -> Published:
        end_s = self._monotonic() + BUILD_LIMIT_S
        working, build = self._base(at_least, newest)
        if build == "full":
            end_s -= INDEXES_S
        try:
            self._grow(working, self._target(at_least), end_s, usage)
            working.finish()
            usage.lap("build")
            published = self._link(working, build)
        except (OSError, sqlite3.Error):
            self._discard()
            raise
        usage.lap("write")
        try:
            self._retention.apply(published.name)
        except OSError as error:  # takes nothing from what was published
            _log.warning("tidying up: %s", error)
        usage.lap("tidy")
        return published

    def _target(self, at_least: Bookmark) -> Bookmark:
        """The head, so that one publish serves all who appended meanwhile."""
        head = self._ledger.head(Deadline())
        return head if head is not None and head.epoch == at_least.epoch else at_least

    def _base(self, at_least: Bookmark, newest: Published | None) -> tuple[WorkingFile, str]:
        """What to build upon: the warm working file, else the newest snapshot, else nothing (`newest` is None)."""
        working = self._working
        if newest is not None and working is not None and working.bookmark.epoch == at_least.epoch:
            return working, "incremental"
        self._discard()
        path = self._new_path()
        if newest is not None and newest.bookmark.epoch == at_least.epoch:
            try:
                copy_proven(self._catalog.path(newest.name), path, newest.name)
                self._working = WorkingFile(path)
            except UnprovenError as error:  # damaged since it was proven
                self.published.quarantine(newest.name, error)
            else:
                return self._working, "incremental"
        self._working = WorkingFile.create(path, at_least.epoch)
        return self._working, "full"

    def _new_path(self) -> str:
        """A new name on the sandbox's own disk, which is freed from what processes that died there left."""
        os.makedirs(self._folder, exist_ok=True)
        sweep(self._folder, time.time())
        return os.path.join(self._folder, f"{ULID()}.db")

    def _grow(self, working: WorkingFile, target: Bookmark, end_s: float, usage: Usage) -> None:
        """Apply the ledger's rows up to the target, or as many as the time allows."""
        while working.bookmark.seq < target.seq and self._monotonic() < end_s:
            first = working.bookmark.seq + 1
            span = Range(target.epoch, first, min(target.seq, first + BATCH_ROWS - 1))
            deadline = Deadline(limit_s=min(Deadline.LIMIT_S, end_s + LAST_BATCH_S - self._monotonic()))
            batch = [row for page in self._ledger.rows(span, deadline) for row in page]
            usage.lap("ledger")
            working.apply(batch)
            usage.lap("build")

    def _link(self, working: WorkingFile, build: str) -> Published:
        """Copy to staging, make durable, link to the final name."""
        for folder in (self._catalog.folder, self._staging):
            os.makedirs(folder, DIRECTORY_MODE, exist_ok=True)
        temporary = os.path.join(self._staging, f"{ULID()}.tmp")
        try:
            size_bytes, digest = copy_durably(working.path, temporary, FILE_MODE)
            name = Name.of(working.bookmark, digest)
            self._link_as(temporary, name)
        finally:
            remove(temporary)
        published = Published(name, size_bytes, hash_text(working.hash), build)
        self.published.add(published)
        return published

    def _link_as(self, temporary: str, name: Name) -> None:
        while True:
            try:
                os.link(temporary, self._catalog.path(name))
            except FileExistsError:
                if self.published.prove(name) is None:  # damaged there, and out of the way now
                    continue
            return

    def _discard(self) -> None:
        if self._working is not None:
            self._working.close()
        self._working = None
