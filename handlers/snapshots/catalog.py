"""The catalog of what is published: the names in `snapshots/`, newest first.

A name says everything: `<epoch>-<seq>-<schema>-<digest>.db`, numbers zero-padded, so that the greatest name is the
newest snapshot. A file of another schema version is not ours: it is neither read nor moved, so that old and new code
live side by side. There is no pointer file to go stale, and the directory holds only finished files. Listing it costs
one GETATTR over NFS while nothing changes, and was never seen stale.
"""

from __future__ import annotations

import math
import os
import time
from threading import Thread

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import DIGEST_DIGITS
from handlers.domain.timestamps import boottime_s
from handlers.rows import SCHEMA_VERSION
from handlers.telemetry.meter import METERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Entries = list[tuple["Name", int]]

EPOCH_DIGITS = 16
SEQ_DIGITS = 12
SCHEMA_DIGITS = 6
CLOCKS_APART_MS = 24 * 3600 * 1000  # an epoch is its ledger's beginning, by the clock of who made it
HEXADECIMAL = frozenset("0123456789abcdef")


def snapshots_dir(efs_dir: str) -> str:
    """Return the directory of finished snapshots."""
    return os.path.join(efs_dir, "snapshots")


class Name(str):
    """The name of a snapshot file; comparing names compares their age."""

    __slots__ = ()

    @classmethod
    def of(cls, bookmark: Bookmark, digest: str, schema: int = SCHEMA_VERSION) -> Name:
        """Return the name of the snapshot of this ledger prefix with this digest over the file's bytes."""
        return cls(
            f"{bookmark.epoch:0{EPOCH_DIGITS}d}-{bookmark.seq:0{SEQ_DIGITS}d}-{schema:0{SCHEMA_DIGITS}d}-{digest}.db"
        )

    @classmethod
    def parse(cls, text: str) -> Name | None:
        """Return the name, if `text` is of exactly this form."""
        epoch, _, rest = text.partition("-")
        seq, _, rest = rest.partition("-")
        schema, _, rest = rest.partition("-")
        digest, dot, suffix = rest.partition(".")
        right = (
            _is_digits(epoch, EPOCH_DIGITS)
            and _is_digits(seq, SEQ_DIGITS)
            and _is_digits(schema, SCHEMA_DIGITS)
            and len(digest) == DIGEST_DIGITS
            and HEXADECIMAL.issuperset(digest)
            and dot + suffix == ".db"
        )
        return cls(text) if right else None

    @property
    def bookmark(self) -> Bookmark:
        """Return the ledger prefix that the file holds."""
        return Bookmark(int(self[:EPOCH_DIGITS]), int(self[EPOCH_DIGITS + 1 : EPOCH_DIGITS + 1 + SEQ_DIGITS]))

    @property
    def schema(self) -> int:
        """Return the schema version that the file is of."""
        return int(self[-DIGEST_DIGITS - 4 - SCHEMA_DIGITS : -DIGEST_DIGITS - 4])

    @property
    def digest(self) -> str:
        """Return the first 16 hex digits of BLAKE2b over the file's bytes."""
        return self[-DIGEST_DIGITS - 3 : -3]


