"""An open chain of segments as a reader's view: pages, one row, statistics.

Rows come out as the JSON text that Python made when the segment was built (SQLite's own JSON functions print 15 digits
of a double, which is not enough), and SQLite joins them to one text, so that no work is done per row in Python.

A page without a filter is a range of seq, so its end is known by arithmetic. `sqlite_filter.py` has the others.

Segments are gone through in the page's order, and each is opened when it is first reached: the newest page touches one
small file.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/segment.py has it
import json

from handlers.domain.bookmark import Bookmark
from handlers.domain.stats import Stats
from handlers.reads.page import (
    CHARACTER_BYTES,
    MOST_PAGE_BYTES,
    fitting,
    page_range,
    range_end,
    remaining_range,
)
from handlers.rows import MODEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from handlers.reads.page import PageQuery
    from handlers.reads.reader import Page
    from handlers.reads.sqlite_filter import Arguments
    from handlers.snapshots.segment import Segment

    Texts = list[tuple[int, str]]
    Statement = Callable[["PageQuery", int, int, int], tuple[str, Arguments]]

TABLE = MODEL.sql_table
# SQLite keeps the order of a subquery whose outer query aggregates by group_concat (select.c leaves it out only under
# count, min and max), and the rows of a range of the primary key come in its order anyway.
RANGE = f"SELECT %s, group_concat(json) FROM (SELECT json FROM {TABLE} WHERE seq BETWEEN ? AND ? ORDER BY seq %s)"  # noqa: S608 - constants
# Rows are counted where some may be missing: that is 3 % of a page of 1,000. Keys: is_whole, newest_first.
RANGES = {
    (is_whole, newest_first): RANGE % ("NULL" if is_whole else "count(*)", "DESC" if newest_first else "ASC")
    for is_whole in (True, False)
    for newest_first in (True, False)
}
TEXTS = f"SELECT seq, json FROM {TABLE} WHERE seq BETWEEN ? AND ? ORDER BY seq"  # noqa: S608 - constants
NEWEST_FIRST = f"SELECT json FROM {TABLE} ORDER BY seq DESC"  # noqa: S608 - a constant
BY_ID = f"SELECT json FROM {TABLE} WHERE id = ? AND seq <= ?"  # noqa: S608 - constants
KEPT_BYTES = 128 * 1024  # of a segment's file: some 350 rows as shipped
NUMBERS = f"SELECT {MODEL.statistics.sql_name if MODEL.statistics else 0}, created_at FROM {TABLE} WHERE seq <= ?"  # noqa: S608 - constants


class Link:
    """One segment of an open chain: opened when a query first reaches it.

    Args:
        first, last: its rows, by seq.
        open_segment: opens it. Raises OSError, UnprovenError.
    """

    __slots__ = ("_kept", "_open", "first", "last", "segment")

    def __init__(self, first: int, last: int, open_segment: Callable[[], Segment]) -> None:
        self.first = first
        self.last = last
        self.segment: Segment | None = None
        self._kept: list[str] | None = None  # the rows' texts of a small segment, newest first
        self._open = open_segment

    def opened(self) -> Segment:
        """Return the segment, open."""
        if self.segment is None:
            self.segment = self._open()
        return self.segment

    def text(self, first: int, last: int, *, newest_first: bool) -> str:
        """Return the texts of a range of rows as one. Raises sqlite3.DatabaseError where a row is missing.

        Of a small segment, as each insert makes one, the texts stay in memory: that spares half of the newest page.
        """
        segment = self.opened()
        if segment.size_bytes > KEPT_BYTES:
            sql = RANGES[segment.is_whole, newest_first]
            count, text = segment.connection.execute(sql, (first, last)).fetchone()
            if count is not None:
                check_count(count, first, last)
            return text
        if self._kept is None:
            kept = [text for (text,) in segment.connection.execute(NEWEST_FIRST)]
            check_count(len(kept), self.first, self.last)
            self._kept = kept
        texts = self._kept[self.last - last : self.last - first + 1]
        return ",".join(texts if newest_first else texts[::-1])

    def close(self) -> None:
        """Give the file back."""
        if self.segment is not None:
            self.segment.close()
        self.segment = None


class SqliteView:
    """Reads of a chain up to a bookmark.

    Args:
        links: its segments, newest first; together they hold all rows up to the bookmark.

    Raises sqlite3.DatabaseError, OSError, UnprovenError where a file cannot be read (any more).
    """

    scanned_rows: int | None = None  # SQLite does not tell

    def __init__(self, links: Sequence[Link], bookmark: Bookmark) -> None:
        self.links = links
        self.bookmark = bookmark
        self.bookmark_text = str(bookmark)
        self._last = bookmark.seq
        self._stats_text: str | None = None

    def at(self, bookmark: Bookmark) -> SqliteView:
        """Return the view of an earlier point of the same history, or of this one."""
        if bookmark == self.bookmark:
            return self
        return SqliteView([link for link in self.links if link.first <= bookmark.seq], bookmark)

    def page(self, query: PageQuery) -> Page:
        """Return a page's rows as JSON text, how many they are, and the seq of the last one if more follow."""
        if query.is_filtered:
            return self._filtered_page(query)
        first, last = page_range(query, self._last)
        newest_first = query.newest_first
        texts = [
            link.text(max(first, link.first), min(last, link.last), newest_first=newest_first)
            for link in self._links(query, first, last)
        ]
        text = ",".join(texts)
        if len(text) > MOST_PAGE_BYTES // CHARACTER_BYTES:
            return self._long_page(query, first, last)
        return text, max(0, last - first + 1), range_end(query, first, last, self._last)

    def row(self, row_id: str) -> str | None:
        """Return one row as JSON text. Segments between whose ids it does not lie are not asked."""
        for link in self.links:
            segment = link.opened()
            if segment.least_id <= row_id <= segment.greatest_id:
                found = segment.connection.execute(BY_ID, (row_id, self._last)).fetchone()
                if found:
                    return found[0]
        return None

    def _stats(self) -> dict[str, object]:
        """Return the statistics of all rows: kept in the segments' meta rows, so nothing is scanned.

        Only of a segment that reaches beyond the bookmark the rows up to it are.
        """
        stats = Stats()
        for link in self.links:
            stats = stats.merge(_stats_upto(link, self._last))
        return stats.answer()

    def stats_text(self) -> str:
        """Return the statistics as JSON text; it is kept."""
        if self._stats_text is None:
            self._stats_text = json.dumps(self._stats())
        return self._stats_text

    def _links(self, query: PageQuery, first: int, last: int) -> Iterable[Link]:
        """Return the segments that hold a range of rows, in the page's order."""
        found = [link for link in self.links if link.first <= last and link.last >= first and first <= last]
        return found if query.newest_first else found[::-1]

    def _long_page(self, query: PageQuery, first: int, last: int) -> Page:
        """Return a page that ends before it grows too long."""
        found: Texts = []
        for link in self._links(query, first, last):
            arguments = max(first, link.first), min(last, link.last)
            texts: Texts = link.opened().connection.execute(TEXTS, arguments).fetchall()
            found += texts[::-1] if query.newest_first else texts
        return _page(found, fitting([text for _, text in found]), range_end(query, first, last, self._last))

    def _filtered_page(self, query: PageQuery) -> Page:
        from handlers.reads.sqlite_filter import indexed_sql, nearby_range, nearby_sql  # noqa: PLC0415 - most have none

        first, last = nearby_range(query, self._last)
        found = self._found(query, first, last, nearby_sql)
        is_all = first <= 1 if query.newest_first else last >= self._last
        if len(found) <= query.limit and not is_all:
            found = self._found(query, *remaining_range(query, self._last), indexed_sql)
        return _page(found, min(query.limit, fitting([text for _, text in found])), None)

    def _found(self, query: PageQuery, first: int, last: int, sql_of: Statement) -> Texts:
        """Return the matching rows of a range, and no more than one beyond the page."""
        found: Texts = []
        for link in self._links(query, first, last):
            wanted = query.limit + 1 - len(found)
            statement = sql_of(query, max(first, link.first), min(last, link.last), wanted)
            found += link.opened().connection.execute(*statement).fetchall()
            if len(found) > query.limit:
                break
        return found


def check_count(count: int, first: int, last: int) -> None:
    """Raise sqlite3.DatabaseError where so many are not all rows of a range: the file is damaged."""
    if count != last - first + 1:
        error = sqlite3.DatabaseError(f"{count} of the rows {first} to {last} are there")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _page(found: Texts, count: int, end: int | None) -> Page:
    """Return the first so many of the rows found; `end` where that is all of them."""
    texts = [text for _, text in found[:count]]
    return ",".join(texts), count, found[count - 1][0] if count < len(found) else end


def _stats_upto(link: Link, last: int) -> Stats:
    segment = link.opened()
    if segment.last <= last:
        return segment.stats
    numbers, times = zip(*segment.connection.execute(NUMBERS, (last,)), strict=True)
    return Stats().plus(list(numbers) if MODEL.statistics else [], list(times))
