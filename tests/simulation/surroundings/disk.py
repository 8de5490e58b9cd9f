"""The file server: names in memory, the bytes of each file in a real one, since SQLite reads no others."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

MOUNT = "/efs.simulated"  # where all sandboxes have it; no real path


@dataclass
class Inode:
    """A file or folder.

    Attributes:
        content: the real file with its bytes; "" for a folder.
        entries: of a folder.
        change: how often a folder's entries have changed.
    """

    number: int
    content: str
    modified_s: float
    changed_s: float
    links: int = 1
    entries: dict[str, Inode] = field(default_factory=dict["str", "Inode"])
    change: int = 0

    @property
    def is_folder(self) -> bool:
        return not self.content


@dataclass(frozen=True)
class Status:
    """What `stat` tells, as far as anybody asks."""

    st_ino: int
    st_mode: int
    st_size: int
    st_nlink: int
    st_mtime: float
    st_ctime: float

    @property
    def st_mtime_ns(self) -> int:
        return int(self.st_mtime * 1e9)


class Server:
    """The server's side: every operation happens at once and is seen by whoever asks it.

    Args:
        folder: for the real files.
        now: the server's clock, in seconds.

    Attributes:
        on_change: told of the path that a name was given to or taken from.
    """

    def __init__(self, folder: str, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now
        self._count = 1
        self.root = self._made("")
        self.on_change: Callable[[str, bool], None] = lambda path, is_new: None

    def find(self, path: str) -> Inode | None:
        """Return what has a name; None where nothing has."""
        found: Inode | None = self.root
        for name in filter(None, path.removeprefix(MOUNT).split("/")):
            found = found.entries.get(name) if found else None
        return found

    def folder_of(self, path: str) -> Inode:
        """Return the folder that a name would be in. Raises FileNotFoundError."""
        return self.known(os.path.dirname(path))

    def known(self, path: str) -> Inode:
        """Return what has a name. Raises FileNotFoundError."""
        found = self.find(path)
        if found is None:
            raise missing(path)
        return found

    def create(self, path: str, *, is_folder: bool = False) -> Inode:
        """Make an empty file, or a folder. Raises FileExistsError: of two who try, one wins."""
        self._check_free(path)
        made = self._made("" if is_folder else os.path.join(self._folder, str(self._count + 1)))
        self._enter(path, made)
        return made

    def link(self, inode: Inode, path: str) -> None:
        """Give a file one more name. Raises FileExistsError."""
        self._check_free(path)
        inode.links += 1
        inode.changed_s = self._now()
        self._enter(path, inode)

    def unlink(self, path: str) -> None:
        """Take a name away."""
        inode = self.known(path)
        if inode.is_folder:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        self._leave(path)
        inode.links -= 1
        inode.changed_s = self._now()
        self.on_change(path, False)

    def rename(self, source: str, target: str) -> None:
        """Move a name."""
        inode = self.known(source)
        self._leave(source)
        self._enter(target, inode)
        self.on_change(source, False)

    def status(self, inode: Inode) -> Status:
        """Return a file's attributes as they are now."""
        mode = stat.S_IFDIR if inode.is_folder else stat.S_IFREG
        size_bytes = 0 if inode.is_folder else os.stat(inode.content).st_size
        return Status(inode.number, mode | 0o640, size_bytes, inode.links, inode.modified_s, inode.changed_s)

    def written(self, inode: Inode) -> None:
        """Note that a file was written to."""
        inode.modified_s = inode.changed_s = self._now()

    def _made(self, content: str) -> Inode:
        self._count += 1
        return Inode(self._count, content, self._now(), self._now())

    def _check_free(self, path: str) -> None:
        if self.find(path) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)

    def _enter(self, path: str, inode: Inode) -> None:
        folder = self.folder_of(path)
        folder.entries[os.path.basename(path)] = inode
        self._touch(folder)
        self.on_change(path, True)

    def _leave(self, path: str) -> None:
        folder = self.folder_of(path)
        del folder.entries[os.path.basename(path)]
        self._touch(folder)

    def _touch(self, folder: Inode) -> None:
        folder.change += 1
        folder.modified_s = folder.changed_s = self._now()


def missing(path: str) -> FileNotFoundError:
    """Return the error for a name that is not there."""
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
