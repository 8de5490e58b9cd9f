"""Retention: homes that nobody reads any more go, with their tables.

An older history goes once it has not been read for so long. The home of another form of the rows is somebody else's:
code of the version before, or of the next. Whoever uses one marks it as used by the clock, and only what was not marked
for a day goes, and never what the data model replaces, because that may be gone back to.
VACUUM and ANALYZE are left to PostgreSQL: rows are only ever added, and its own workers see to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handlers.rows import MODEL

if TYPE_CHECKING:
    from psycopg import Connection

    from handlers.model.model import Model

OTHERS_S = 86_400  # that a home of another form is kept after it was used
USE = "UPDATE home SET changed_at = now() WHERE schema_version = %s AND is_live"
OWN = "SELECT schema_version, epoch FROM home WHERE schema_version = %s AND NOT is_live AND abs(epoch) < %s"
OTHERS = "SELECT schema_version, epoch FROM home WHERE NOT schema_version = ANY(%s)"
UNUSED = " AND changed_at < now() - make_interval(secs => %s) ORDER BY schema_version, epoch"
FORGET = "DELETE FROM home WHERE schema_version = %s AND epoch = %s"


def drop_left(connection: Connection[Any], epoch: int, retain_s: int) -> list[str]:
    """Mark the home that is read as used, drop what is left of others, and return the names of the tables.

    Args:
        epoch: of the ledger's head.
        retain_s: how long a home stays that is not read any more.

    Raises psycopg.Error where somebody still reads a table for too long: what was dropped before stays so.
    """
    connection.execute(USE, (MODEL.schema_version,))
    left = connection.execute(OWN + UNUSED, (MODEL.schema_version, epoch, retain_s)).fetchall()
    left += connection.execute(OTHERS + UNUSED, (_known(MODEL), OTHERS_S)).fetchall()
    return [_dropped(connection, *home) for home in left]


def _dropped(connection: Connection[Any], version: int, epoch: int) -> str:
    name = f"rows_{version}_{epoch}"
    with connection.transaction():
        connection.execute(FORGET, (version, epoch))
        connection.execute(f'DROP TABLE IF EXISTS "{name}"'.encode())
    return name


def _known(model: Model | None) -> list[int]:
    """Return the schema versions of a model and of those that it replaces."""
    return [model.schema_version, *_known(model.replaces)] if model else []
