"""Rows as a table of PostgreSQL has them, taken back from their texts and held against what is beside these."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handlers.feed.growth import NAMES, DivergedHomeError
from handlers.postgres.tables import table_name, values_of
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

    from handlers.model.column import Column
    from handlers.model.model import Row


def read_values(connection: Connection[Any], epoch: int, first: int, last: int) -> list[tuple[Any, ...]]:
    """Return what a table has of the rows first … last, by `SQL_COLUMNS`, in order. Raises psycopg.Error."""
    statement = f"SELECT {NAMES} FROM {table_name(epoch)} WHERE seq BETWEEN %s AND %s ORDER BY seq"  # noqa: S608 - constants
    return connection.execute(statement.encode(), (first, last)).fetchall()


def rows_of(values: Sequence[tuple[Any, ...]], first: int, last: int) -> list[Row]:
    """Return the rows first … last of a table, each proven: its text is that of the columns beside it.

    Args:
        values: what the table has of them, by `SQL_COLUMNS`, in order.

    Raises DivergedHomeError that names the first row that is missing, or is not what its text shows.
    """
    seqs = [value[0] for value in values]
    if seqs != list(range(first, last + 1)):
        missing = next(seq for seq, found in zip(range(first, last + 1), [*seqs, None], strict=False) if seq != found)
        raise DivergedHomeError(f"row {missing} is missing")
    return [_row_of(value) for value in values]


def _row_of(value: tuple[Any, ...]) -> Row:
    """Return the row that a text shows. Raises DivergedHomeError where it is not what is beside the text."""
    seq, row_id, *_, created_at, text = value
    try:
        shown = json.loads(text)
        row = MODEL.row_of(seq, row_id, tuple([_held(each, shown[each.name]) for each in MODEL.columns]), created_at)
        if values_of([row]) == [value]:
            return row
    except (ValueError, KeyError, TypeError, AttributeError):  # of texts that no row has
        pass
    raise DivergedHomeError(f"row {seq} ({row_id}) has a text that is not that of its columns: {text[:80]!r}")


def _held(column: Column, shown: Any) -> Any:  # noqa: ANN401 - a value of the column's type
    """Return the row's value of a shown one, whatever the column allows now: the row is older."""
    if shown is None or column.kind not in ("boolean", "json"):
        return shown
    return int(shown) if column.kind == "boolean" else json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
