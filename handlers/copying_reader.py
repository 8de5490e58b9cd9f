"""The read path `sqlite-tmp`: each snapshot is copied to the sandbox's own disk once, and proven on the way.

One larger than 16 MiB (and than `VERIFY_MAX_BYTES`) is read where it is published, as `sqlite-efs` does, while its copy
grows by a step at each read, so that no single read waits for all of it. `copy.remaining_bytes` is then not 0.
"""

from __future__ import annotations

import logging
import os

from handlers.files import FileCopy, UnprovenError, copy_proven, remove
from handlers.meter import METERS
from handlers.problem import unavailable
from handlers.readers import SqliteReader
from handlers.snapshot import open_snapshot

TYPE_CHECKING = False  # the typing module would cost 1.3 ms of a cold start
if TYPE_CHECKING:
    from handlers.catalog import Catalog, Name
    from handlers.settings import Settings
    from handlers.snapshot import Snapshot
    from handlers.timings import Timings

WHOLE_BYTES = 16 * 1024 * 1024  # copied at once up to this size
STEP_BYTES = 4 * 1024 * 1024  # about 15 ms over EFS: reading, hashing and writing

_log = logging.getLogger(__name__)


class CopyingReader(SqliteReader):
    """Opens a copy where its base class opens the published file."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        super().__init__(catalog, settings)
        self._folder = os.path.join(settings.tmp_dir, "snapshots")
        self._copies = 0
        self._path: str | None = None  # of the copy that is open
        self._growing: tuple[Name, FileCopy] | None = None  # of the snapshot that is open where it is published
        self._last_copy: dict[str, float] | None = None

    def take_copy(self) -> dict[str, float] | None:
        """What was copied since this was last asked: bytes, ms, and how many bytes remain; None where nothing was."""
        copy, self._last_copy = self._last_copy, None
        return copy

    def refresh(self, timings: Timings) -> None:
        """Copy the newest snapshot again, to measure the copy. Raises Problem (503) where it cannot be."""
        try:
            copies = self._copies
            snapshot = self._newest(timings, True)
            if snapshot.name is not None and (self._copies == copies or self._growing is not None):
                self._replace(self._copy_whole(snapshot.name, timings))
        except (OSError, UnprovenError) as error:
            raise unavailable("The snapshot cannot be copied now") from error

    def drop(self) -> None:
        """Close what is open and give its space back."""
        super().drop()
        self._give_up()
        self._forget_copy()

    def _newest(self, timings: Timings, now: bool) -> Snapshot:
        self._grow(timings)
        return super()._newest(timings, now)

    def _open(self, name: Name, timings: Timings) -> Snapshot:
        METERS.efs_metadata_operation()
        size_bytes = os.lstat(self._catalog.path(name)).st_size
        self._give_up()
        if not self._copies:
            self._prepare_folder()
        self._make_room(size_bytes)
        if self._is_suspect or size_bytes <= max(WHOLE_BYTES, self._settings.verify_max_bytes):
            return self._copy_whole(name, timings)
        return self._copy_gradually(name, timings)

    def _copy_whole(self, name: Name, timings: Timings) -> Snapshot:
        self._give_up()
        target = self._new_path(name)
        METERS.efs_metadata_operation()
        size_bytes = copy_proven(self._catalog.path(name), target, name)
        self._note(size_bytes, 0, timings)
        return self._open_copy(target, name, timings)

    def _copy_gradually(self, name: Name, timings: Timings) -> Snapshot:
        """The snapshot where it is published, and the beginning of a copy."""
        METERS.efs_metadata_operation()
        copy = FileCopy(self._catalog.path(name), self._new_path(name))
        self._growing = name, copy
        try:
            snapshot = super()._open(name, timings)
        except BaseException:
            self._give_up()
            raise
        self._forget_copy()
        self._note(0, copy.total_bytes, timings)
        return snapshot

    def _grow(self, timings: Timings) -> None:
        """Copy one step more; open the copy when it is whole and proven."""
        if self._growing is None:
            return
        name, copy = self._growing
        before = copy.size_bytes
        try:
            is_whole = copy.step(STEP_BYTES)
            self._note(copy.size_bytes - before, copy.total_bytes - copy.size_bytes, timings)
            if is_whole:
                copy.prove(name)
                self._growing = None
                copy.close()
                self._replace(self._open_copy(copy.target, name, timings))
        except UnprovenError as error:
            _log.warning("snapshot %s is passed over: %s", name, error)
            self._catalog.reject(name)
            self._give_up()
        except OSError as error:
            _log.warning("snapshot %s is read where it is published, because it cannot be copied: %s", name, error)
            self._give_up()

    def _open_copy(self, target: str, name: Name, timings: Timings) -> Snapshot:
        """Open a whole copy, and give back the space of the one before."""
        try:
            snapshot = open_snapshot(target, name, 0)
        except BaseException:
            remove(target)
            raise
        self._forget_copy()
        self._path = target
        timings.lap("open")
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
            copy.close()
            remove(copy.target)

    def _note(self, size_bytes: int, remaining_bytes: int, timings: Timings) -> None:
        """Add to what `take_copy` tells."""
        METERS.copy(size_bytes)
        copy = self._last_copy or {"bytes": 0, "ms": 0.0}
        spent_ms = round(copy["ms"] + timings.lap("copy"), 3)
        self._last_copy = {"bytes": copy["bytes"] + size_bytes, "ms": spent_ms, "remaining_bytes": remaining_bytes}

    def _new_path(self, name: Name) -> str:
        self._copies += 1
        return os.path.join(self._folder, f"{self._copies}-{name}")

    def _prepare_folder(self) -> None:
        os.makedirs(self._folder, exist_ok=True)
        for leftover in os.listdir(self._folder):  # of a process that died in this sandbox
            remove(os.path.join(self._folder, leftover))

    def _make_room(self, size_bytes: int) -> None:
        """Give up the open copy where both do not fit and the new one alone does."""
        disk = os.statvfs(self._folder)
        free_bytes = disk.f_bavail * disk.f_frsize
        if self._current is not None and free_bytes < size_bytes <= free_bytes + self._current.size_bytes:
            self.drop()
