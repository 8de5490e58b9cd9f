"""PostgreSQL as a home of the local stack: its server, what sets it up, and what keeps it up with the table.

What it holds is a projection: it is made anew at each start, from the ledger.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg

from console.errors import ConsoleError
from console.local.database.server import OWNER, PostgresServer
from console.local.function import FunctionFailed
from console.local.gateway import Invoke
from console.local.schedule import every
from console.local.stream import follow
from console.wording import rows as counted
from console.wording import three_digits
from handlers.postgres.home import live_home
from handlers.routes import RELATIONAL
from handlers.settings import BY_TRUST

DATABASE, USER = "lambda_sqlite", "relational"
LOG = "emulator/postgres.log"  # in the stack's folder
MAINTENANCE_S = 3600.0
NO_WINDOW_S = 0.0  # a batch waits for no more records
BOOTSTRAP: dict[str, object] = {"task": "bootstrap", "master": {"username": OWNER, "password": "unused"}}
MIGRATE: dict[str, object] = {"task": "migrate"}
OTHERS_END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""
MAINTAIN: dict[str, object] = {"task": "maintain"}


class LocalDatabase:
    """The server of a local stack, with one database, which is empty.

    Args:
        local_dir: the stack's folder; the server's log is there, and its data elsewhere, where its user may enter.
    """

    def __init__(self, local_dir: Path) -> None:
        self._server = PostgresServer(log=local_dir / LOG)

    def wait(self) -> Mapping[str, str]:
        """Return the functions' variables, once the database is there. Raises ConsoleError."""
        self._server.wait()
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        return {"POSTGRES": "on", "DATABASE_URL": self._server.url(DATABASE, USER), "DATABASE_AUTH": BY_TRUST}

    def check(self) -> None:
        """Raise ConsoleError if the server has ended."""
        self._server.check()

    def stop(self) -> None:
        """End the server; its data goes with it."""
        self._server.stop()


class SetUp:
    """Sets the database up as a deployment does, and fills it, before anybody may ask.

    Args:
        tell: gets a line on what is there now, and one on how to look into it.
    """

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell

    async def __call__(self, environ: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
        """Do it. Raises ConsoleError where the function fails."""
        try:
            await invokes[RELATIONAL](BOOTSTRAP)
            await invokes[RELATIONAL](MIGRATE)
            began_s = time.monotonic()
            await invokes[RELATIONAL](MAINTAIN)
        except FunctionFailed as error:
            raise ConsoleError(f"PostgreSQL cannot be set up: {error}", "read the function's log above") from error
        took = f"{three_digits(time.monotonic() - began_s)} s"
        url = environ["DATABASE_URL"]
        self._tell(f"PostgreSQL: {counted(await asyncio.to_thread(_count_rows, url))} in {took}; psql {url}")


def end_connections(url: str) -> int:
    """End all connections of a URL's user to its database; returns how many there were."""
    with psycopg.connect(url) as connection:
        return len(connection.execute(OTHERS_END).fetchall())


def _count_rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        home = live_home(connection)
    return home.seq if home else 0


async def feed(environ: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
    """Let the table's stream call the relational function, until cancelled."""
    await follow(environ, invokes[RELATIONAL], window_s=NO_WINDOW_S)


async def maintain(_: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
    """Let the clock call it, likewise."""
    await every(MAINTENANCE_S, invokes[RELATIONAL], MAINTAIN, first_s=MAINTENANCE_S)
