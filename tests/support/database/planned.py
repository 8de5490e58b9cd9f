"""Plans of tables and their rows, as the move from SQLite makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from console.migration.kinds import Kind
from console.migration.plan import PlannedColumn, PlannedTable

Rows = Sequence[tuple[Any, ...]]


def column(name: str, kind: Kind = "text", *, is_nullable: bool = True, default: str | None = None) -> PlannedColumn:
    return PlannedColumn(name, name, kind, is_nullable, default)


def table(
    name: str, rows: Rows, *columns: PlannedColumn, key: tuple[str, ...] = ("id",), **others: Any
) -> PlannedTable:
    """A table with a column `id` that counts, before the others, unless it has another key."""
    own = (column("id", "bigint", is_nullable=False), *columns) if key == ("id",) else columns
    given: dict[str, Any] = {"identity": "id" if key == ("id",) else None, "rows": len(rows)} | others
    return PlannedTable(name, name, own, key, **given)


def rows_of(rows: dict[str, Rows]) -> Callable[[PlannedTable], Rows]:
    return lambda table: rows[table.name]
