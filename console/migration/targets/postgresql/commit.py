"""The end of the transaction, also where the connection is lost just then: the server knows what came of it."""

from __future__ import annotations

import contextlib

import psycopg

from console.client.retry import Retry
from console.errors import ConsoleError
from console.migration.targets.postgresql.connection import Connection, Login, connect, one_line

ASK_FOR_S = 30.0
COMMITTED, ABORTED = "committed", "aborted"


def commit(connection: Connection, login: Login) -> None:
    """Commit. Raises ConsoleError where nothing was committed, or nobody can tell."""
    number = number_of(connection)
    try:
        connection.commit()
    except psycopg.Error as error:
        outcome = ask_outcome(login, number) if connection.closed else ABORTED
        if outcome == COMMITTED:
            return
        if outcome == ABORTED:
            raise ConsoleError(f"the commit failed: {one_line(error)}", "the same command again") from error
        message = f"{login.address.shown} was lost at the commit, and does not say whether the rows are in"
        hint = "look whether the tables are there: all of them with all rows, or none"
        raise DoubtfulError(f"{message}: {one_line(error)}", hint) from error


class DoubtfulError(ConsoleError):
    """A commit of which nobody can tell what came of it."""


def number_of(connection: Connection) -> str:
    """Return the number of the transaction."""
    (number,) = connection.execute("SELECT pg_current_xact_id()::text").fetchone() or ("",)
    return number


def ask_outcome(login: Login, number: str) -> str | None:
    """Return what came of a transaction, as soon as the server answers; None where it does not, or does not know."""
    retry = Retry(ASK_FOR_S)
    while True:
        with contextlib.suppress(ConsoleError, psycopg.Error), contextlib.closing(connect(login)) as asking:
            (outcome,) = asking.execute("SELECT pg_xact_status(%s::text::xid8)", (number,)).fetchone() or (None,)
            if outcome in (COMMITTED, ABORTED):
                return outcome
        if not retry.pause():
            return None
