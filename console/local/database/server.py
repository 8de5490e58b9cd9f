"""PostgreSQL as a child process: new, empty, on loopback, and gone with its parent.

What it keeps is a projection that can be made again at any time, so it is started without care for a crash, and its
folder goes with it. PostgreSQL refuses to run as root: it then runs as nobody.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Self

import psycopg

from console.client.retry import Retry
from console.errors import ConsoleError
from console.local import process
from console.local.database.binaries import find_programs
from console.local.process import HOST, hold_free_port

OWNER = "lambda_sqlite"  # superuser of the server, by trust
UNPRIVILEGED = "nobody"
_POLL_S = 0.02
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
        start_timeout_s: float = 60.0,
    ) -> None:
        programs = programs or find_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._log = self._folder / "log"
        self._start_timeout_s = start_timeout_s
        self.port, self._holding = hold_free_port()
        options = [f"{name}={value}" for name, value in (SETTINGS | dict(settings or {})).items()]
        with self._log.open("wb") as log:
            self._process = process.spawn(
                "console.local.database.server",
                *(str(programs), str(self._folder), str(self.port), *options),
                environ={},
                stdin=subprocess.PIPE,
                output=log.fileno(),
            )

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
            process.end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def _failure(self, what: str) -> ConsoleError:
        last = self._log.read_text(errors="replace").split("\n")[-_LAST_LINES:]
        printed = " / ".join(line.strip() for line in last if line.strip())
        return ConsoleError(
            f"PostgreSQL on port {self.port} {what}: {printed or 'it printed nothing'}", f"cat {self._log}"
        )


def main() -> None:
    """Make the data folder, run the server, and end it with the parent."""
    programs, folder, port, *options = sys.argv[1:]
    user = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = Path(folder, "data")
    made = _start(
        [f"{programs}/initdb", "-D", str(data), "-A", "trust", "-U", OWNER, "-E", "UTF8", "--locale=C", "-N"], user
    )
    if made.wait():
        sys.exit(1)
    arguments = {"listen_addresses": HOST, "port": port, "unix_socket_directories": folder}
    settings = [*(f"{name}={value}" for name, value in arguments.items()), *options]
    server = _start(
        [f"{programs}/postgres", "-D", str(data), *(part for one in settings for part in ("-c", one))], user
    )
    threading.Thread(target=_follow_parent, daemon=True).start()

    def end(_number: int, _frame: FrameType | None) -> None:
        server.send_signal(signal.SIGQUIT)  # at once: nothing is kept

    signal.signal(signal.SIGTERM, end)
    code = server.wait()
    with contextlib.suppress(OSError):
        shutil.rmtree(folder)
    sys.exit(code)


def _start(command: Sequence[str], user: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    if user is None:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd="/")  # noqa: S603 - PostgreSQL's own programs
    return subprocess.Popen(  # noqa: S603 - as above
        command, stdin=subprocess.DEVNULL, cwd="/", user=user.pw_uid, group=user.pw_gid, extra_groups=()
    )


def _follow_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    process.end_this_process()


if __name__ == "__main__":
    main()
