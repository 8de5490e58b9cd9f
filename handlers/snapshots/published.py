"""The published segments as a publisher sees them: proven, and moved to quarantine where they are not what they say."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ulid import ULID

from handlers.domain.bookmark import MAX_SEQ, Bookmark
from handlers.domain.hashes import HASH_MODULUS
from handlers.snapshots.chain import Listed
from handlers.snapshots.files import UnprovenError, make_folder
from handlers.snapshots.segment import open_segment

if TYPE_CHECKING:
    from handlers.ledger.head import Head
    from handlers.snapshots.catalog import Catalog
    from handlers.snapshots.chain import Chain
    from handlers.snapshots.names import Name
    from handlers.snapshots.segment import Segment

    Identity = tuple[Name, int, int]  # with inode and time of modification


_log = logging.getLogger(__name__)


class Proof(Enum):
    """The proof that is asked of a segment that has proven itself before."""

    REMEMBERED = 0  # nothing
    UNCHANGED = 1  # that its file is the same, and was not written to since
    WHOLLY = 2  # all of its bytes, again


class DivergedError(Exception):
    """The published snapshots are of another history than the ledger; the message says how that shows."""


class LeftError(DivergedError):
    """The ledger has left the epoch that was asked for: it was restored meanwhile, so the next call is of another."""


@dataclass(frozen=True)
class Published:
    """A snapshot that readers can see.

    Attributes:
        chain: its segments' names, newest first; at least one.
        segments: what each of them says of itself; closed.
        build: "full", "incremental", or "none" where it was there already.
        written_bytes: how large the files are that were written to publish it.
        missing_rows: how many rows of the head that was seen are not in it.
    """

    chain: Chain
    segments: tuple[Segment, ...]
    build: str = "none"
    written_bytes: int = 0
    missing_rows: int = 0

    @property
    def bookmark(self) -> Bookmark:
        """Return the ledger prefix that it holds."""
        return self.chain[0].bookmark

    @property
    def hash(self) -> int:
        """Return the content hash of its rows."""
        return self.hash_in(self.segments[0].model.rows_version)

    def hash_in(self, rows_version: int) -> int:
        """Return the content hash of its rows with the columns of a version, as `Segment.hash_in` does."""
        return sum(segment.hash_in(rows_version) for segment in self.segments) % HASH_MODULUS

    @property
    def size_bytes(self) -> int:
        """Return the size of its files together."""
        return sum(segment.size_bytes for segment in self.segments)

    def split(self, count: int) -> tuple[Published | None, Published | None]:
        """Return the snapshot without its newest so many segments, and those; None for what has none.

        An empty segment is in neither: whatever follows takes its place.
        """
        if not self.bookmark.seq:
            return None, None
        kept, taken = (self.chain[count:], self.segments[count:]), (self.chain[:count], self.segments[:count])
        return Published(*kept) if kept[0] else None, Published(*taken) if taken[0] else None


class PublishedSegments:
    """The segments in `snapshots/`. Remembers what it has proven, by name, inode and time.

    Args:
        catalog: its listing is taken as it is: whoever asks has looked.
        verify_max_bytes: the largest file of which bytes are proven too, and not header and meta row alone.

    Attributes:
        damaged: what went to quarantine here, and why; for whoever tells of it, and empties it.
    """

    def __init__(self, catalog: Catalog, verify_max_bytes: int) -> None:
        self.catalog = catalog
        self.damaged: dict[Name, UnprovenError] = {}
        self._verify_max_bytes = verify_max_bytes
        self._proven: dict[Identity, Segment] = {}
        self._wholly: set[Identity] = set()  # of these all bytes are proven
        self._identities: dict[Name, Identity] = {}  # as last seen

    def greatest_epoch(self) -> int:
        """Return the greatest epoch that anything was published in; 0 where nothing was. Raises OSError.

        What only claims to be of a greater one goes to quarantine.
        """
        while True:
            listed = self.catalog.look(now=True)
            if not listed.chain or self.newest(listed.epoch) is not None:
                return listed.epoch

    def newest(self, epoch: int, *, upto: int = MAX_SEQ, proof: Proof = Proof.UNCHANGED) -> Published | None:
        """Return the snapshot at the newest point of an epoch that is reachable by segments that prove themselves.

        What does not goes to quarantine; what cannot be read now is passed over, if there is a way around it.

        Args:
            upto: the last point that counts.
            proof: of its segments.

        Raises OSError.
        """
        unreadable: dict[Name, OSError] = {}
        proven: dict[Name, Segment] = {}
        while True:
            listed = self.catalog.listed
            readable = Listed(listed.names - unreadable.keys()) if unreadable else listed
            chain = readable.chain_of(epoch, upto)
            name = next((name for name in chain if name not in proven), None)
            if name is None:
                break
            try:
                segment = self.prove(name, proof)
            except OSError as error:  # of this file alone
                _log.warning("segment %s cannot be read now: %s", name, error)
                unreadable[name] = error
            else:
                if segment is not None:
                    proven[name] = segment
        if not chain and unreadable:
            raise next(iter(unreadable.values()))
        return Published(chain, tuple(proven[name] for name in chain)) if chain else None

    def prove(self, name: Name, proof: Proof = Proof.UNCHANGED) -> Segment | None:
        """Return what a segment says of itself; None, and quarantine, where it is not what its name says, or gone.

        Raises OSError.
        """
        known = self._identities.get(name)
        if known in self._proven and proof is Proof.REMEMBERED:
            return self._proven[known]
        try:
            identity = self._identity(name)
            if identity in self._proven and proof is not Proof.WHOLLY:
                return self._proven[identity]
            wholly = proof is Proof.WHOLLY or known in self._proven  # it has changed since
            segment = open_segment(self.catalog.path(name), name, None if wholly else self._verify_max_bytes)
        except UnprovenError as error:
            self.quarantine(name, error)
            return None
        except FileNotFoundError:  # retention of another publisher
            self.catalog.reject(name)
            return None
        segment.close()
        self._remember(identity, segment, wholly=wholly or segment.size_bytes <= self._verify_max_bytes)
        return segment

    def is_proven_wholly(self, name: Name) -> bool:
        """Prove all bytes of a segment, once. Returns whether they are what its name says. Raises OSError."""
        return self._identities.get(name) in self._wholly or self.prove(name, Proof.WHOLLY) is not None

    def newest_row(self, published: Published) -> str:
        """Return the newest row of a snapshot that has rows, as JSON text. Raises OSError, sqlite3.Error."""
        name = published.chain[0]
        segment = open_segment(self.catalog.path(name), name, 0)
        try:
            sql = f"SELECT json FROM {segment.model.sql_table} WHERE seq = ?"  # noqa: S608 - a constant
            return segment.connection.execute(sql, (name.last,)).fetchone()[0]
        finally:
            segment.close()

    def add(self, name: Name, segment: Segment) -> None:
        """Take over a segment that was just linked: its maker has hashed its bytes."""
        try:
            self._remember(self._identity(name), segment, wholly=True)
        except OSError as error:  # takes nothing from what was published; it has to prove itself
            _log.warning("segment %s cannot be looked at now: %s", name, error)

    def link(self, path: str, name: Name) -> None:
        """Give a durable file its name. A file that has it holds the same bytes, unless it is damaged.

        Raises OSError.
        """
        make_folder(self.catalog.folder)
        while True:
            try:
                os.link(path, self.catalog.path(name))
            except FileExistsError:
                self.catalog.look(now=True)
                if self.prove(name, Proof.WHOLLY) is None:  # damaged there, and out of the way now
                    continue
                self.catalog.accept(name)
            return

    def quarantine(self, name: Name, error: UnprovenError) -> None:
        """Move an unproven file out of the readers' way, and never a good one in its place. Raises OSError."""
        _log.error("segment %s goes to quarantine: %s", name, error)
        self.damaged[name] = error
        make_folder(self.catalog.quarantine)
        path, inode = self.catalog.path(name), self.catalog.inode(name)
        self.catalog.reject(name)
        with suppress(FileNotFoundError):  # another publisher moved it already
            if os.lstat(path).st_ino == inode:
                os.rename(path, os.path.join(self.catalog.quarantine, f"{name}.{ULID()}"))

    def _identity(self, name: Name) -> Identity:
        stands = os.lstat(self.catalog.path(name))
        self._identities[name] = identity = name, stands.st_ino, stands.st_mtime_ns
        return identity

    def _remember(self, identity: Identity, segment: Segment, *, wholly: bool) -> None:
        listed = self.catalog.listed.names - {identity[0]}  # of one name the newest file alone
        kept = {known: its for known, its in self._proven.items() if known[0] in listed}
        self._wholly &= kept.keys()
        self._proven = {**kept, identity: segment}
        self._identities = {known[0]: known for known in self._proven}
        if wholly:
            self._wholly.add(identity)


def check_history(base: Published, head: Head) -> None:
    """Raise DivergedError where a snapshot shows that it is not of the ledger with this head."""
    if base.bookmark > head.bookmark:
        raise DivergedError(f"The snapshot {base.bookmark} reaches beyond the ledger's head {head.bookmark}")
    if base.bookmark == head.bookmark and base.hash_in(head.columns) != head.hash:
        raise DivergedError(f"The snapshot {base.bookmark} does not hold the ledger's rows")
