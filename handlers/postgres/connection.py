"""The connection to PostgreSQL: made when first needed, kept over requests, made anew where it was lost."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import ReadOnlySqlTransaction

from handlers.postgres.meter import DATABASE_METER, MeteredCursor
from handlers.postgres.token import database_token
from handlers.settings import BY_IAM, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from psycopg import Connection

    from handlers.settings import Settings
    from handlers.telemetry.usage import Usage

T = TypeVar("T")

CONNECT_TIMEOUT_S = 3
DEAD_AFTER_S = 5  # a server that has gone without a word is given up: what was sent is not even received
IDLE_S = 5  # what was sent is received, and no answer comes: then the kernel asks whether the server is still there
ASK_EVERY_S = 2
QUESTIONS = 2
ROOTS = Path(__file__).parent / "roots"
PROXY_ROOT = "proxy"
PORT = "5432"  # where a URL names none


class Database:
    """One connection, in autocommit: a statement is a transaction, unless `connection.transaction()` is opened.

    Args:
        settings: where the database is, and how to log in.
        is_direct: connect to the instance itself, even where a proxy is before it.
        master: user name and password of the database's master, to log in as; None: the URL's user, by token or trust.
        now: the time in seconds since 1970.

    Raises SettingsError where that cannot be.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        is_direct: bool = False,
        master: tuple[str, str] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._region = settings.region
        self._needs_token = settings.database_auth == BY_IAM and master is None
        self._parameters = _parameters(settings, is_direct=is_direct)
        if master is not None:
            self._parameters |= {"user": master[0], "password": master[1]}
        self._now = now
        self._connection: Connection[Any] | None = None
        self.retries = 0

    def run(self, work: Callable[[Connection[Any]], T], usage: Usage | None = None) -> T:
        """Let `work` use the connection; once more with a new one where it was lost.

        So `work` has to be such that it may be done twice: reads, and transactions that find what was done.

        Args:
            usage: of the request, for the time that it takes to connect.

        Raises psycopg.Error.
        """
        try:
            return work(self._connected(usage))
        except ReadOnlySqlTransaction:  # after a failover this one may be what the writer was
            self.close()
            raise
        except psycopg.OperationalError:
            if self._connection is None or not self._connection.closed:
                raise
        self.close()
        self.retries += 1
        return work(self._connected(usage))

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connected(self, usage: Usage | None) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            self.close()
            DATABASE_METER.connections += 1
            self._connection = self._connect()
            if usage is not None:
                usage.lap("connect")
        return self._connection

    def _connect(self) -> Connection[Any]:
        parameters = self._parameters
        if self._needs_token:
            place = parameters["host"], parameters["port"], parameters["user"]
            parameters = parameters | {"password": database_token(place, self._region, os.environ, self._now())}
        return psycopg.connect(
            make_conninfo("", **parameters),
            autocommit=True,
            cursor_factory=MeteredCursor,
            prepare_threshold=None,  # pgbouncer and RDS Proxy: a prepared statement is another connection's
        )


def _parameters(settings: Settings, *, is_direct: bool) -> dict[str, Any]:
    """Return what libpq is told but a password. Raises SettingsError."""
    try:
        url: Mapping[str, Any] = conninfo_to_dict(settings.database_url)
    except psycopg.ProgrammingError:  # its words have those of the URL, which may hold a password
        raise SettingsError(f"DATABASE_URL: got what is no URL of a database, allowed: {URL_ALLOWED}") from None
    if missing := {"host", "user", "dbname"} - url.keys():
        raise SettingsError(f"DATABASE_URL: got one without {', '.join(sorted(missing))}, allowed: {URL_ALLOWED}")
    proxy = "" if is_direct else settings.database_proxy
    parameters = {"port": PORT, **url} | ({"host": proxy} if proxy else {})
    parameters |= {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": IDLE_S,
        "keepalives_interval": ASK_EVERY_S,
        "keepalives_count": QUESTIONS,
        "tcp_user_timeout": DEAD_AFTER_S * 1000,
    }
    if settings.database_auth == BY_IAM:
        root = PROXY_ROOT if proxy else settings.region
        parameters |= {"sslmode": "verify-full", "sslrootcert": _root(root)}
    return parameters


URL_ALLOWED = "postgresql://user@host:port/database"


def _root(name: str) -> str:
    """Return the file of the roots that a server has to prove itself by: Amazon's, and no others."""
    path = ROOTS / f"{name}.pem"
    if not path.is_file():
        known = ", ".join(sorted({path.stem for path in ROOTS.glob("*.pem")} - {PROXY_ROOT}))
        raise SettingsError(f"AWS_REGION: got {name!r}, allowed for PostgreSQL with TLS: {known}")
    return str(path)
