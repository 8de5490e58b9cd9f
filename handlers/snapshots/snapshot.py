"""A snapshot: an immutable SQLite file with exactly the rows 1 to seq of one epoch. How one is proven and opened.

Nothing is served that did not prove itself: the digest in its name over its bytes, SQLite's header, the schema version,
and a meta row that agrees with the name. Files are opened `mode=ro&immutable=1`: SQLite then takes no lock, which over
NFS is the difference between 9 round trips a query and none. `mmap` is never used, since a file deleted on another
machine would kill the process with SIGBUS.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # sqlite3's own; the package around it loads datetime: 1.3 ms of every cold start
import errno
import os

from handlers import rows
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.stats import Stats
from handlers.domain.timestamps import utc_text
from handlers.snapshots.files import UnprovenError, proven_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.snapshots.catalog import Name

OLDEST_SQLITE = (3, 40, 0)

META_DDL = """
CREATE TABLE snapshot (
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  stats TEXT NOT NULL
) STRICT;
"""

if tuple(int(part) for part in sqlite3.sqlite_version.split(".")) < OLDEST_SQLITE:
    raise RuntimeError(f"SQLite {sqlite3.sqlite_version} is too old, 3.40 or newer is needed")


class Snapshot:
    """An open snapshot: its place in history, its meta row and its connection."""

    __slots__ = ("bookmark", "bookmark_text", "connection", "hash", "name", "seq", "size_bytes", "stats")

    def __init__(self, connection: sqlite3.Connection, name: Name | None, size_bytes: int) -> None:
        """Read the meta row. Raises UnprovenError where it is missing or does not agree with the name."""
        self.connection = connection
        self.name = name
        self.size_bytes = size_bytes
        try:
            meta = connection.execute(
                "SELECT schema_version, epoch, seq, row_count, content_hash, stats FROM snapshot"
            ).fetchall()
        except sqlite3.DatabaseError as error:
            raise _proof_error(error) from error
        if len(meta) != 1 or meta[0][0] != rows.SCHEMA_VERSION:
            raise UnprovenError(f"not one meta row of schema version {rows.SCHEMA_VERSION}")
        _, epoch, self.seq, row_count, self.hash, stats = meta[0]
        self.bookmark = Bookmark(epoch, self.seq)
        self.bookmark_text = str(self.bookmark)
        try:
            self.stats = Stats.from_text(stats)
            int(self.hash, 16)
        except (ValueError, TypeError) as error:  # TypeError: not even text
            raise UnprovenError(f"its meta row cannot be read: {error}") from error
        if row_count != self.seq or (name is not None and name.bookmark != self.bookmark):
            raise UnprovenError(f"its meta row says {self.bookmark} with {row_count} rows")

    @classmethod
    def empty(cls) -> Snapshot:
        """Make what is served before anything was published: no rows, bookmark 0.0."""
        connection = connect(":memory:")
        create_schema(connection, NOTHING.epoch)
        return cls(connection, None, 0)

    def last_id(self) -> str | None:
        """Return the id of the last row; None where there is none. Raises UnprovenError, OSError."""
        try:
            return id_at(self.connection, self.seq)
        except sqlite3.DatabaseError as error:
            raise _proof_error(error) from error

    def close(self) -> None:
        """Give the file back."""
        self.connection.close()


def id_at(connection: sqlite3.Connection, seq: int) -> str | None:
    """Return the id of a row; None where there is none. Raises sqlite3.DatabaseError."""
    found = connection.execute(f"SELECT id FROM {rows.TABLE} WHERE seq = ?", (seq,)).fetchone()  # noqa: S608 - a constant
    return found[0] if found else None


def create_schema(connection: sqlite3.Connection, epoch: int) -> None:
    """Make the tables of an empty snapshot of this epoch; its indexes come when it is filled."""
    connection.executescript(rows.DDL + META_DDL)
    connection.execute(
        "INSERT INTO snapshot VALUES (?, 0, 0, ?, ?, ?)",
        (epoch, f"{0:032x}", rows.SCHEMA_VERSION, Stats().to_text()),
    )
    connection.commit()


def open_snapshot(path: str, name: Name, verify_max_bytes: int | None = None) -> Snapshot:
    """Prove a file and open it.

    Args:
        path: the file; its name may differ from `name` (a copy).
        verify_max_bytes: the digest is checked over files up to this size; None: over all, 0: over none (the caller
            has done it).

    Raises:
        UnprovenError: the file is not what its name says.
        OSError: the file cannot be read now.
    """
    size_bytes = proven_size(path, name, verify_max_bytes)
    try:
        connection = connect(f"{file_uri(path)}?mode=ro&immutable=1")
    except sqlite3.OperationalError as error:
        os.stat(path)  # deleted since it was proven: FileNotFoundError
        raise OSError(errno.EIO, f"it cannot be opened: {error}") from error
    try:
        return Snapshot(connection, name, size_bytes)
    except BaseException:
        connection.close()
        raise


def describe(path: str, name: Name) -> dict[str, object]:
    """Return what the API's list says of a snapshot; header and meta row are checked, its bytes are not read.

    Raises UnprovenError, OSError.
    """
    snapshot = open_snapshot(path, name, 0)
    snapshot.close()
    return {
        "bookmark": str(name.bookmark),
        "rows": name.bookmark.seq,
        "bytes": snapshot.size_bytes,
        "hash": snapshot.hash,
        "digest": name.digest,
        "published_at": utc_text(os.stat(path).st_mtime),
    }


def is_unreadable(error: Exception) -> bool:
    """Tell whether an error says that the file can't be read now (deleted elsewhere, I/O), not that it is wrong."""
    if isinstance(error, OSError):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def _proof_error(error: sqlite3.DatabaseError) -> Exception:
    """Return what a failed read of a file means for its proof."""
    if is_unreadable(error):
        return OSError(errno.EIO, f"it cannot be read: {error}")
    return UnprovenError(f"no snapshot in it: {error}")


def connect(uri: str) -> sqlite3.Connection:
    """Return a connection to a SQLite URI."""
    # One request at a time, but not always in the same thread: newer runtime clients poll from a thread of their own.
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def file_uri(path: str) -> str:
    """Return a path as a SQLite URI: what has a meaning there is escaped."""
    return "file:" + path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
