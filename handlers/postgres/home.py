"""The meta row: which prefix of which history a table of rows holds, and the hash by which it proves itself.

It is changed in the transaction that adds the rows, so whoever reads it knows what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import hash_text
from handlers.domain.stats import Stats
from handlers.rows import MODEL

if TYPE_CHECKING:
    from psycopg import Connection

COLUMNS = "epoch, seq, hash, counterpart_hash, stats, is_live"
OF_MODEL = f"SELECT {COLUMNS} FROM home WHERE schema_version = %s"  # noqa: S608 - constants
LIVE = f"{OF_MODEL} AND is_live"
ALL = f"{OF_MODEL} ORDER BY epoch"
ALL_LOCKED = f"{ALL} FOR UPDATE"  # in the same order for everybody, so that nobody waits in a circle
LOCKED = f"{OF_MODEL} AND epoch = %s FOR UPDATE"
SAVE = """
INSERT INTO home (schema_version, epoch, seq, hash, counterpart_hash, stats, is_live)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (schema_version, epoch) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
    counterpart_hash = excluded.counterpart_hash, stats = excluded.stats, is_live = excluded.is_live, changed_at = now()
"""


@dataclass(frozen=True)
class Home:
    """The prefix that a table of rows holds.

    Attributes:
        epoch, seq: rows 1 to seq of that history.
        hash: the content hash of its rows in the columns that are declared now.
        counterpart_hash: the same in those that they replace, where they differ; else None.
        stats: their statistics.
        is_live: readers read it.
    """

    epoch: int
    seq: int
    hash: int
    counterpart_hash: int | None
    stats: Stats
    is_live: bool

    @classmethod
    def new(cls, epoch: int, *, is_live: bool) -> Home:
        """Return a home without rows."""
        return cls(epoch, 0, 0, 0 if MODEL.counterpart else None, Stats(), is_live)

    @property
    def bookmark(self) -> Bookmark:
        """Return the prefix that it holds."""
        return Bookmark(self.epoch, self.seq)

    def hash_in(self, rows_version: int) -> int:
        """Return the content hash in the columns of a version: ours, or those that they replace."""
        if rows_version == MODEL.rows_version or self.counterpart_hash is None:
            return self.hash
        return self.counterpart_hash


def live_home(connection: Connection[Any]) -> Home | None:
    """Return the home that readers read; None before one was fed. Raises psycopg.Error."""
    return _home(connection.execute(LIVE, (MODEL.schema_version,)).fetchone())


def locked_home(connection: Connection[Any], epoch: int) -> Home | None:
    """Return the home of a history, for this transaction alone to change; None: there is none. Raises psycopg.Error."""
    return _home(connection.execute(LOCKED, (MODEL.schema_version, epoch)).fetchone())


def all_homes(connection: Connection[Any], *, locks: bool = False) -> list[Home]:
    """Return all homes of the data model; with `locks`, for this transaction alone to change. Raises psycopg.Error."""
    rows = connection.execute(ALL_LOCKED if locks else ALL, (MODEL.schema_version,)).fetchall()
    return [home for row in rows if (home := _home(row))]


def save_home(connection: Connection[Any], home: Home) -> None:
    """Save it in the transaction that is open. Raises psycopg.Error."""
    counterpart = None if home.counterpart_hash is None else hash_text(home.counterpart_hash)
    values = (home.epoch, home.seq, hash_text(home.hash), counterpart, home.stats.to_text(), home.is_live)
    connection.execute(SAVE, (MODEL.schema_version, *values))


def _home(row: tuple[Any, ...] | None) -> Home | None:
    if row is None:
        return None
    epoch, seq, digits, counterpart, stats, is_live = row
    counterpart_hash = None if counterpart is None else int(counterpart, 16)
    return Home(epoch, seq, int(digits, 16), counterpart_hash, Stats.from_text(stats), is_live)
