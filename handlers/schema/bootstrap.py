"""The bootstrap: the database's master makes the user that the functions log in as, and a schema of its own for it.

It may be done any number of times. Time limits belong to the user, so that no connection has to set them: that would
pin it at a proxy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Composed, Identifier

from handlers.postgres.connection import Database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection

    from handlers.settings import Settings

IAM_ROLE = "rds_iam"  # whoever is a member logs in by a token
LIMITS_MS = {"statement_timeout": 20_000, "lock_timeout": 3000, "idle_in_transaction_session_timeout": 20_000}
HAS_ROLE = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"
HAS_SCHEMA = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)"
LOCK = 7_305_802_312  # any number that nobody else locks by
REFUSED = ("authentication failed", "no password supplied")


class BootstrapError(Exception):
    """The database cannot be set up; the message says why, and never has a password."""


def bootstrap(settings: Settings, master: Mapping[str, str]) -> dict[str, object]:
    """Make the user of DATABASE_URL and its schema, as far as they are not there.

    Args:
        settings: where the database is.
        master: the master's `username` and `password`.

    Returns:
        The user, and which of the two were made.

    Raises:
        BootstrapError: the master may not log in, or may not do that.
        psycopg.OperationalError: the database is away, or not yet there.
    """
    user, password = str(conninfo_to_dict(settings.database_url)["user"]), master["password"]
    database = Database(settings, is_direct=True, master=(master["username"], password))
    try:
        return database.run(lambda connection: _set_up(connection, user))
    except psycopg.OperationalError as error:
        if not any(text in str(error) for text in REFUSED):
            raise
        raise BootstrapError(f"the master {master['username']} was not let in: {_without(error, password)}") from None
    except psycopg.Error as error:
        raise BootstrapError(f"the master {master['username']} may not do that: {_without(error, password)}") from None
    finally:
        database.close()


def _set_up(connection: Connection[Any], user: str) -> dict[str, object]:
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        has_role, has_schema = _tells(connection, HAS_ROLE, user), _tells(connection, HAS_SCHEMA, user)
        name = Identifier(user)
        if not has_role:
            connection.execute(SQL("CREATE ROLE {} LOGIN").format(name))
        for statement in _limits(name):
            connection.execute(statement)
        if not has_schema:
            # A master that is no superuser gives away only to roles it is in; it must not stay in one that
            # logs in by token, or it would have to do so as well.
            connection.execute(SQL("GRANT {} TO CURRENT_USER").format(name))
            connection.execute(SQL("CREATE SCHEMA {0} AUTHORIZATION {0}").format(name))
            connection.execute(SQL("REVOKE {} FROM CURRENT_USER").format(name))
        if _tells(connection, HAS_ROLE, IAM_ROLE):
            connection.execute(SQL("GRANT {} TO {}").format(Identifier(IAM_ROLE), name))
    return {"user": user, "made_user": not has_role, "made_schema": not has_schema}


def _limits(name: Identifier) -> list[Composed]:
    return [
        SQL("ALTER ROLE {} SET {} = {}").format(name, Identifier(limit), SQL(str(milliseconds)))  # pyright: ignore[reportArgumentType] - a number
        for limit, milliseconds in LIMITS_MS.items()
    ]


def _tells(connection: Connection[Any], question: str, name: str) -> bool:
    ((answer,),) = connection.execute(question.encode(), (name,)).fetchall()
    return bool(answer)


def _without(error: psycopg.Error, password: str) -> str:
    said = str(error).strip()
    return said.replace(password, "…") if password else said
