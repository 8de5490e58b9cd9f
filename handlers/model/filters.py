"""The filters: which parameters ask for rows by their columns, and what each lets through."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from handlers.model.column import Column

    Filter = tuple[Column, str]  # and how its values are compared
    Condition = tuple[str, str, Any]  # a column's name, how it is compared, and with what

BOUNDS = {"=": "", ">=": "min_", "<=": "max_"}
ORDERED = ("number", "integer", "timestamp")
STATISTICS = "value"  # the statistics' column by another name, whatever its own is


def filters_of(columns: Sequence[Column]) -> dict[str, Filter]:
    """Return each parameter's filter: `<column>`, `min_<column>`, `max_<column>`, and `min_value` and `max_value`."""
    filters: dict[str, Filter] = {}
    for column in columns:
        if column.is_filterable:
            filters |= {BOUNDS[operator] + column.name: (column, operator) for operator in column.operators}
    names = {BOUNDS[operator] + STATISTICS for operator in BOUNDS}
    for column in columns:
        if column.is_statistics and names.isdisjoint(other.name for other in columns):
            aliases = {BOUNDS[operator] + STATISTICS: (column, operator) for operator in (">=", "<=")}
            filters = aliases | filters
    return filters


def range_of(columns: Sequence[Column]) -> tuple[str, str, str]:
    """Return a column that every row has a place in the order of, and the parameters that ask for a range of it.

    That is the statistics' column, else the first that is ordered and filterable, else the time of appending.
    """
    ordered = [
        column for column in columns if column.is_filterable and column.kind in ORDERED and not column.is_nullable
    ]
    for column in sorted(ordered, key=lambda column: not column.is_statistics):
        return column.name, BOUNDS[">="] + column.name, BOUNDS["<="] + column.name
    return "created_at", "from", "to"
