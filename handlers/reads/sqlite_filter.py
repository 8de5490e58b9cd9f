"""The statements of a filtered page.

Matching rows are looked for among the next rows first: where many rows match, a page is full after a few of them. Where
few do, they come out of an index, and only those are put in order. So neither reads the whole table, whatever the
filter.
"""

from __future__ import annotations

from handlers.model.column import quoted
from handlers.reads.page import MOST_SCANNED_ROWS, NEARBY_ROWS, remaining_range
from handlers.rows import MODEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.reads.page import PageQuery

    Arguments = list[float | str | int]

TABLE = MODEL.sql_table
BOOLEANS = frozenset(name for name, column in MODEL.filterable.items() if column.kind == "boolean")


def nearby_range(query: PageQuery, newest: int) -> tuple[int, int]:
    """Return first and last seq of the rows that are looked at before an index is asked."""
    first, last = remaining_range(query, newest)
    span = min(NEARBY_ROWS * query.limit, MOST_SCANNED_ROWS)
    return (max(first, last - span + 1), last) if query.newest_first else (first, min(last, first + span - 1))


def nearby_sql(query: PageQuery, first: int, last: int, limit: int) -> tuple[str, Arguments]:
    """Return the statement for so many matching rows of a range of seq, and its arguments.

    The `+` keeps the planner from the columns' indexes.
    """
    conditions, arguments = _conditions(query, lambda _: True)
    sql = (
        f"SELECT seq, json FROM {TABLE} WHERE seq BETWEEN ? AND ? AND {conditions} ORDER BY seq {_order(query)} LIMIT ?"  # noqa: S608 - constants
    )
    return sql, [first, last, *arguments, limit]


def indexed_sql(query: PageQuery, first: int, last: int, limit: int) -> tuple[str, Arguments]:
    """Return the statement for so many matching rows of a range of seq, by way of an index, and its arguments.

    `+seq` keeps the planner from walking the table in order. Nor does it begin with a boolean, which half of all rows
    may have, where there is a condition of another type.
    """
    has_others = any(name not in BOOLEANS for name, _, _ in query.conditions)
    conditions, arguments = _conditions(query, lambda name: has_others and name in BOOLEANS)
    order = _order(query)
    matching = f"SELECT seq FROM {TABLE} WHERE {conditions} AND +seq BETWEEN ? AND ? ORDER BY +seq {order} LIMIT ?"  # noqa: S608 - constants
    sql = f"SELECT seq, json FROM {TABLE} WHERE seq IN ({matching}) ORDER BY seq {order}"  # noqa: S608 - constants
    return sql, [*arguments, first, last, limit]


def _conditions(query: PageQuery, is_kept: Callable[[str], bool]) -> tuple[str, Arguments]:
    """Return the conditions as SQL, and their arguments.

    Args:
        is_kept: tells whether the planner is kept from a column's index.
    """
    conditions = [
        f"{'+' if is_kept(name) else ''}{quoted(name)} {operator} ?" for name, operator, _ in query.conditions
    ]
    return " AND ".join(conditions), [value for _, _, value in query.conditions]


def _order(query: PageQuery) -> str:
    return "DESC" if query.newest_first else "ASC"
