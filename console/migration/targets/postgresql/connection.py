"""The connection to the target: as libpq makes it, with its passwords, its TLS and its variables."""

from __future__ import annotations

import os
from typing import Any

import psycopg

from console.errors import ConsoleError
from console.migration.targets.postgresql.address import Address

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 30
APPLICATION = "lambda-sqlite migrate"
# A limit that a role has for its requests is none for a migration, which takes as long as it takes.
SETTINGS = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": f"{LOCK_TIMEOUT_S}s",
}

Connection = psycopg.Connection[Any]


def connect(address: Address, password: str = "") -> Connection:
    """Open a connection, in a transaction that no limit of the role cuts short. Raises ConsoleError.

    Args:
        password: instead of the address's own, PGPASSWORD or a file's; empty: those.
    """
    connection = _connected(address, password)
    try:
        for name, value in SETTINGS.items():
            connection.execute("SELECT set_config(%s, %s, true)", (name, value))
    except psycopg.Error as error:
        connection.close()
        raise ConsoleError(f"{address.shown} refuses: {one_line(error)}", "see the server's log") from error
    return connection


def one_line(error: BaseException) -> str:
    """Return PostgreSQL's words in a line."""
    return " / ".join(line.strip() for line in str(error).splitlines() if line.strip())


def _connected(address: Address, password: str) -> Connection:
    options: dict[str, Any] = {"password": password} if password else {}
    if "connect_timeout" not in address.parameters and "PGCONNECT_TIMEOUT" not in os.environ:
        options["connect_timeout"] = CONNECT_TIMEOUT_S
    try:
        return psycopg.connect(
            address.url, application_name=APPLICATION, client_encoding="utf8", prepare_threshold=None, **options
        )
    except psycopg.OperationalError as error:
        hint = "check host, port, user, password (PGPASSWORD, ~/.pgpass) and sslmode"
        raise ConsoleError(f"{address.shown} cannot be reached: {one_line(error)}", hint) from error
