"""A prefix of a history in PostgreSQL as a reader's view: pages, one row, statistics.

Rows' JSON text comes as it is kept; the server puts a page's texts together. A page without a filter is a range of seq,
so its rows can be counted: one that is missing is noticed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handlers.domain.stats import Stats
from handlers.postgres.filter import indexed_sql, nearby_sql, order_of
from handlers.postgres.meter import DATABASE_METER
from handlers.postgres.tables import table_name
from handlers.reads.page import CHARACTER_BYTES, MOST_PAGE_BYTES, fitting, page_range, range_end, remaining_range
from handlers.reads.sqlite_filter import nearby_range
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

    from handlers.domain.bookmark import Bookmark
    from handlers.postgres.home import Home
    from handlers.reads.page import PageQuery
    from handlers.reads.reader import Page

    Texts = list[tuple[int, str, int]]  # seq, JSON text, and how many rows were found, of which not all need be here

STATISTICS_ROWS = 50_000  # that come at once, where statistics are added up
NUMBER = MODEL.statistics.sql_name if MODEL.statistics else "0"
RANGE = """
SELECT count(*), CASE WHEN sum(octet_length(json)) <= %s THEN string_agg(json, ',' ORDER BY seq {order}) END
FROM {table} WHERE seq BETWEEN %s AND %s
"""
TEXTS = "SELECT seq, json FROM {table} WHERE seq BETWEEN %s AND %s ORDER BY seq {order}"
# Of the rows found no more come than a page can hold, and one: the others' texts stay where they are.
SIZED = """
SELECT seq, json, found FROM (
    SELECT seq, json, count(*) OVER () AS found,
        sum(octet_length(json)) OVER (ORDER BY seq {order}) - octet_length(json) AS before
    FROM ({rows}) AS matching
) AS sized WHERE before <= %s ORDER BY seq {order}
"""
BY_ID = "SELECT json FROM {table} WHERE id = %s AND seq <= %s"
NUMBERS = "SELECT {number}, created_at FROM {table} WHERE seq BETWEEN %s AND %s"


class IncompleteHomeError(Exception):
    """Rows are missing that the home says it holds."""


class PostgresView:
    """Reads of a table of rows up to a bookmark.

    Args:
        connection: what it is read by.
        home: the prefix that the table holds.
        bookmark: the point that is read; that of the home, or an earlier one.

    Raises psycopg.Error, IncompleteHomeError.
    """

    scanned_rows: int | None = None  # PostgreSQL does not tell

    def __init__(self, connection: Connection[Any], home: Home, bookmark: Bookmark) -> None:
        self.bookmark = bookmark
        self.bookmark_text = str(bookmark)
        self._connection = connection
        self._home = home
        self._table = table_name(home.epoch)
        self._last = bookmark.seq

    def at(self, bookmark: Bookmark) -> PostgresView:
        """Return the view of an earlier point of the same history, or of this one."""
        return PostgresView(self._connection, self._home, bookmark)

    def page(self, query: PageQuery) -> Page:
        """Return a page's rows as JSON text, how many they are, and the seq of the last one if more follow."""
        if query.is_filtered:
            return self._filtered_page(query)
        first, last = page_range(query, self._last)
        if first > last:
            return "", 0, None
        most = MOST_PAGE_BYTES // CHARACTER_BYTES
        sql = RANGE.format(table=self._table, order=order_of(query))
        ((count, text),) = self._fetch(sql, (most, first, last))
        if count != last - first + 1:
            raise IncompleteHomeError(f"{count} of the rows {first} to {last} are in {self._table}")
        if text is None:  # too long to come at once
            rows = TEXTS.format(table=self._table, order=order_of(query))
            return _page(
                self._sized(query, (rows, [first, last])), query.limit, range_end(query, first, last, self._last)
            )
        DATABASE_METER.rows += count
        return text, count, range_end(query, first, last, self._last)

    def row(self, row_id: str) -> str | None:
        """Return one row as JSON text; None where no row has this id."""
        if not self._last or "\0" in row_id:  # PostgreSQL's texts cannot have it
            return None
        found = self._fetch(BY_ID.format(table=self._table), (row_id, self._last))
        DATABASE_METER.rows += len(found)
        return found[0][0] if found else None

    def stats_text(self) -> str:
        """Return the statistics as JSON text: the home has its own, those of an earlier point are added up."""
        stats = self._home.stats if self._last == self._home.seq else self._added_up()
        return json.dumps(stats.answer())

    def _added_up(self) -> Stats:
        stats = Stats()
        sql = NUMBERS.format(number=NUMBER, table=self._table)
        for first in range(1, self._last + 1, STATISTICS_ROWS):
            last = min(first + STATISTICS_ROWS - 1, self._last)
            found = self._fetch(sql, (first, last))
            DATABASE_METER.rows += len(found)
            if len(found) != last - first + 1:
                raise IncompleteHomeError(f"{len(found)} of the rows {first} to {last} are in {self._table}")
            numbers, times = zip(*found, strict=True)
            stats = stats.plus(list(numbers) if MODEL.statistics else [], list(times))
        return stats

    def _filtered_page(self, query: PageQuery) -> Page:
        if not self._last:
            return "", 0, None
        first, last = nearby_range(query, self._last)
        found = self._sized(query, nearby_sql(query, self._table, first, last))
        is_all = first <= 1 if query.newest_first else last >= self._last
        if _found(found) <= query.limit and not is_all:
            found = self._sized(query, indexed_sql(query, self._table, *remaining_range(query, self._last)))
        return _page(found, query.limit, None)

    def _sized(self, query: PageQuery, statement: tuple[str, list[Any]]) -> Texts:
        """Return the rows that a statement finds, as far as a page can hold them."""
        rows, arguments = statement
        found: Texts = self._fetch(SIZED.format(rows=rows, order=order_of(query)), [*arguments, MOST_PAGE_BYTES])
        DATABASE_METER.rows += len(found)
        return found

    def _fetch(self, sql: str, arguments: Sequence[object]) -> list[Any]:
        return self._connection.execute(sql.encode(), arguments).fetchall()


def _found(texts: Texts) -> int:
    return texts[0][2] if texts else 0


def _page(found: Texts, most: int, end: int | None) -> Page:
    """Return the first so many of the rows found, or as many as a page can hold; `end` where that is all of them."""
    texts = [text for _, text, _ in found]
    count = min(most, fitting(texts))
    return ",".join(texts[:count]), count, found[count - 1][0] if count < _found(found) else end
