"""Rows of a ledger put into PostgreSQL as the home has them: a table of the history, its meta row, all at once."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from handlers.ledger.ledger import Ledger
from handlers.model.model import Row
from handlers.postgres.home import Home, save_home
from handlers.postgres.tables import SQL_COLUMNS, indexes_sql, table_name, table_sql, values_of
from tests.support.meddling import all_rows, head_of

OTHERS_STOP = b"UPDATE home SET is_live = false"
NOTHING_FED = b"DELETE FROM home"


def fill(url: str, ledger: Ledger) -> Home:
    """Let PostgreSQL hold all that the ledger has, as the live home, which is returned."""
    head = head_of(ledger)
    home = Home(head.epoch, head.seq, head.hash, None, head.stats, is_live=True)
    put(url, home, all_rows(ledger))
    return home


def put(url: str, home: Home, rows: Sequence[Row]) -> None:
    """Make the table of a history with these rows, and save its home."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for sql in (table_sql(home.epoch), *indexes_sql(home.epoch)):
            cursor.execute(sql.encode())
        cursor.execute(f"TRUNCATE {table_name(home.epoch)}".encode())
        places = ", ".join(["%s"] * len(SQL_COLUMNS))
        cursor.executemany(f"INSERT INTO {table_name(home.epoch)} VALUES ({places})".encode(), values_of(rows))
        if home.is_live:
            cursor.execute(OTHERS_STOP)
        save_home(connection, home)
