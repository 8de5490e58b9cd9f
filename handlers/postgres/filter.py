"""The statements of a filtered page, as `handlers/reads/sqlite_filter.py` has them for SQLite.

Matching rows are looked for among the next rows first, then by way of an index, so that neither reads the whole table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handlers.model.column import quoted
from handlers.postgres.tables import PREFIX_BYTES, has_prefix, indexed, parameter
from handlers.rows import MODEL

if TYPE_CHECKING:
    from handlers.reads.page import PageQuery

    Parameters = list[Any]


def nearby_sql(query: PageQuery, table: str, first: int, last: int) -> tuple[str, Parameters]:
    """Return the statement for the page's rows of a range of seq, and one more, and its arguments.

    OFFSET 0 keeps the planner from the columns' indexes: the range is read first, by the primary key.
    """
    conditions, arguments = _conditions(query)
    nearby = f"SELECT * FROM {table} WHERE seq BETWEEN %s AND %s OFFSET 0"  # noqa: S608 - constants
    sql = f"SELECT seq, json FROM ({nearby}) nearby WHERE {conditions} ORDER BY seq {order_of(query)} LIMIT %s"  # noqa: S608 - constants
    return sql, [first, last, *arguments, query.limit + 1]


def indexed_sql(query: PageQuery, table: str, first: int, last: int) -> tuple[str, Parameters]:
    """Return the statement for the same rows by way of an index, and its arguments.

    `+seq` keeps the planner from walking the table in order, which it holds for cheap wherever it thinks that many rows
    match.
    """
    conditions, arguments = _conditions(query)
    range_ = "+seq BETWEEN %s AND %s"
    sql = f"SELECT seq, json FROM {table} WHERE {conditions} AND {range_} ORDER BY +seq {order_of(query)} LIMIT %s"  # noqa: S608 - constants
    return sql, [*arguments, first, last, query.limit + 1]


def order_of(query: PageQuery) -> str:
    """Return the page's order as SQL has it."""
    return "DESC" if query.newest_first else "ASC"


def _conditions(query: PageQuery) -> tuple[str, Parameters]:
    conditions: list[str] = []
    arguments: Parameters = []
    for name, operator, value in query.conditions:
        column = MODEL.filterable.get(name)  # created_at is none of the model's own
        held = value if column is None else parameter(column, value)
        if column is not None and has_prefix(column):  # what is equal, or not beyond a bound, begins so as well
            conditions.append(f"{indexed(column)} {operator} %s")
            arguments.append(held[:PREFIX_BYTES])
        conditions.append(f"{quoted(name)} {operator} %s")
        arguments.append(held)
    return " AND ".join(conditions), arguments
