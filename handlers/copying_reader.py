"""The read path `sqlite-tmp`: each snapshot is copied to the sandbox's own disk once, and proven on the way."""

from __future__ import annotations

import os

from handlers.files import UnprovenError, copy_proven, remove
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


class CopyingReader(SqliteReader):
    """Opens a copy where its base class opens the published file."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        super().__init__(catalog, settings)
        self._folder = os.path.join(settings.tmp_dir, "snapshots")
        self._copies = 0
        self._path: str | None = None
        self._last_copy: dict[str, float] | None = None

    def take_copy(self) -> dict[str, float] | None:
        """Bytes and milliseconds of the copy made since this was last asked; None where there was none."""
        copy, self._last_copy = self._last_copy, None
        return copy

    def refresh(self, timings: Timings) -> None:
        """Copy the newest snapshot again, to measure the copy. Raises Problem (503) where it cannot be."""
        try:
            copies = self._copies
            snapshot = self._newest(timings, True)
            if snapshot.name is not None and self._copies == copies:
                self._replace(self._open(snapshot.name, timings))
        except (OSError, UnprovenError) as error:
            raise unavailable("The snapshot cannot be copied now") from error

    def drop(self) -> None:
        """Close what is open and give its space back."""
        super().drop()
        if self._path is not None:
            remove(self._path)
        self._path = None

    def _open(self, name: Name, timings: Timings) -> Snapshot:
        source = self._catalog.path(name)
        if not self._copies:
            self._prepare_folder()
        METERS.efs_metadata_operation()
        self._make_room(os.lstat(source).st_size)
        self._copies += 1
        target = os.path.join(self._folder, f"{self._copies}-{name}")
        METERS.efs_metadata_operation()
        size_bytes = copy_proven(source, target, name)
        METERS.copy(size_bytes)
        self._last_copy = {"bytes": size_bytes, "ms": round(timings.lap("copy"), 3)}
        try:
            snapshot = open_snapshot(target, name, 0)
        except BaseException:
            remove(target)
            raise
        if self._path is not None:
            remove(self._path)
        self._path = target
        timings.lap("open")
        return snapshot

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
