"""The chain's segments as one table: each file attached, and a temporary view that puts their rows together.

SQLite pushes filters, order and limits through such a view, down to each segment's own indexes.
"""

from __future__ import annotations

import os

from handlers.domain.problem import Problem
from handlers.model.column import quoted
from handlers.rows import MODEL
from handlers.snapshots.segment import connect, file_uri

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.reads.sqlite_view import Link, SqliteView

MOST_SEGMENTS = 10  # that SQLite attaches, unless it is compiled otherwise
NAMES = ", ".join(quoted(name) for name in MODEL.names)
NO_ROWS = "SELECT " + ", ".join(f"NULL AS {quoted(name)}" for name in MODEL.names) + " WHERE 0"


class ChainView:
    """A connection of its own, on which the rows of a view are one table.

    Args:
        view: the rows.

    Attributes:
        connection: closed by who asked for it.
        schemas: the names of the attached segments; they can't be guessed, so that a statement reads the view alone.

    Raises:
        Problem: 422 where the chain has more segments than SQLite attaches.
        sqlite3.DatabaseError, OSError, UnprovenError: a file cannot be read (any more).
    """

    def __init__(self, view: SqliteView) -> None:
        if len(view.links) > MOST_SEGMENTS:
            raise Problem("too-expensive", _too_many(len(view.links), view.bookmark_text))
        secret = os.urandom(8).hex()
        self.schemas = [f"s{number}_{secret}" for number in range(len(view.links))]
        self.connection = connect(":memory:")
        try:
            self.connection.isolation_level = None
            self.connection.execute("PRAGMA temp_store = MEMORY")  # sorts write no files; later it would drop the view
            self._attach(view)
        except BaseException:
            self.connection.close()
            raise

    def _attach(self, view: SqliteView) -> None:
        parts: list[str] = []
        for schema, link in zip(self.schemas, reversed(view.links), strict=True):  # oldest first, as rows come
            self.connection.execute(f"ATTACH ? AS {schema}", (f"{file_uri(_path(link))}?mode=ro&immutable=1",))
            parts.append(f"SELECT {NAMES} FROM {schema}.{MODEL.sql_table}{_upto(link, view.bookmark.seq)}")  # noqa: S608 - ours
        self.connection.execute(f"CREATE TEMP VIEW {MODEL.sql_table} AS {' UNION ALL '.join(parts) or NO_ROWS}")


def _path(link: Link) -> str:
    """Return where the file of a segment is, as SQLite knows it."""
    ((_, _, path),) = link.opened().connection.execute("PRAGMA database_list").fetchall()
    return path


def _upto(link: Link, last: int) -> str:
    """Return the condition for the rows of a segment up to one. `likely` leaves the planner its other indexes."""
    return f" WHERE likely(seq <= {last})" if link.last > last else ""


def _too_many(count: int, bookmark: str) -> str:
    return (
        f"The snapshot {bookmark} is a chain of {count} segments, and one statement reads {MOST_SEGMENTS} at most; "
        "POST /snapshots puts small segments together"
    )