class Catalog:
    """The listing of `snapshots/`, at most `check_interval_s` old, without the files that failed their proof.

    Args:
        folder: the directory; that it does not exist yet means that nothing was published, as long as its parent does.
        check_interval_s: how old a listing may be that `names` answers from; 0 = list every time.
        clock: the clock, in seconds.

    Attributes:
        foreign: the names of another schema version, as last listed.
    """

    def __init__(self, folder: str, check_interval_s: float = 0, clock: Callable[[], float] = boottime_s) -> None:
        self.folder = folder
        self._check_interval_s = check_interval_s
        self._clock = clock
        self._listed_at: float | None = None
        self._names: list[Name] = []
        self.foreign: list[Name] = []
        self._inodes: dict[Name, int] = {}
        self._rejected: set[tuple[Name, int]] = set()
        self._listing: Listing | None = None

    def names(self, now: bool = False, limit_s: float = math.inf) -> list[Name]:
        """Return the names, newest first.

        Args:
            now: list whatever the age of the last listing.
            limit_s: how long a listing may take. One that takes longer goes on, and a later call has its outcome.

        Raises OSError where EFS cannot be listed: TimeoutError where not within that time.
        """
        due = self._listed_at is None or self._clock() - self._listed_at >= self._check_interval_s
        if now or due:
            self._list(limit_s)
        return self._names

    @property
    def quarantine(self) -> str:
        """Return the folder publishers move unproven files to; beside `snapshots/`, there from the first one on."""
        return os.path.join(os.path.dirname(self.folder), "quarantine")

    def has_bad_files(self) -> bool:
        """Tell whether a file was passed over or moved away: then nothing left does not mean nothing was there."""
        return bool(self._rejected) or os.path.isdir(self.quarantine)

    def rejected_epoch(self) -> int:
        """Return the greatest epoch of a file that was passed over, and that a ledger can have by now; 0: of none."""
        latest = int(time.time() * 1000) + CLOCKS_APART_MS
        epochs = [name.bookmark.epoch for name, _ in self._rejected]
        return max((epoch for epoch in epochs if epoch <= latest), default=0)

    def is_rejected(self, name: Name | None) -> bool:
        """Tell whether this file was found to be no proven snapshot, be it by another reader of the sandbox."""
        return any(name == rejected for rejected, _ in self._rejected)

    def path(self, name: Name) -> str:
        """Return the path of the file."""
        return os.path.join(self.folder, name)

    def reject(self, name: Name) -> None:
        """Pass over this file from now on: it is no proven snapshot. A later file of that name is another file."""
        self._rejected.add((name, self._inodes.get(name, 0)))
        self._names = [known for known in self._names if known != name]

    def _list(self, limit_s: float) -> None:
        begun_s = self._clock()
        if limit_s == math.inf:
            self._listing = None
            self._take(self._entries(), begun_s)
            return
        self._listing = listing = self._listing or Listing(self._entries, begun_s)
        if not listing.is_over(max(0.0, listing.begun_s + limit_s - begun_s)):
            raise TimeoutError(f"the listing takes longer than {limit_s:g} s")
        self._listing = None
        self._take(listing.outcome(), listing.begun_s)

    def _take(self, entries: Entries, begun_s: float) -> None:
        found = dict(entries)
        self.foreign = [name for name in found if name.schema != SCHEMA_VERSION]
        self._inodes = {name: inode for name, inode in found.items() if name.schema == SCHEMA_VERSION}
        self._rejected.intersection_update(self._inodes.items())
        passed_over = {name for name, _ in self._rejected}
        self._names = sorted(self._inodes.keys() - passed_over, reverse=True)
        self._listed_at = begun_s

    def _entries(self) -> Entries:
        METERS.efs_metadata_operation()
        try:
            with os.scandir(self.folder) as entries:
                found = [(Name.parse(entry.name), entry.inode()) for entry in entries]
        except FileNotFoundError:
            os.stat(os.path.dirname(self.folder))  # no mount at all is not "nothing published"
            return []
        return [(name, inode) for name, inode in found if name]


class Listing:
    """A listing that may hang: it goes on in a thread while its caller answers with what it has.

    Args:
        look: lists; what it raises is kept for `outcome`.
        begun_s: what time it is, for whoever asks how long it has been going on.
    """

    def __init__(self, look: Callable[[], Entries], begun_s: float) -> None:
        self.begun_s = begun_s
        self._look = look
        self._found: Entries = []
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def is_over(self, limit_s: float) -> bool:
        """Wait so long at most. Returns whether there is an outcome."""
        self._thread.join(limit_s)
        return not self._thread.is_alive()

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


def _is_digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdigit()
