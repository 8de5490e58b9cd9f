"""An open snapshot as a reader's view: pages, one row, statistics.

Rows come out as the JSON text that Python made when the snapshot was built; SQLite's own JSON functions print 15 digits
of a double, which is not enough. Without a filter a page is a range of seq, so its end is known by arithmetic. With
one, the matching sequence numbers come out of an index first: `+seq` keeps the planner from walking the whole table
in order instead.
"""

from __future__ import annotations

from handlers.rows import TABLE, VALUE

TYPE_CHECKING = False  # the typing module would cost 1.3 ms of a cold start
if TYPE_CHECKING:
    from handlers.bookmark import Bookmark
    from handlers.parameters import PageQuery
    from handlers.snapshot import Snapshot

RANGE_NEWEST_FIRST = f"SELECT json FROM {TABLE} WHERE seq BETWEEN ? AND ? ORDER BY seq DESC"  # noqa: S608 - constants
RANGE_OLDEST_FIRST = f"SELECT json FROM {TABLE} WHERE seq BETWEEN ? AND ? ORDER BY seq"  # noqa: S608 - constants
BY_ID = f"SELECT json FROM {TABLE} WHERE id = ?"  # noqa: S608 - constants


class SqliteView:
    """Reads of one snapshot. Raises sqlite3.DatabaseError where the file cannot be read (any more)."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._connection = snapshot.connection
        self._stats = snapshot.stats
        self.bookmark: Bookmark = snapshot.bookmark

    def page(self, query: PageQuery) -> tuple[list[str], int | None]:
        """A page's rows as JSON texts, and the seq of its last row if more follow."""
        if query.is_filtered:
            return self._filtered_page(query)
        first, last = page_range(query, self.bookmark.seq)
        sql = RANGE_NEWEST_FIRST if query.newest_first else RANGE_OLDEST_FIRST
        texts = [text for (text,) in self._connection.execute(sql, (first, last))]
        return texts, range_end(query, first, last, self.bookmark.seq)

    def row(self, row_id: str) -> str | None:
        """One row as JSON text."""
        found = self._connection.execute(BY_ID, (row_id,)).fetchone()
        return found[0] if found else None

    def stats(self) -> dict[str, object]:
        """The statistics of all rows: kept in the meta row, so nothing is scanned."""
        return self._stats.answer()

    def _filtered_page(self, query: PageQuery) -> tuple[list[str], int | None]:
        sql, arguments = filtered_sql(query)
        found: list[tuple[int, str]] = self._connection.execute(sql, arguments).fetchall()
        texts = [text for _, text in found[: query.limit]]
        return texts, found[query.limit - 1][0] if len(found) > query.limit else None


def page_range(query: PageQuery, newest: int) -> tuple[int, int]:
    """First and last seq of a page without a filter, of a prefix that ends at `newest`; empty if first > last."""
    if query.newest_first:
        last = newest if query.after is None else query.after - 1
        return max(1, last - query.limit + 1), last
    first = 1 if query.after is None else query.after + 1
    return first, min(newest, first + query.limit - 1)


def range_end(query: PageQuery, first: int, last: int, newest: int) -> int | None:
    """The seq of the last row of such a page, if more rows follow it."""
    if query.newest_first:
        return first if first > 1 and first <= last else None
    return last if last < newest else None


def filtered_sql(query: PageQuery) -> tuple[str, list[float | str | int]]:
    """The statement for a page with a filter, and its arguments; it asks for one row more than the page holds."""
    conditions: list[str] = []
    arguments: list[float | str | int] = []
    order = "DESC" if query.newest_first else "ASC"
    for condition, argument in (
        (f"{VALUE} >= ?", query.minimum),
        (f"{VALUE} <= ?", query.maximum),
        ("created_at >= ?", query.created_from),
        ("created_at < ?", query.created_before),
        ("+seq < ?" if query.newest_first else "+seq > ?", query.after),
    ):
        if argument is not None:
            conditions.append(condition)
            arguments.append(argument)
    matching = f"SELECT seq FROM {TABLE} WHERE {' AND '.join(conditions)} ORDER BY +seq {order} LIMIT ?"  # noqa: S608 - constants
    sql = f"SELECT seq, json FROM {TABLE} WHERE seq IN ({matching}) ORDER BY seq {order}"  # noqa: S608 - constants
    return sql, [*arguments, query.limit + 1]
