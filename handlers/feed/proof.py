"""The proof of a home: every row read again, by ranges of the key, and added up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from handlers.feed.batches import batch_rows
from handlers.feed.growth import DivergedHomeError, with_rows
from handlers.feed.texts import read_values, rows_of
from handlers.postgres.home import Home
from handlers.postgres.tables import table_name
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from psycopg import Connection

    from handlers.model.model import Row
    from handlers.postgres.connection import Database

READ_ROWS = batch_rows(5000)  # at a time


def prove(database: Database, home: Home, has_time: Callable[[], bool]) -> int:
    """Hold the rows of a home against its meta row, and return how far the time sufficed.

    Raises DivergedHomeError that says what is wrong, psycopg.Error.
    """
    database.run(partial(_check_end, epoch=home.epoch))
    found = Home.new(home.epoch, is_live=home.is_live)
    while found.seq < home.seq:
        if not has_time():
            return found.seq
        rows = _rows(database, home.epoch, found.seq + 1, min(found.seq + READ_ROWS, home.seq))
        found = with_rows(found, rows, MODEL.json_texts(rows))
    said = (home.hash, home.counterpart_hash, home.stats.answer())
    if (found.hash, found.counterpart_hash, found.stats.answer()) != said:
        raise DivergedHomeError(f"the rows 1 to {home.seq} do not have the hash and the statistics of their meta row")
    return home.seq


def compare(database: Database, epoch: int, pages: Iterable[list[Row]], has_time: Callable[[], bool]) -> int:
    """Hold the rows of a home against the ledger's, one by one, and return how far the time sufficed.

    Args:
        pages: the ledger's rows from the first on.

    Raises DivergedHomeError that names the first row that differs, Problem (503), psycopg.Error.
    """
    reached = 0
    for page in pages:
        reached = page[-1][0]
        for row, expected in zip(_rows(database, epoch, page[0][0], reached), page, strict=True):
            if row != expected:
                raise DivergedHomeError(f"row {row[0]} ({row[1]}) is not the ledger's, which is {expected[1]}")
        if not has_time():
            break
    return reached


def _rows(database: Database, epoch: int, first: int, last: int) -> list[Row]:
    """Return rows, each proven by itself. Raises DivergedHomeError."""
    return rows_of(database.run(partial(read_values, epoch=epoch, first=first, last=last)), first, last)


def _check_end(connection: Connection[Any], epoch: int) -> None:
    """Hold the last row against the meta row, both as they are at one moment. Raises DivergedHomeError."""
    statement = (
        f"SELECT seq, (SELECT coalesce(max(seq), 0) FROM {table_name(epoch)}) FROM home "  # noqa: S608 - constants
        "WHERE schema_version = %s AND epoch = %s"
    )
    found = connection.execute(statement.encode(), (MODEL.schema_version, epoch)).fetchone()
    said, last = found or (0, 0)
    if said != last:
        raise DivergedHomeError(f"table {table_name(epoch)} ends at row {last}, and its meta row says {said}")
