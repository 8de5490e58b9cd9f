"""PostgreSQL as a child process: new, empty, on loopback, and gone with its parent.

What it keeps is a projection that can be made again at any time, so it is started without care for a crash, and its
folder goes with it. PostgreSQL refuses to run as root: it then runs as nobody.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import psycopg

from console.client.retry import Retry
from console.errors import ConsoleError
from console.local import process
from console.local.database import unprivileged
from console.local.database.binaries import find_programs
from console.local.process import HOST, hold_free_port

OWNER = "lambda_sqlite"  # superuser of the server, by trust
_POLL_S = 0.02
_ENDING_S = 5.0  # longer: the server itself gives its processes so long before it uses force
_LAST_LINES = 5
# There is nothing to lose, so nothing waits for the disk; a time limit of the server's own is each user's to set.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class PostgresServer:
    """One server: starts with the object, is ready after `wait`, ends with `stop` or `with`.

    Args:
        programs: the folder of PostgreSQL's programs; None takes those that are installed.
        settings: further parameters of the server, or others.
        log: the file for what it prints; None keeps that in its own folder, which goes with it.
        start_timeout_s: how long it may take until it answers.

    Attributes:
        port: where it listens on loopback.

    Raises:
        ConsoleError: no PostgreSQL is installed.
    """

    def __init__(
        self,
        programs: Path | None = None,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
        start_timeout_s: float = 60.0,
    ) -> None:
        self._folder = unprivileged.make_folder("postgres-")
        self._is_log_kept = log is not None
        self._log = log or self._folder / "log"
        self._start_timeout_s = start_timeout_s
        self.port, self._holding = hold_free_port()
        self._process = self._launch(unprivileged.reachable(programs or find_programs(), self._folder), settings or {})

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        """Return the URL of a database, as psql and psycopg take it."""
        return f"postgresql://{user}@{HOST}:{self.port}/{database}"

    def __enter__(self) -> Self:
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self) -> None:
        """Return when it takes connections. Raises ConsoleError where it ends first, or does not in time."""
        retry = Retry(self._start_timeout_s, _POLL_S)
        while not self._answers():
            self.check()
            if not retry.pause():
                raise self._failure(f"did not answer within {self._start_timeout_s:g} s")

    def check(self) -> None:
        """Raise ConsoleError if the process has ended."""
        if self._process.poll() is not None:
            raise self._failure("has ended")

    def stop(self) -> None:
        """End it, and remove what it kept."""
        with self._process, self._holding:
            process.end(self._process, _ENDING_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _launch(self, programs: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
        data = str(self._folder / "data")
        own = {"listen_addresses": HOST, "port": str(self.port), "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in (SETTINGS | own | dict(settings)).items()]
        commands = (
            [f"{programs}/initdb", "-D", data, "-A", "trust", "-U", OWNER, "-E", "UTF8", "--locale=C", "-N"],
            [f"{programs}/postgres", "-D", data, *options],
        )
        with self._log.open("wb") as log:
            return process.spawn(
                "console.local.database.keeper",
                *(str(int(signal.SIGQUIT)), str(self._folder)),  # at once: nothing is kept
                *(json.dumps(command) for command in commands),
                environ={},
                stdin=subprocess.PIPE,
                output=log.fileno(),
            )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def _failure(self, what: str) -> ConsoleError:
        last = self._log.read_text(errors="replace").split("\n")[-_LAST_LINES:]
        printed = " / ".join(line.strip() for line in last if line.strip())
        hint = f"cat {self._log}" if self._is_log_kept else "the same once more: what it printed is above"
        return ConsoleError(f"PostgreSQL on port {self.port} {what}: {printed or 'it printed nothing'}", hint)
