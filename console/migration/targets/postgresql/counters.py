"""The counters behind the keys that count by themselves: the next key is one that no row ever had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg import sql

from console.migration.plan import PlannedTable
from console.migration.targets.postgresql.connection import Connection


def set_counters(
    connection: Connection, schema: str, tables: Sequence[PlannedTable], given: Mapping[str, int]
) -> dict[str, int]:
    """Set each table's counter to its greatest key, or the greatest that the source ever gave; returns those.

    Args:
        given: by the source's names, of tables that never give a key twice.
    """
    found: dict[str, int] = {}
    for table in tables:
        if table.identity is None:
            continue
        place, column = sql.Identifier(schema, table.target), sql.Identifier(table.identity)
        (greatest,) = connection.execute(
            sql.SQL("SELECT coalesce(max({}), 0) FROM {}").format(column, place)
        ).fetchone() or (0,)
        last = max(greatest, given.get(table.name, 0))
        if last > 0:  # or it begins with 1, as it is
            statement = "SELECT setval(pg_get_serial_sequence(%s, %s), %s)"
            connection.execute(statement, (place.as_string(), table.identity, last))
            found[table.target] = last
    return found
