"""Rows as a table of PostgreSQL has them, taken back from their texts and held against what is beside these."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handlers.feed.growth import NAMES, DivergedHomeError
from handlers.postgres.tables import table_name, values_of
from handlers.rows import MODEL

if TYPE_CHECKING:
    from psycopg import Connection

    from handlers.model.column import Column
    from handlers.model.model import Row

    Value = tuple[Any, ...]

WRONG = (ValueError, KeyError, TypeError, AttributeError)  # of texts that no row has


def read_values(connection: Connection[Any], epoch: int, first: int, last: int) -> list[Value]:
    """Return what a table has of the rows first … last, by `SQL_COLUMNS`, in order. Raises psycopg.Error."""
    statement = f"SELECT {NAMES} FROM {table_name(epoch)} WHERE seq BETWEEN %s AND %s ORDER BY seq"  # noqa: S608 - constants
    return connection.execute(statement.encode(), (first, last)).fetchall()


def rows_of(values: list[Value], first: int, last: int) -> list[Row]:
    """Return the rows first … last of a table, each proven: its text is that of the columns beside it.

    Args:
        values: what the table has of them, by `SQL_COLUMNS`, in order.

    Raises DivergedHomeError that names the first row that is missing, or is not what its text shows.
    """
    seqs = [value[0] for value in values]
    if seqs != list(range(first, last + 1)):
        missing = next(seq for seq, found in zip(range(first, last + 1), [*seqs, None], strict=False) if seq != found)
        raise DivergedHomeError(f"row {missing} is missing")
    try:
        rows = list(map(_row_of, values))
        if values_of(rows) == values:
            return rows
    except WRONG:
        pass
    wrong = next(value for value in values if not _is_sound(value))
    raise DivergedHomeError(
        f"row {wrong[0]} ({wrong[1]}) has a text that is not that of its columns: {wrong[-1][:80]!r}"
    )


def _is_sound(value: Value) -> bool:
    try:
        return values_of([_row_of(value)]) == [value]
    except WRONG:
        return False


def _row_of(value: Value) -> Row:
    """Return the row that a text shows. Raises one of `WRONG` where it shows none."""
    seq, row_id, *_, created_at, text = value
    shown = json.loads(text)
    return MODEL.row_of(seq, row_id, tuple([_held(each, shown[each.name]) for each in MODEL.columns]), created_at)


def _held(column: Column, shown: Any) -> Any:  # noqa: ANN401 - a value of the column's type
    """Return the row's value of a shown one, whatever the column allows now: the row is older."""
    if shown is None or column.kind not in ("boolean", "json"):
        return shown
    return int(shown) if column.kind == "boolean" else json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
