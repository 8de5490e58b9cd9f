"""The data model in SQLite: the table, its indexes, and the number that tells one form of it from another."""

from __future__ import annotations

from handlers.domain.hashes import short_hash
from handlers.model.column import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from handlers.model.column import Column

FORM = 1  # of what else a segment's file holds: its meta row, the texts in `json`; raise it where that changes
FORMS = 999_999  # a name of a segment has six digits for it


def ddl(table: str, columns: Iterable[Column]) -> str:
    """Return the statement that makes the table."""
    own = "".join(
        f"  {column.sql_name} {column.sql_type}{'' if column.is_nullable else ' NOT NULL'},\n" for column in columns
    )
    return (
        f"CREATE TABLE {quoted(table)} (\n  seq INTEGER PRIMARY KEY,\n  id TEXT NOT NULL,\n{own}"
        "  created_at TEXT NOT NULL,\n  json TEXT NOT NULL\n) STRICT;\n"
    )


def indexes(table: str, columns: Iterable[Column]) -> str:
    """Return the statements that make the indexes.

    They are made when the rows are in: that takes half as long, and less space. A filter by one column and by time is
    answered by its index alone, without a look at the table; so is one by time and the column of the statistics.
    """
    lines = [f"CREATE UNIQUE INDEX IF NOT EXISTS {quoted(table + '_by_id')} ON {quoted(table)} (id);"]
    timed = ["created_at"]
    for column in columns:
        if column.is_filterable:
            name = quoted(f"{table}_by_{column.name}")
            lines.append(f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(table)} ({column.sql_name}, created_at);")
        if column.is_statistics:
            timed.append(column.sql_name)
    name = quoted(f"{table}_by_created_at")
    lines.append(f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(table)} ({', '.join(timed)});")
    return "\n".join(lines) + "\n"


def number_of(form: object) -> int:
    """Return a number from 1 to 999 999 that tells a form from others."""
    digest = short_hash(f"{FORM} {form}".encode()).digest()
    return 1 + int.from_bytes(digest, "big") % FORMS
