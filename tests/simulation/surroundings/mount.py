"""The file system as one machine sees it, by NFS's rules, which a real client was seen to follow.

- A listing is current. It also tells the machine that a folder has changed.
- A name that was looked up is remembered, and that there is none too, until the folder is seen to have changed, or the
  memory is too old. So are a file's attributes.
- A file that another machine has deleted is gone for who has it open: ESTALE, except for what is still in memory.
- A file that is deleted here while it is open here gets a hidden name until it is closed.
"""

from __future__ import annotations

import errno
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from tests.simulation.surroundings.disk import Inode, Server, Status, missing

T = TypeVar("T")

LIFE_S = (3.0, 30.0, 60.0)  # acregmin, acdirmin and acregmax, as mounted
IN_MEMORY = 0.5  # how likely what is read of a deleted file is still in memory


class Mount:
    """One machine's mount.

    Args:
        clock: in seconds.
    """

    def __init__(self, server: Server, clock: Callable[[], float], luck: random.Random) -> None:
        self.server = server
        self._clock = clock
        self._luck = luck
        self._names: dict[str, tuple[Inode | None, int]] = {}  # with the folder's change
        self._folders: dict[str, tuple[int, float]] = {}  # the change last seen, and how long that counts
        self._statuses: dict[int, tuple[Status, float]] = {}
        self._opened = Counter[int]()
        self._hidden: dict[int, str] = {}

    def find(self, path: str, *, anew: bool = False) -> Inode:
        """Return what has a name, from memory or the server. Raises FileNotFoundError, from memory or not."""
        change = self._change_of(os.path.dirname(path))
        known = self._names.get(path)
        if known is None or known[1] != change or anew:
            known = self._names[path] = self.server.find(path), change
        if known[0] is None:
            raise missing(path)
        return known[0]

    def status(self, path: str) -> Status:
        """Return attributes, from memory or the server. Raises FileNotFoundError."""
        inode = self.find(path)
        known = self._statuses.get(inode.number)
        if known is None or known[1] <= self._clock():
            if not inode.links:
                inode = self.find(path, anew=True)
            known = self._ask(inode)
        return known[0]

    def open(self, path: str) -> Inode:
        """Open a file: its attributes are asked for, the name may come from memory. Raises OSError."""
        inode = self.find(path)
        if not inode.links and self._luck.random() < IN_MEMORY:
            raise stale(path)
        inode = inode if inode.links else self.find(path, anew=True)
        self._ask(inode)
        self._opened[inode.number] += 1
        return inode

    def check_read(self, inode: Inode) -> None:
        """Raise OSError (ESTALE) where a file was deleted elsewhere, unless what is read is in memory."""
        if not inode.links and self._luck.random() >= IN_MEMORY:
            raise stale(inode.content)

    def close(self, inode: Inode) -> None:
        """Close a file; one that was deleted here goes now."""
        self._opened[inode.number] -= 1
        if not self._opened[inode.number] and inode.number in self._hidden:
            self.server.unlink(self._hidden.pop(inode.number))

    def names(self, folder: str) -> dict[str, Inode]:
        """List a folder, as it is now. Raises FileNotFoundError."""
        inode = self.server.known(folder)
        self._see(folder, inode.change)
        return dict(sorted(inode.entries.items()))

    def create(self, path: str, *, is_folder: bool = False) -> Inode:
        """Make a file or a folder. Raises OSError."""
        made = self._changing(path, lambda: self.server.create(path, is_folder=is_folder))
        if not is_folder:
            self._opened[made.number] += 1
        return made

    def link(self, source: str, target: str) -> None:
        """Give a file another name. Raises OSError."""
        inode = self.find(source)
        if not inode.links:
            raise stale(source)
        self._changing(target, lambda: self.server.link(inode, target))
        self._ask(inode)

    def unlink(self, path: str) -> None:
        """Delete a file. Raises OSError."""
        inode = self.find(path)
        if self._opened[inode.number] and inode.links == 1 and self.server.find(path) is inode:
            self._hidden[inode.number] = os.path.join(os.path.dirname(path), f".nfs{inode.number:08x}")
            self._changing(path, lambda: self.server.rename(path, self._hidden[inode.number]))
            return
        self._changing(path, lambda: self.server.unlink(path))

    def rename(self, source: str, target: str) -> None:
        """Move a name. Raises OSError."""
        self._changing(source, lambda: self.server.rename(source, target))
        self._names.pop(target, None)

    def _changing(self, path: str, change: Callable[[], T]) -> T:
        """Make a change. It is known here at once; of what others did to the folder nothing is learnt."""
        folder = os.path.dirname(path)
        before = self.server.known(folder).change
        self._names.pop(path, None)
        try:
            return change()
        finally:
            if self._folders.get(folder, (-1, 0.0))[0] == before:
                self._see(folder, self.server.known(folder).change)
            else:
                self._folders.pop(folder, None)

    def _change_of(self, folder: str) -> int:
        """Return how a folder was last seen, or ask."""
        known = self._folders.get(folder)
        if known is None or known[1] <= self._clock():
            found = self.server.find(folder)
            known = self._see(folder, found.change if found else -1)
        return known[0]

    def _see(self, folder: str, change: int) -> tuple[int, float]:
        known = self._folders[folder] = change, self._clock() + self._luck.choice(LIFE_S)
        return known

    def _ask(self, inode: Inode) -> tuple[Status, float]:
        lives_s = self._luck.choice(LIFE_S)
        known = self._statuses[inode.number] = self.server.status(inode), self._clock() + lives_s
        return known


def stale(path: str) -> OSError:
    """Return the error for a file that another machine has deleted."""
    return OSError(errno.ESTALE, os.strerror(errno.ESTALE), path)
