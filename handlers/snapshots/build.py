"""Building a snapshot: a working file on the sandbox's own disk, to which ledger rows are applied.

The working file stays warm between publishes, so that a publish costs the new rows and the copying of the file. It is
never a published file: that is a copy of it. Applying is one transaction a batch; the file holds a whole prefix at any
time, and once it is finished the indexes too.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from handlers import rows
from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import content_hash, hash_text
from handlers.snapshots.files import remove
from handlers.snapshots.snapshot import Snapshot, connect, create_schema, file_uri, id_at

if TYPE_CHECKING:
    from handlers.rows import Row

INSERT = f"INSERT INTO {rows.TABLE} VALUES ({', '.join('?' * (len(rows.COLUMNS) + 1))})"  # noqa: S608 - constants
UPDATE_META = "UPDATE snapshot SET seq = ?, row_count = ?, content_hash = ?, stats = ?"


class WorkingFile:
    """A snapshot that grows. `bookmark` says how far it is, `hash` and `stats` are those of its rows."""

    def __init__(self, path: str) -> None:
        """Open a file that holds a snapshot; see `create`. Raises UnprovenError, sqlite3.Error, OSError."""
        self.path = path
        self._connection = connect(f"{file_uri(path)}?mode=rw")
        try:
            _hurry(self._connection)
            held = Snapshot(self._connection, None, 0)
        except BaseException:
            self.close()
            raise
        self.bookmark = held.bookmark
        self.hash = int(held.hash, 16)
        self.stats = held.stats

    @classmethod
    def create(cls, path: str, epoch: int) -> WorkingFile:
        """Make a new file with no rows of this epoch."""
        remove(path)
        connection = connect(f"{file_uri(path)}?mode=rwc")
        try:
            _hurry(connection)
            create_schema(connection, epoch)
        finally:
            connection.close()
        return cls(path)

    def apply(self, batch: list[Row]) -> None:
        """Append the rows that follow the bookmark, whole or not at all.

        Raises ValueError where they do not follow it; sqlite3.Error (a full disk) leaves the file as it was.
        """
        seqs = [row[0] for row in batch]
        before = self.bookmark.seq
        if seqs != list(range(before + 1, before + len(batch) + 1)):
            raise ValueError(f"these rows do not follow {self.bookmark}")
        texts = [rows.json_text(row) for row in batch]
        bookmark = Bookmark(self.bookmark.epoch, before + len(batch))
        total = content_hash(self.hash, seqs, texts)
        stats = self.stats.plus([rows.value_of(row) for row in batch], [rows.created_at_of(row) for row in batch])
        meta = (bookmark.seq, bookmark.seq, hash_text(total), stats.to_text())
        self._write([(*row, text) for row, text in zip(batch, texts, strict=True)], meta)
        self.bookmark, self.hash, self.stats = bookmark, total, stats

    def finish(self) -> None:
        """Make the indexes that a new file does not have yet; rows that come later keep them up.

        Raises sqlite3.Error: a full disk, or two rows with one id.
        """
        self._connection.executescript(rows.INDEXES)

    def last_id(self) -> str | None:
        """Return the id of the last row; None where there is none. Raises sqlite3.Error."""
        return id_at(self._connection, self.bookmark.seq)

    def close(self) -> None:
        """Close and delete the file."""
        self._connection.close()
        remove(self.path)

    def _write(self, records: list[tuple[float | str, ...]], meta: tuple[int | str, ...]) -> None:
        self._connection.execute("BEGIN")
        try:
            self._connection.executemany(INSERT, records)
            self._connection.execute(UPDATE_META, meta)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:  # some errors have rolled back already
                self._connection.execute("ROLLBACK")
            raise


def _hurry(connection: sqlite3.Connection) -> None:
    """Make writes fast: nothing has to survive a crash, the file is ours alone and is thrown away after any failure."""
    connection.isolation_level = None
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
