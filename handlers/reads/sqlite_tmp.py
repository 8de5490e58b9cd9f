"""The read path `sqlite-tmp`: each segment is copied to the sandbox's own disk once, and proven on the way.

It is copied when a query first reaches it. One larger than 16 MiB (and than `VERIFY_MAX_BYTES`) is read where it is
published, as `sqlite-efs` does, while its copy grows by a step at each read, so that no single read waits for all of
it. `copy.remaining_bytes` is then not 0.
"""

from __future__ import annotations

import errno
import logging
import math
import os

from handlers.domain.problem import Problem
from handlers.domain.timestamps import boottime_s
from handlers.reads.sqlite_efs import SqliteReader
from handlers.snapshots.files import FileCopy, UnprovenError, copy_proven, discard, empty_folder, remove
from handlers.snapshots.segment import open_segment
from handlers.telemetry.meter import METERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from handlers.domain.bookmark import Bookmark
    from handlers.reads.sqlite_view import Link, SqliteView
    from handlers.settings import Settings
    from handlers.snapshots.catalog import Catalog
    from handlers.snapshots.names import Name
    from handlers.snapshots.segment import Segment
    from handlers.telemetry.usage import Usage

    T = TypeVar("T")

WHOLE_BYTES = 16 * 1024 * 1024  # copied at once up to this size
OWN_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
REFRESH_EVERY_S = 10.0
RETRY_AFTER_S = 60.0  # a copy that failed is begun again so much later
STEP_BYTES = 4 * 1024 * 1024  # about 15 ms over EFS: reading, hashing and writing

_log = logging.getLogger(__name__)


class CopyingReader(SqliteReader):
    """Opens copies where its base class opens the published files.

    Args:
        clock: for the time between two refreshes, and between two tries of a copy, in seconds.
    """

    def __init__(self, catalog: Catalog, settings: Settings, clock: Callable[[], float] = boottime_s) -> None:
        super().__init__(catalog, settings)
        self._clock = clock
        self._refreshed_s = -math.inf
        self._try_from_s = -math.inf
        self._folder = os.path.join(settings.tmp_dir, "snapshots")
        self._made = 0
        self._copies: dict[Name, str] = {}  # the copies that are open
        self._uncopied: dict[Name, int] = {}  # what is open where it is published, with how many bytes are not copied
        self._growing: tuple[Name, FileCopy] | None = None

    def read(self, at_least: Bookmark, usage: Usage, use: Callable[[SqliteView], T]) -> T:
        """As its base class does; each read but the first makes the copy of a large segment grow by a step."""
        was_uncopied = bool(self._uncopied)
        found = super().read(at_least, usage, use)
        if was_uncopied:
            usage.lap("query")
            self._grow(usage)
        remaining_bytes = sum(self._uncopied.values())
        if usage.copy is not None or remaining_bytes:
            usage.copy = {"bytes": 0, "ms": 0.0, **(usage.copy or {}), "remaining_bytes": remaining_bytes}
        return found

    def refresh(self) -> None:
        """Forget the copies, so that the next read makes anew those that it needs.

        Raises Problem: 429 where that was done a moment ago, since it reads all of a file.
        """
        wait_s = self._refreshed_s + REFRESH_EVERY_S - self._clock()
        if wait_s > 0:
            detail = f"refresh: a sandbox copies again once in {REFRESH_EVERY_S:.0f} s"
            raise Problem("too-many-requests", detail, headers={"retry-after": str(math.ceil(wait_s))})
        self._refreshed_s = self._clock()
        self.drop()

    def _is_proven(self, name: Name) -> bool:
        return name in self._copies

    def _open(self, name: Name) -> Segment:
        METERS.efs_metadata_operation()
        size_bytes = os.lstat(self._catalog.path(name)).st_size
        if self._is_suspect or size_bytes <= max(WHOLE_BYTES, self._settings.verify_max_bytes):
            try:
                return self._copy_whole(name, size_bytes)
            except UnprovenError:
                self._catalog.reject(name)
                raise
            except OSError as error:
                if error.errno not in OWN_DISK_IS_FULL:
                    raise
                _log.warning("segment %s is read where it is published, since there is no room: %s", name, error)
        segment = super()._open(name)
        self._uncopied[name] = size_bytes
        return segment

    def _copy_whole(self, name: Name, size_bytes: int) -> Segment:
        target = self._new_path(name)
        METERS.efs_metadata_operation()
        copy_proven(self._catalog.path(name), target, name)
        self._usage.copied(size_bytes)
        return self._open_copy(target, name)

    def _open_copy(self, target: str, name: Name) -> Segment:
        try:
            segment = open_segment(target, name, 0)
        except BaseException:
            remove(target)
            raise
        segment.is_whole = True  # it was proven while it was copied, and it is ours alone
        self._copies[name] = target
        self._uncopied.pop(name, None)
        self._usage.lap("open")
        return segment

    def _grow(self, usage: Usage) -> None:
        """Copy one step more of a segment that is read where it is published; open the copy when it is whole."""
        if not self._uncopied or self._clock() < self._try_from_s:
            return
        try:
            name, copy = self._growing = self._growing or self._begin(min(self._uncopied))
            before = copy.size_bytes
            is_whole = copy.step(STEP_BYTES)
            self._uncopied[name] = copy.total_bytes - copy.size_bytes
            usage.copied(copy.size_bytes - before)
            if is_whole:
                copy.prove(name)
                segment = self._open_copy(copy.target, name)
                self._put(self._links[name], segment)
                self._growing = None
                copy.close()
        except UnprovenError as error:
            _log.warning("segment %s is passed over: %s", min(self._uncopied), error)
            self._catalog.reject(self._growing[0] if self._growing else min(self._uncopied))
            self._give_up()
        except OSError as error:
            _log.warning("a segment is read where it is published, because it cannot be copied: %s", error)
            self._try_from_s = self._clock() + RETRY_AFTER_S
            self._give_up()

    def _begin(self, name: Name) -> tuple[Name, FileCopy]:
        """Begin to copy a segment, if its copy has room. Raises OSError, UnprovenError."""
        METERS.efs_metadata_operation()
        if self._free_bytes() < self._uncopied[name]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return name, FileCopy(self._catalog.path(name), self._new_path(name))

    def _put(self, link: Link, segment: Segment) -> None:
        """Put a copy in the place of the published file."""
        link.close()
        link.segment = segment

    def _close(self, name: Name, link: Link) -> None:
        super()._close(name, link)
        self._uncopied.pop(name, None)
        if name in self._copies:
            discard(self._copies.pop(name))
        if self._growing is not None and self._growing[0] == name:
            self._give_up()

    def _give_up(self) -> None:
        """End a copy that is not whole."""
        if self._growing is not None:
            _, copy = self._growing
            self._growing = None
            discard(copy.target)
            try:
                copy.close()
            except OSError as error:
                _log.warning("a copy that was given up was not closed: %s", error)

    def _new_path(self, name: Name) -> str:
        self._prepare_folder()
        self._made += 1
        return os.path.join(self._folder, f"{self._made}-{name}")

    def _prepare_folder(self) -> None:
        if not self._made:
            empty_folder(self._folder)

    def _free_bytes(self) -> int:
        self._prepare_folder()
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize
