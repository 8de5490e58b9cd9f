"""Publishing: a snapshot becomes visible to readers, whole or not at all, without any lock.

The working file is copied to `staging/` on the same file system, made durable, and linked to its final name. Two
publishers of one prefix make the same content, so either file will do. A crash at any point leaves at most an orphan
in `staging/`. A file that is not the snapshot its name says goes to `quarantine/`.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from typing import TYPE_CHECKING

from ulid import ULID

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import PAGE_ROWS
from handlers.domain.hashes import hash_text
from handlers.domain.problem import unavailable
from handlers.domain.timestamps import boottime_s
from handlers.ledger.ledger import Ledger, Range
from handlers.snapshots.build import WorkingFile
from handlers.snapshots.catalog import Catalog, Name, snapshots_dir
from handlers.snapshots.files import UnprovenError, copy_durably, copy_proven, empty_folder, remove
from handlers.snapshots.published import DIRECTORY_MODE, DivergedError, Published, PublishedSnapshots
from handlers.snapshots.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.domain.bookmark import Bookmark
    from handlers.rows import Row
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
        clock: the clock for the build's limit, in seconds.

    Attributes:
        published: what there is already.
    """

    def __init__(self, ledger: Ledger, settings: Settings, clock: Callable[[], float] = boottime_s) -> None:
        self._ledger = ledger
        self._clock = clock
        self._catalog = Catalog(snapshots_dir(settings.efs_dir))
        self.published = PublishedSnapshots(self._catalog)
        self._staging = os.path.join(settings.efs_dir, "staging")
        self._retention = Retention(self._catalog, self._staging, settings.retain_snapshots)
        self._folder = os.path.join(settings.tmp_dir, "build")
        self._has_folder = False
        self._working: WorkingFile | None = None

    def publish(self, at_least: Bookmark, usage: Usage, full: bool = False) -> Published:
        """Make the ledger as it is now, at least up to a bookmark, visible to readers.

        Args:
            at_least: rows that must be in it, of the ledger's current epoch.
            usage: gets the phases check, ledger, build, write and tidy.
            full: build from seq 1, whatever is there.

        Raises:
            Problem: 503, the ledger is away or the build is not done yet.
            DivergedError: what is published is not a prefix of this ledger: nothing is built upon it.
            OSError, sqlite3.Error: EFS or the sandbox's disk is away, full or read-only; the next publish starts anew.
        """
        newest = self.published.newest()
        usage.lap("check")
        if newest is not None:
            self._check_history(newest, at_least, full)
            if newest.bookmark >= at_least and not full:
                return newest
        published = self._build_and_publish(at_least, None if full else newest, usage)
        if published.bookmark < at_least:
            detail = f"The snapshot was built up to {published.bookmark} of {at_least}; ask again to go on"
            raise unavailable(detail)
        return published

    def holding(self, bookmark: Bookmark) -> Published | None:
        """Return the newest snapshot if it holds these rows of this ledger; None where it does not, or not yet.

        Raises DivergedError, Problem, OSError.
        """
        newest = self.published.newest()
        if newest is None or newest.bookmark.epoch != bookmark.epoch or newest.bookmark < bookmark:
            return None
        self._check_history(newest, bookmark, False)
        return newest

    def _check_history(self, newest: Published, at_least: Bookmark, full: bool) -> None:
        """Raise DivergedError where the newest snapshot is of another ledger, or of a later state of a restored one.

        Every row has an id of its own: if the last one is the ledger's, so are all before it.
        """
        if newest.bookmark.epoch > at_least.epoch:
            raise DivergedError(f"The snapshot {newest.bookmark} is of a newer ledger than {at_least}")
        if newest.bookmark.epoch < at_least.epoch or newest.last_id is None:
            return
        if newest.bookmark > at_least and newest.bookmark > self._target(at_least):
            raise DivergedError(f"The snapshot {newest.bookmark} reaches beyond the head of the ledger")
        if newest.bookmark >= at_least or full:  # else the row is read with those that follow it
            seq = newest.bookmark.seq
            (row,) = next(iter(self._ledger.rows(Range(at_least.epoch, seq, seq), Deadline())))
            check_row(row, newest.last_id)

    def _build_and_publish(self, at_least: Bookmark, newest: Published | None, usage: Usage) -> Published:
        end_s = self._clock() + BUILD_LIMIT_S
        working, build = self._base(at_least, newest)
        if build == "full":
            end_s -= INDEXES_S
        try:
            self._grow(working, self._target(at_least), end_s, usage)
            working.finish()
            usage.lap("build")
            published = self._link(working, build)
        except (OSError, sqlite3.Error, DivergedError):
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
        """Return the head, so that one publish serves all who appended meanwhile."""
        head = self._ledger.head(Deadline())
        return head if head is not None and head.epoch == at_least.epoch else at_least

    def _base(self, at_least: Bookmark, newest: Published | None) -> tuple[WorkingFile, str]:
        """Return what to build upon: the warm working file, else the newest snapshot, else none (`newest` is None)."""
        working = self._working
        if newest is not None and working is not None and working.bookmark.epoch == at_least.epoch:
            return working, "incremental"
        self._discard()
        path = self._new_path()
        if newest is not None and newest.bookmark.epoch == at_least.epoch:
            inode = os.lstat(self._catalog.path(newest.name)).st_ino
            try:
                copy_proven(self._catalog.path(newest.name), path, newest.name)
                self._working = WorkingFile(path)
            except UnprovenError as error:  # damaged since it was proven
                self.published.quarantine(newest.name, inode, error)
            else:
                return self._working, "incremental"
        self._working = WorkingFile.create(path, at_least.epoch)
        return self._working, "full"

    def _new_path(self) -> str:
        """Return a new name on the sandbox's own disk, which is freed from what processes that died there left."""
        if not self._has_folder:
            empty_folder(self._folder)
            self._has_folder = True
        return os.path.join(self._folder, f"{ULID()}.db")

    def _grow(self, working: WorkingFile, target: Bookmark, end_s: float, usage: Usage) -> None:
        """Apply the ledger's rows up to the target, or as many as the time allows.

        Raises DivergedError where the row before them is not the file's last one.
        """
        is_checked = False
        while working.bookmark.seq < target.seq and self._clock() < end_s:
            known = working.bookmark.seq
            first = known + 1 if is_checked else max(1, known)
            span = Range(target.epoch, first, min(target.seq, known + BATCH_ROWS))
            deadline = Deadline(limit_s=min(Deadline.LIMIT_S, end_s + LAST_BATCH_S - self._clock()))
            batch = [row for page in self._ledger.rows(span, deadline) for row in page]
            usage.lap("ledger")
            if first <= known:
                check_row(batch.pop(0), working.last_id())
            is_checked = True
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
        published = Published(name, size_bytes, hash_text(working.hash), working.last_id(), build)
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


def check_row(row: Row, known_id: str | None) -> None:
    """Raise DivergedError where a row of the ledger is not the one that a snapshot holds under its number."""
    seq, row_id = row[:2]
    if row_id != known_id:
        raise DivergedError(f"Row {seq} of the newest snapshot is not the ledger's")
