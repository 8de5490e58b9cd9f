"""A segment: an immutable SQLite file with exactly the rows first … last of one history. How one is proven and opened.

Nothing is served that did not prove itself: the digest in its name over its bytes, SQLite's header, the schema version,
and a meta row that agrees with the name. Files are opened `mode=ro&immutable=1`: SQLite then takes no lock, which over
NFS is the difference between 9 round trips a query and none. `mmap` is never used, since a file deleted on another
machine would kill the process with SIGBUS.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # sqlite3's own; the package around it loads datetime: 1.3 ms of every cold start
import errno
import os

from handlers.domain.stats import Stats
from handlers.rows import MODEL
from handlers.snapshots.files import UnprovenError, proven_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.model.model import Model
    from handlers.snapshots.names import Name

OLDEST_SQLITE = (3, 40, 0)

META_DDL = """
CREATE TABLE segment (
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  stats TEXT NOT NULL,
  least_id TEXT NOT NULL,
  greatest_id TEXT NOT NULL
) STRICT;
"""
# The hash by which the ledger's head stands for the rows as long as it does so by the columns that ours replace.
REPLACED_DDL = "ALTER TABLE segment ADD COLUMN replaced_hash TEXT NOT NULL DEFAULT ''"
META = "SELECT schema_version, first, last, row_count, content_hash, stats, least_id, greatest_id FROM segment"
IS_REPLACED = "SELECT count(*) FROM pragma_table_info('segment') WHERE name = 'replaced_hash'"

if tuple(int(part) for part in sqlite3.sqlite_version.split(".")) < OLDEST_SQLITE:
    raise RuntimeError(f"SQLite {sqlite3.sqlite_version} is too old, 3.40 or newer is needed")


class Segment:
    """An open segment: its meta row and its connection.

    Attributes:
        first, last: its rows, by seq; 1 and 0 where it has none.
        model: the columns that its rows have.
        hash: the content hash of its rows.
        replaced_hash: that of the same rows with the columns that `model` replaces; -1 where nobody has worked it out.
        stats: their statistics.
        least_id, greatest_id: between which all their ids lie.
        size_bytes: of the file; 0 of one in memory.
        is_whole: whether its bytes are proven, and nobody else can have changed them since: then no row is missing.
    """

    __slots__ = (
        *("connection", "first", "greatest_id", "hash", "is_whole", "last", "least_id", "model", "replaced_hash"),
        *("size_bytes", "stats"),
    )

    def __init__(
        self, connection: sqlite3.Connection, name: Name | None = None, size_bytes: int = 0, model: Model = MODEL
    ) -> None:
        """Read the meta row. Raises UnprovenError where it is missing or does not agree with the name."""
        self.connection = connection
        self.model = model if name is None else MODEL.of_schema(name.schema)
        self.size_bytes = size_bytes
        self.is_whole = False
        try:
            meta = connection.execute(META).fetchall()
            replaced_hash = _replaced_hash(connection) if self.model.counterpart else "-1"
        except sqlite3.DatabaseError as error:
            raise proof_error(error) from error
        if len(meta) != 1 or meta[0][0] != self.model.schema_version:
            raise UnprovenError(f"not one meta row of schema version {self.model.schema_version}")
        _, self.first, self.last, row_count, content_hash, stats, self.least_id, self.greatest_id = meta[0]
        try:
            self.stats = Stats.from_text(stats)
            self.hash = int(content_hash, 16)
            self.replaced_hash = int(replaced_hash, 16)
        except (ValueError, TypeError) as error:  # TypeError: not even text
            raise UnprovenError(f"its meta row cannot be read: {error}") from error
        is_named = name is None or (name.first, name.last) == (self.first, self.last)
        if not is_named or row_count != self.last - self.first + 1:
            raise UnprovenError(f"its meta row says {row_count} rows, {self.first} to {self.last}")

    def hash_in(self, rows_version: int) -> int:
        """Return the content hash of the rows with the columns of a version: `model`'s, or those that it replaces."""
        return self.hash if rows_version == self.model.rows_version else self.replaced_hash

    def close(self) -> None:
        """Give the file back."""
        self.connection.close()


def _replaced_hash(connection: sqlite3.Connection) -> str:
    """Return what the meta row says of it; "-1" where the file was made when nothing was replaced."""
    has_one = connection.execute(IS_REPLACED).fetchone()[0]
    found = connection.execute("SELECT replaced_hash FROM segment").fetchone() if has_one else None
    return found[0] if found else "-1"


def open_segment(path: str, name: Name, verify_max_bytes: int | None = None) -> Segment:
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
        return Segment(connection, name, size_bytes)
    except BaseException:
        connection.close()
        raise


def is_unreadable(error: Exception) -> bool:
    """Tell whether an error says that the file can't be read now (deleted elsewhere, I/O), not that it is wrong."""
    if isinstance(error, OSError):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL)  # FULL: a sort's own disk


def proof_error(error: sqlite3.DatabaseError) -> Exception:
    """Return what a failed read of a file means for its proof."""
    if is_unreadable(error):
        return OSError(errno.EIO, f"it cannot be read: {error}")
    return UnprovenError(f"no segment in it: {error}")


def connect(uri: str) -> sqlite3.Connection:
    """Return a connection to a SQLite URI."""
    # One request at a time, but not always in the same thread: newer runtime clients poll from a thread of their own.
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def file_uri(path: str) -> str:
    """Return a path as a SQLite URI: what has a meaning there is escaped."""
    return "file:" + path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
