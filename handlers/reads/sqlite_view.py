"""An open snapshot as a reader's view: pages, one row, statistics.

Rows come out as the JSON text that Python made when the snapshot was built (SQLite's own JSON functions print 15 digits
of a double, which is not enough), and SQLite joins them to one text, so that no work is done per row in Python.

A page without a filter is a range of seq, so its end is known by arithmetic. One with a filter is looked for among the
next rows first: where many rows match, it is full after a few of them. Where few do, they come out of an index, and
only those are put in order. So neither reads the whole table, whatever the filter.
"""

from __future__ import annotations

from handlers.reads.page import MOST_SCANNED_ROWS, NEARBY_ROWS, page_range, range_end, remaining_range
from handlers.rows import TABLE, VALUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.domain.bookmark import Bookmark
    from handlers.reads.page import PageQuery
    from handlers.reads.reader import Page
    from handlers.snapshots.snapshot import Snapshot

    Arguments = list[float | str | int]

# SQLite keeps the order of a subquery whose outer query aggregates by group_concat (select.c leaves it out only under
# count, min and max), and the rows of a range of the primary key come in its order anyway.
RANGE = f"SELECT count(*), group_concat(json) FROM (SELECT json FROM {TABLE} WHERE seq BETWEEN ? AND ? ORDER BY seq %s)"  # noqa: S608 - constants
RANGE_NEWEST_FIRST, RANGE_OLDEST_FIRST = RANGE % "DESC", RANGE % "ASC"
BY_ID = f"SELECT json FROM {TABLE} WHERE id = ?"  # noqa: S608 - constants


class SqliteView:
    """Reads of one snapshot. Raises sqlite3.DatabaseError where the file cannot be read (any more)."""

    scanned_rows: int | None = None  # SQLite does not tell

    def __init__(self, snapshot: Snapshot) -> None:
        self._connection = snapshot.connection
        self._stats = snapshot.stats
        self._seq = snapshot.seq
        self.bookmark: Bookmark = snapshot.bookmark
        self.bookmark_text = snapshot.bookmark_text

    def page(self, query: PageQuery) -> Page:
        """Return a page's rows as JSON text, how many they are, and the seq of the last one if more follow."""
        if query.is_filtered:
            return self._filtered_page(query)
        first, last = page_range(query, self._seq)
        sql = RANGE_NEWEST_FIRST if query.newest_first else RANGE_OLDEST_FIRST
        count, text = self._connection.execute(sql, (first, last)).fetchone()
        return text or "", count, range_end(query, first, last, self._seq)

    def row(self, row_id: str) -> str | None:
        """Return one row as JSON text."""
        found = self._connection.execute(BY_ID, (row_id,)).fetchone()
        return found[0] if found else None

    def stats(self) -> dict[str, object]:
        """Return the statistics of all rows: kept in the meta row, so nothing is scanned."""
        return self._stats.answer()

    def _filtered_page(self, query: PageQuery) -> Page:
        first, last = nearby_range(query, self._seq)
        found = self._found(nearby_sql(query, first, last))
        is_all = first <= 1 if query.newest_first else last >= self._seq
        if len(found) <= query.limit and not is_all:
            found = self._found(indexed_sql(query))
        texts = [text for _, text in found[: query.limit]]
        return ",".join(texts), len(texts), found[query.limit - 1][0] if len(found) > query.limit else None

    def _found(self, statement: tuple[str, Arguments]) -> list[tuple[int, str]]:
        return self._connection.execute(*statement).fetchall()


def nearby_range(query: PageQuery, newest: int) -> tuple[int, int]:
    """Return first and last seq of the rows that are looked at before an index is asked."""
    first, last = remaining_range(query, newest)
    span = min(NEARBY_ROWS * query.limit, MOST_SCANNED_ROWS)
    return (last - span + 1, last) if query.newest_first else (first, first + span - 1)


def nearby_sql(query: PageQuery, first: int, last: int) -> tuple[str, Arguments]:
    """Return the statement for matching rows of a range of seq, and its arguments; one row more than the page holds.

    The `+` keeps the planner from the columns' indexes.
    """
    conditions, arguments = _conditions(query, "+")
    sql = (
        f"SELECT seq, json FROM {TABLE} WHERE seq BETWEEN ? AND ? AND {conditions} ORDER BY seq {_order(query)} LIMIT ?"  # noqa: S608 - constants
    )
    return sql, [first, last, *arguments, query.limit + 1]


def indexed_sql(query: PageQuery) -> tuple[str, Arguments]:
    """Return the statement for matching rows of the whole table, and its arguments; one row more than the page holds.

    `+seq` keeps the planner from walking the table in order.
    """
    conditions, arguments = _conditions(query, "")
    if query.after is not None:
        conditions += " AND +seq < ?" if query.newest_first else " AND +seq > ?"
        arguments.append(query.after)
    order = _order(query)
    matching = f"SELECT seq FROM {TABLE} WHERE {conditions} ORDER BY +seq {order} LIMIT ?"  # noqa: S608 - constants
    sql = f"SELECT seq, json FROM {TABLE} WHERE seq IN ({matching}) ORDER BY seq {order}"  # noqa: S608 - constants
    return sql, [*arguments, query.limit + 1]


def _conditions(query: PageQuery, prefix: str) -> tuple[str, Arguments]:
    conditions: list[str] = []
    arguments: Arguments = []
    for condition, argument in (
        (f"{VALUE} >= ?", query.minimum),
        (f"{VALUE} <= ?", query.maximum),
        ("created_at >= ?", query.created_from),
        ("created_at < ?", query.created_before),
    ):
        if argument is not None:
            conditions.append(prefix + condition)
            arguments.append(argument)
    return " AND ".join(conditions), arguments


def _order(query: PageQuery) -> str:
    return "DESC" if query.newest_first else "ASC"
