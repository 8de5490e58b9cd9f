"""The bootstrap: the database's master makes the user that the functions log in as, and a schema for it.

It may be done any number of times, and is needed once: the user itself tells what it lacks. Time limits belong to the
user, so that no connection has to set them: that would pin it at a proxy.

Whoever makes a role is a member of it from PostgreSQL 16 on, and cannot end that. The master must not be a member of
one that logs in by token: it would have to do so as well, and its password were good for nothing. So a maker makes the
user, and is gone in the same transaction; and the schema is the master's, in which the user may make what it likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from handlers.postgres.connection import Database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection

    from handlers.settings import Settings

IAM_ROLE = "rds_iam"  # whoever is a member logs in by a token
MAKER = "maker_of_the_functions_user"
LIMITS_MS = {"statement_timeout": 20_000, "lock_timeout": 3000, "idle_in_transaction_session_timeout": 20_000}
HAS_ROLE = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"
HAS_SCHEMA = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)"
MAY_MAKE_TABLES = """
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %(user)s AND has_schema_privilege(%(user)s, oid, 'CREATE'))
"""
LOGS_IN_BY_TOKEN = f"SELECT pg_has_role(%s, '{IAM_ROLE}', 'MEMBER')"
LIMITS = "SELECT coalesce(rolconfig, '{}') FROM pg_roles WHERE rolname = current_user"
LOCK = 7_305_802_312  # any number that nobody else locks by
REFUSED = ("authentication failed", "no password supplied", "pg_hba.conf", "does not exist")
REMEDY = 'docs/database.md, "A master that is not let in"'


class BootstrapError(Exception):
    """The database cannot be set up; the message says why, and never has a password."""


def look(settings: Settings) -> dict[str, object]:
    """Log in as the user of DATABASE_URL, and return what is missing for it; "" if nothing is.

    Limits that are not what they should be it sets itself.

    Raises psycopg.Error where the database is away, or not yet there.
    """
    database = Database(settings, is_direct=True)
    try:
        missing = database.run(_missing)
    except psycopg.OperationalError as error:
        if not _is_refusal(error):
            raise
        missing = f"the user, or its log-in: {str(error).strip()}"
    finally:
        database.close()
    return {"user": _user_of(settings), "missing": missing}


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
    name, password = master["username"], master["password"]
    database = Database(settings, is_direct=True, master=(name, password))
    try:
        return database.run(lambda connection: _set_up(connection, _user_of(settings)))
    except psycopg.OperationalError as error:
        if not _is_refusal(error):
            raise
        said = _without(error, password)
        raise BootstrapError(f"the master {name} was not let in: {said}; what to do: {REMEDY}") from None
    except psycopg.Error as error:
        raise BootstrapError(f"the master {name} may not do that: {_without(error, password)}") from None
    finally:
        database.close()


def _user_of(settings: Settings) -> str:
    return str(conninfo_to_dict(settings.database_url)["user"])


def _missing(connection: Connection[Any]) -> str:
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        ((limits,),) = connection.execute(LIMITS).fetchall()
        if not {f"{limit}={milliseconds}" for limit, milliseconds in LIMITS_MS.items()} <= set(limits):
            _limit(connection, SQL("CURRENT_USER"))
        if not _tells(connection, MAY_MAKE_TABLES, {"user": connection.info.user}):
            return f'a schema "{connection.info.user}" that it may make tables in'
    return ""


def _set_up(connection: Connection[Any], user: str) -> dict[str, object]:
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        has_role, has_schema = _tells(connection, HAS_ROLE, (user,)), _tells(connection, HAS_SCHEMA, (user,))
        name, place = Identifier(user), Identifier(connection.info.dbname)
        if not has_role:
            _make_user(connection, name)
        if not has_schema:
            connection.execute(SQL("CREATE SCHEMA {}").format(name))
        if not _tells(connection, MAY_MAKE_TABLES, {"user": user}):
            connection.execute(SQL("GRANT CREATE, USAGE ON SCHEMA {0} TO {0}").format(name))
        connection.execute(SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(place))
        if _tells(connection, HAS_ROLE, (IAM_ROLE,)) and not _tells(connection, LOGS_IN_BY_TOKEN, (user,)):
            connection.execute(SQL("GRANT {} TO {}").format(Identifier(IAM_ROLE), name))
    return {"user": user, "made_user": not has_role, "made_schema": not has_schema}


def _make_user(connection: Connection[Any], name: Identifier) -> None:
    maker = Identifier(MAKER)
    connection.execute(SQL("CREATE ROLE {} CREATEROLE").format(maker))
    connection.execute(SQL("GRANT {} TO CURRENT_USER").format(maker))
    connection.execute(SQL("SET LOCAL ROLE {}").format(maker))
    connection.execute(SQL("CREATE ROLE {} LOGIN").format(name))
    _limit(connection, name)
    connection.execute("SET LOCAL ROLE NONE")
    connection.execute(SQL("DROP ROLE {}").format(maker))


def _limit(connection: Connection[Any], role: Identifier | SQL) -> None:
    for limit, milliseconds in LIMITS_MS.items():
        value = SQL(str(milliseconds))  # pyright: ignore[reportArgumentType] - a number
        connection.execute(SQL("ALTER ROLE {} SET {} = {}").format(role, Identifier(limit), value))


def _tells(connection: Connection[Any], question: str, about: tuple[str] | dict[str, str]) -> bool:
    ((answer,),) = connection.execute(question.encode(), about).fetchall()
    return bool(answer)


def _is_refusal(error: psycopg.OperationalError) -> bool:
    return any(text in str(error) for text in REFUSED)


def _without(error: psycopg.Error, password: str) -> str:
    said = str(error).strip()
    return said.replace(password, "…") if password else said
