"""The catalog of what is published: the names in `snapshots/`, and the chain that they make.

There is no pointer file to go stale, and the directory holds only finished files. Listing it costs one GETATTR over NFS
while nothing changes, and was never seen stale.
"""

from __future__ import annotations

import math
import os
from _thread import allocate_lock, start_new_thread  # threading's own; a Thread takes 50 us longer, at each listing

from handlers.domain.bookmark import NOTHING
from handlers.domain.timestamps import boottime_s
from handlers.rows import MODEL
from handlers.snapshots.chain import Listed
from handlers.snapshots.names import Name
from handlers.telemetry.meter import METERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.model.model import Model

    Entries = dict[str, int]  # names with inodes


class Catalog:
    """The listing of `snapshots/`, at most `check_interval_s` old, without the files that failed their proof.

    Args:
        folder: the directory; that it does not exist yet means that nothing was published, as long as its parent does.
        check_interval_s: how old a listing may be that `look` answers from; 0 = list every time.
        clock: the clock, in seconds.
        model: the columns that the segments have.

    Attributes:
        listed: what was last listed.
        replaced: the newest point that is published with the columns that the model replaces; 0.0 where there is none.
        foreign: the names of a schema version that is neither declared nor still replaced, as last listed.
    """

    def __init__(
        self,
        folder: str,
        check_interval_s: float = 0,
        clock: Callable[[], float] = boottime_s,
        model: Model = MODEL,
    ) -> None:
        self.folder = folder
        self.model = model
        self._check_interval_s = check_interval_s
        self._clock = clock
        self._listed_at: float | None = None
        self.listed = Listed()
        self._entries: Entries = {}
        self._names: dict[str, Name | None] = {}  # None: no segment's name
        self.replaced = NOTHING
        self.foreign: list[Name] = []
        self._rejected: set[tuple[Name, int]] = set()
        self._listing: Listing | None = None

    def look(self, now: bool = False, limit_s: float = math.inf) -> Listed:
        """Return what is listed; the same object as long as nothing changes.

        Args:
            now: list whatever the age of the last listing.
            limit_s: how long a listing may take. One that takes longer goes on, and a later call has its outcome.

        Raises OSError where EFS cannot be listed: TimeoutError where not within that time.
        """
        due = self._listed_at is None or self._clock() - self._listed_at >= self._check_interval_s
        if now or due:
            self._list(limit_s)
        return self.listed

    @property
    def quarantine(self) -> str:
        """Return the folder publishers move unproven files to; beside `snapshots/`, there from the first one on."""
        return os.path.join(os.path.dirname(self.folder), "quarantine")

    def has_bad_files(self) -> bool:
        """Tell whether a file was passed over or moved away: then nothing left does not mean nothing was there.

        Raises OSError: not to know is not to have none.
        """
        if self._rejected:
            return True
        try:
            os.stat(self.quarantine)
        except FileNotFoundError:
            return False
        return True

    def path(self, name: Name) -> str:
        """Return the path of the file."""
        return os.path.join(self.folder, name)

    def inode(self, name: Name) -> int:
        """Return the inode of a file as last listed; 0 where it is not listed."""
        return self._entries.get(name, 0)

    def is_rejected(self, name: Name) -> bool:
        """Tell whether this file was found to be no proven segment, be it by another reader of the sandbox."""
        return (name, self.inode(name)) in self._rejected

    def reject(self, name: Name) -> None:
        """Pass over this file from now on: it is no proven segment. A later file of that name is another file."""
        self._rejected.add((name, self.inode(name)))
        self._sort()

    def accept(self, name: Name) -> None:
        """Count this file again: it was out of sight for a moment, and has proven itself since."""
        self._rejected.discard((name, self.inode(name)))
        self._sort()

    def _list(self, limit_s: float) -> None:
        begun_s = self._clock()
        if limit_s == math.inf:
            self._listing = None
            self._take(self._find(), begun_s)
            return
        self._listing = listing = self._listing or Listing(self._find, begun_s)
        if not listing.is_over(max(0.0, listing.begun_s + limit_s - begun_s)):
            raise TimeoutError(f"the listing takes longer than {limit_s:g} s")
        self._listing = None
        self._take(listing.outcome(), listing.begun_s)

    def _take(self, entries: Entries, begun_s: float) -> None:
        self._listed_at = begun_s
        if entries != self._entries:
            self._entries = entries
            known = self._names
            self._names = {text: known[text] if text in known else Name.parse(text) for text in entries}
            self._sort()

    def _sort(self) -> None:
        names = [name for name in self._names.values() if name is not None]
        self._rejected = {(name, inode) for name, inode in self._rejected if self._entries.get(name) == inode}
        rejected = {name for name, _ in self._rejected}
        ours = [name for name in names if name.schema == self.model.schema_version and name not in rejected]
        self.listed = Listed(ours, rejected)
        known, before = {MODEL.schema_version, self.model.schema_version}, self.model.replaces
        if before is not None:
            self.replaced = Listed([name for name in names if name.schema == before.schema_version]).bookmark
            if self.replaced >= self.listed.bookmark:  # else the change has ended: nobody publishes these any more
                known.add(before.schema_version)
        self.foreign = [name for name in names if name.schema not in known]

    def _find(self) -> Entries:
        METERS.efs_metadata_operation()
        try:
            with os.scandir(self.folder) as entries:
                return {entry.name: entry.inode() for entry in entries}
        except FileNotFoundError:
            os.stat(os.path.dirname(self.folder))  # no mount at all is not "nothing published"
            return {}


class Listing:
    """A listing that may hang: it goes on in a thread while its caller answers with what it has.

    Args:
        look: lists; what it raises is kept for `outcome`.
        begun_s: what time it is, for whoever asks how long it has been going on.
    """

    def __init__(self, look: Callable[[], Entries], begun_s: float) -> None:
        self.begun_s = begun_s
        self._look = look
        self._found: Entries = {}
        self._error: Exception | None = None
        self._running = allocate_lock()  # held as long as it goes on
        self._running.acquire()
        start_new_thread(self._run, ())

    def is_over(self, limit_s: float) -> bool:
        """Wait so long at most. Returns whether there is an outcome."""
        is_over = self._running.acquire(timeout=limit_s)
        if is_over:
            self._running.release()
        return is_over

    def outcome(self) -> Entries:
        """Return what was found, or raise what `look` raised."""
        if self._error is not None:
            raise self._error
        return self._found

    def _run(self) -> None:
        try:
            self._found = self._look()
        except Exception as error:  # noqa: BLE001 - raised where it is asked for
            self._error = error
        finally:
            self._running.release()
