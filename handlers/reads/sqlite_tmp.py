"""The read path `sqlite-tmp`: each snapshot is copied to the sandbox's own disk once, and proven on the way.

One larger than 16 MiB (and than `VERIFY_MAX_BYTES`) is read where it is published, as `sqlite-efs` does, while its copy
grows by a step at each read, so that no single read waits for all of it. `copy.remaining_bytes` is then not 0.
"""

from __future__ import annotations

import errno
import logging
import math
import os

from handlers.domain.problem import Problem, unavailable
from handlers.domain.timestamps import boottime_s
from handlers.reads.sqlite_efs import SqliteReader
from handlers.snapshots.files import FileCopy, UnprovenError, copy_proven, empty_folder, remove
from handlers.snapshots.snapshot import open_snapshot
from handlers.telemetry.meter import METERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.settings import Settings
    from handlers.snapshots.catalog import Catalog, Name
    from handlers.snapshots.snapshot import Snapshot
    from handlers.telemetry.usage import Usage

WHOLE_BYTES = 16 * 1024 * 1024  # copied at once up to this size
OWN_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
REFRESH_EVERY_S = 10.0
STEP_BYTES = 4 * 1024 * 1024  # about 15 ms over EFS: reading, hashing and writing

_log = logging.getLogger(__name__)


class CopyingReader(SqliteReader):
    """Opens a copy where its base class opens the published file.

    Args:
        clock: for the time between two refreshes, in seconds.
    """

    def __init__(self, catalog: Catalog, settings: Settings, clock: Callable[[], float] = boottime_s) -> None:
        super().__init__(catalog, settings)
        self._clock = clock
        self._refreshed_s = -math.inf
        self._folder = os.path.join(settings.tmp_dir, "snapshots")
        self._copies = 0
        self._path: str | None = None  # of the copy that is open
        self._growing: tuple[Name, FileCopy] | None = None  # of the snapshot that is open where it is published

    def refresh(self, usage: Usage) -> None:
        """Copy the newest snapshot again, to measure the copy.

        Raises Problem: 429 where that was done a moment ago, since it reads all of a file; 503 where it cannot be.
        """
        wait_s = self._refreshed_s + REFRESH_EVERY_S - self._clock()
        if wait_s > 0:
            detail = f"refresh: a sandbox copies again once in {REFRESH_EVERY_S:.0f} s"
            raise Problem("too-many-requests", detail, headers={"retry-after": str(math.ceil(wait_s))})
        self._refreshed_s = self._clock()
        try:
            copies = self._copies
            snapshot = super()._newest(usage, True)
            if snapshot.name is not None and (self._copies == copies or self._path is None):
                self._refresh(snapshot.name, usage)
        except (OSError, UnprovenError) as error:
            raise unavailable("The snapshot cannot be copied now") from error

    def drop(self) -> None:
        """Close what is open and give its space back."""
        super().drop()
        self._give_up()
        self._forget_copy()

    def _newest(self, usage: Usage, now: bool) -> Snapshot:
        self._grow(usage)
        snapshot = super()._newest(usage, now)
        if usage.copy is None and snapshot.name is not None and self._path is None:  # read where it is published
            usage.copy = {"bytes": 0, "ms": 0.0, "remaining_bytes": snapshot.size_bytes}
        return snapshot

    def _is_proven(self) -> bool:
        return self._path is not None

    def _refresh(self, name: Name, usage: Usage) -> None:
        """Put a new copy in the place of what is open. What is no proven copy is passed over if it proves damaged."""
        try:
            self._replace(self._copy_whole(name, os.lstat(self._catalog.path(name)).st_size, usage))
        except UnprovenError:
            if self._path is None:
                self._catalog.reject(name)
            raise

    def _open(self, name: Name, usage: Usage) -> Snapshot:
        METERS.efs_metadata_operation()
        size_bytes = os.lstat(self._catalog.path(name)).st_size
        if self._is_suspect or size_bytes <= max(WHOLE_BYTES, self._settings.verify_max_bytes):
            try:
                return self._copy_whole(name, size_bytes, usage)
            except OSError as error:
                if error.errno not in OWN_DISK_IS_FULL:
                    raise
                _log.warning("snapshot %s is read where it is published, since there is no room: %s", name, error)
        snapshot = super()._open(name, usage)
        self._give_up()
        self._forget_copy()
        self._begin(name, size_bytes, usage)
        return snapshot

    def _copy_whole(self, name: Name, size_bytes: int, usage: Usage) -> Snapshot:
        self._make_room(size_bytes)
        target = self._new_path(name)
        METERS.efs_metadata_operation()
        copy_proven(self._catalog.path(name), target, name)
        usage.copied(size_bytes, 0)
        snapshot = self._open_copy(target, name, usage)
        self._give_up()
        return snapshot

    def _begin(self, name: Name, size_bytes: int, usage: Usage) -> None:
        """Begin to copy the snapshot that is open, if its copy has room."""
        METERS.efs_metadata_operation()
        try:
            if self._free_bytes() < size_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._growing = name, FileCopy(self._catalog.path(name), self._new_path(name))
        except OSError as error:
            _log.warning("snapshot %s is read where it is published, because it cannot be copied: %s", name, error)
        usage.copied(0, size_bytes)

    def _grow(self, usage: Usage) -> None:
        """Copy one step more; open the copy when it is whole and proven."""
        if self._growing is None:
            return
        name, copy = self._growing
        before = copy.size_bytes
        try:
            is_whole = copy.step(STEP_BYTES)
            usage.copied(copy.size_bytes - before, copy.total_bytes - copy.size_bytes)
            if is_whole:
                copy.prove(name)
                self._replace(self._open_copy(copy.target, name, usage))
                self._growing = None
                copy.close()
        except UnprovenError as error:
            _log.warning("snapshot %s is passed over: %s", name, error)
            self._catalog.reject(name)
            self._give_up()
        except OSError as error:
            _log.warning("snapshot %s is read where it is published, because it cannot be copied: %s", name, error)
            self._give_up()

    def _open_copy(self, target: str, name: Name, usage: Usage) -> Snapshot:
        """Open a whole copy, and give back the space of the one before."""
        try:
            snapshot = open_snapshot(target, name, 0)
        except BaseException:
            remove(target)
            raise
        self._forget_copy()
        self._path = target
        usage.lap("open")
        return snapshot

    def _forget_copy(self) -> None:
        if self._path is not None:
            remove(self._path)
        self._path = None

    def _give_up(self) -> None:
        """End a copy that is not whole."""
        if self._growing is not None:
            _, copy = self._growing
            self._growing = None
            remove(copy.target)
            copy.close()

    def _new_path(self, name: Name) -> str:
        self._prepare_folder()
        self._copies += 1
        return os.path.join(self._folder, f"{self._copies}-{name}")

    def _prepare_folder(self) -> None:
        if not self._copies:
            empty_folder(self._folder)

    def _make_room(self, size_bytes: int) -> None:
        """Give up the open copy where both do not fit and the new one alone does."""
        free_bytes = self._free_bytes()
        freed_bytes = self._current.size_bytes if self._current is not None and self._path is not None else 0
        if free_bytes < size_bytes <= free_bytes + freed_bytes:
            self.drop()

    def _free_bytes(self) -> int:
        self._prepare_folder()
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize
