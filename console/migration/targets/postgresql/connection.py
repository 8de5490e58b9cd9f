"""The connection to the target: as libpq makes it, with its passwords, its TLS and its variables; or by IAM."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from console.data.ledger import explain_errors, make_session
from console.errors import ConsoleError
from console.migration.targets.postgresql.address import Address

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 30
APPLICATION = "lambda-sqlite migrate"
DEFAULT_PORT = 5432
# A limit that a role has for its requests is none for a migration, which takes as long as it takes.
SETTINGS = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": f"{LOCK_TIMEOUT_S}s",
}

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Login:
    """The way into a database.

    Attributes:
        is_iam: a token of AWS is the password, for RDS, Aurora and RDS Proxy; it never travels without TLS.
    """

    address: Address
    is_iam: bool = False

    def options(self) -> dict[str, Any]:
        """Return what libpq is told beside the address. Raises ConsoleError."""
        options: dict[str, Any] = {}
        if "connect_timeout" not in self.address.parameters and "PGCONNECT_TIMEOUT" not in os.environ:
            options["connect_timeout"] = CONNECT_TIMEOUT_S
        if self.is_iam:
            options["password"] = _token(self.address.parameters)
            if not ({"sslmode", "sslrootcert"} & self.address.parameters.keys() or "PGSSLMODE" in os.environ):
                options["sslmode"] = "require"
        return options


def connect(login: Login) -> Connection:
    """Open a connection, in a transaction that no limit of the role cuts short. Raises ConsoleError."""
    connection = _connected(login)
    try:
        lift_limits(connection)
    except psycopg.Error as error:
        connection.close()
        raise ConsoleError(f"{login.address.shown} refuses: {one_line(error)}", "see the server's log") from error
    return connection


def lift_limits(connection: Connection) -> None:
    """Let no limit of the role cut the transaction short that is open, or begins now. Raises psycopg.Error."""
    set_all = sql.SQL(", ").join([sql.SQL("set_config(%s, %s, true)")] * len(SETTINGS))
    connection.execute(sql.SQL("SELECT {}").format(set_all), list(itertools.chain(*SETTINGS.items())))


def one_line(error: BaseException) -> str:
    """Return PostgreSQL's words in a line."""
    return " / ".join(line.strip() for line in str(error).splitlines() if line.strip())


def _connected(login: Login) -> Connection:
    options = login.options()
    try:
        return psycopg.connect(
            login.address.url, application_name=APPLICATION, client_encoding="utf8", prepare_threshold=None, **options
        )
    except psycopg.OperationalError as error:
        hint = "check host, port, user, password (PGPASSWORD, ~/.pgpass) and sslmode"
        raise ConsoleError(f"{login.address.shown} cannot be reached: {one_line(error)}", hint) from error


def _token(parameters: dict[str, str]) -> str:
    """Return the password of a quarter of an hour. It is signed here: nobody is asked."""
    host, user = parameters.get("host", ""), parameters.get("user", "")
    if not host or not user:
        raise ConsoleError("--iam needs the address's host and user", "postgresql://user@host:5432/database", 2)
    with explain_errors():
        session: Any = make_session(os.environ)  # boto3-stubs covers DynamoDB only
        port = int(parameters.get("port", DEFAULT_PORT))
        return session.client("rds").generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)
