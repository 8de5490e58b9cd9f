"""Building a segment: a new file on the sandbox's own disk, filled from the ledger and from segments that are there.

A segment is a pure function of a ledger range: nothing in it says when, where or in which epoch it was built. The file
is thrown away after any failure, so it is written without a journal and without waiting for the disk.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from handlers.domain.hashes import HASH_MODULUS, content_hash, hash_text
from handlers.domain.stats import Stats
from handlers.model.model import times_of
from handlers.rows import MODEL
from handlers.snapshots.segment import META_DDL, REPLACED_DDL, Segment, connect, file_uri

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from handlers.model.model import Model, Row

TAKE = "INSERT INTO main.{0} SELECT * FROM source.{0} ORDER BY seq"
IN_MEMORY = ":memory:"
FAST = ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-65536")


class SegmentBuilder:
    """A segment that grows until `finish`. Close it; that leaves the file.

    Args:
        path: of a file that is not there yet, or `IN_MEMORY`.
        first: the seq of its first row.
        model: the columns that its rows have.

    Attributes:
        next: the seq of the row that comes next.
        hash: the content hash of its rows.
        replaced_hash: that of the same rows with the columns that the model replaces, where those are others.
        stats: their statistics.

    Raises sqlite3.Error, here and in all methods, where the disk is full or fails.
    """

    def __init__(self, path: str, first: int, model: Model = MODEL) -> None:
        self.path = path
        self.first = self.next = first
        self.hash = self.replaced_hash = 0
        self._model = model
        self.stats = Stats()
        self.connection = connect(path if path == IN_MEMORY else f"{file_uri(path)}?mode=rwc")
        self.connection.isolation_level = None
        for pragma in FAST:
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.executescript(model.ddl + META_DDL + (REPLACED_DDL if model.counterpart else ""))

    def add(self, batch: Sequence[Row]) -> None:
        """Append the rows that come next. Raises ValueError where they do not."""
        seqs = [row[0] for row in batch]
        if seqs != list(range(self.next, self.next + len(batch))):
            raise ValueError(f"these rows do not begin at {self.next}")
        texts = self._model.json_texts(batch)
        places = ", ".join("?" * (len(self._model.names) + 1))
        insert = f"INSERT INTO main.{self._model.sql_table} VALUES ({places})"  # noqa: S608 - constants
        with self._transaction():
            self.connection.executemany(insert, [(*row, text) for row, text in zip(batch, texts, strict=True)])
        self.next += len(batch)
        self.hash = content_hash(self.hash, seqs, texts)
        if (before := self._model.counterpart) and self.replaced_hash >= 0:
            texts = self._model.texts_in(before.rows_version, batch)
            self.replaced_hash = content_hash(self.replaced_hash, seqs, texts)
        self.stats = self.stats.plus(self._model.numbers_of(batch), times_of(batch))

    def take(self, path: str, segment: Segment) -> None:
        """Append all rows of a proven segment. Raises ValueError where they are not what comes next.

        Args:
            path: the file that holds it.
            segment: what its meta row says.
        """
        if segment.first != self.next:
            raise ValueError(f"the rows {segment.first} to {segment.last} do not begin at {self.next}")
        self.connection.execute("ATTACH ? AS source", (f"{file_uri(path)}?mode=ro&immutable=1",))
        with self._transaction():
            taken = self.connection.execute(TAKE.format(self._model.sql_table)).rowcount
        self.connection.execute("DETACH source")
        if taken != segment.last - segment.first + 1:
            raise ValueError(f"{taken} rows are not {segment.first} to {segment.last}")
        self.next = segment.last + 1
        self.hash = (self.hash + segment.hash) % HASH_MODULUS
        is_known = self.replaced_hash >= 0 and segment.replaced_hash >= 0
        self.replaced_hash = (self.replaced_hash + segment.replaced_hash) % HASH_MODULUS if is_known else -1
        self.stats = self.stats.merge(segment.stats)

    def finish(self) -> Segment:
        """Make the indexes (half the work once all rows are in) and the meta row. Returns the segment, open."""
        model, last = self._model, self.next - 1
        self.connection.executescript(model.indexes)
        least, greatest = self.connection.execute(f"SELECT min(id), max(id) FROM {model.sql_table}").fetchone()  # noqa: S608 - a constant
        meta = [self.first, last, last - self.first + 1, hash_text(self.hash), model.schema_version]
        meta += [self.stats.to_text(), least or "", greatest or ""]
        meta += [hash_text(self.replaced_hash)] if model.counterpart else []
        self.connection.execute(f"INSERT INTO segment VALUES ({', '.join('?' * len(meta))})", meta)  # noqa: S608 - constants
        return Segment(self.connection, model=model)

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self.connection.execute("BEGIN")
        yield
        self.connection.execute("COMMIT")
