"""Inheritance: the rows that a history shares with the one before it, copied inside PostgreSQL.

They are proven on the way: their texts give the hash, which has to be the head's in the end.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from handlers.feed.batches import batch_rows
from handlers.feed.growth import NAMES, opened_home, with_rows
from handlers.feed.texts import rows_of
from handlers.postgres.home import save_home
from handlers.postgres.tables import table_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from handlers.feed.homes import Homes
    from handlers.ledger.head import Head
    from handlers.postgres.connection import Database
    from handlers.postgres.home import Home

COPIED_ROWS = batch_rows(10_000)  # a transaction


def inherit(database: Database, homes: Homes, home: Home, head: Head, has_time: Callable[[], bool]) -> Home:
    """Copy what the parent's home has of a head's history, a chunk a transaction, and return the home then.

    Raises DivergedHomeError where the parent's rows are not what they should be, psycopg.Error.
    """
    parent = homes.live
    if parent is None or parent.epoch != head.parent or home.epoch < 0:
        return home
    last = head.first_beyond(parent.bookmark) - 1
    while home.seq < last and has_time():
        home = database.run(partial(_copy, parent=parent.epoch, epoch=home.epoch, last=last))
    return home


def _copy(connection: Connection[Any], parent: int, epoch: int, last: int) -> Home:
    with connection.transaction():
        home = opened_home(connection, epoch)
        first, last = home.seq + 1, min(home.seq + COPIED_ROWS, last)
        if first > last:  # another feeder was faster
            return home
        statement = (
            f"INSERT INTO {table_name(epoch)} ({NAMES}) SELECT {NAMES} FROM {table_name(parent)} "  # noqa: S608 - constants
            f"WHERE seq BETWEEN %s AND %s ORDER BY seq RETURNING {NAMES}"
        )
        values = connection.execute(statement.encode(), (first, last)).fetchall()
        home = with_rows(home, rows_of(values, first, last), [value[-1] for value in values])
        save_home(connection, home)
        return home
