"""pgbouncer in transaction mode: stricter than RDS Proxy, which pins a connection where this one lets it go.

Whoever prepares a statement, sets something for the session or locks for it, finds it gone with the transaction.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from console.client.retry import Retry
from console.local import process
from console.local.database import unprivileged
from console.local.database.server import OWNER, PostgresServer
from console.local.process import HOST, hold_free_port
from tests.support.local.processes import PATIENCE_S

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
CONFIGURATION = f"""\
[databases]
* = host={HOST} port=<<server>>
[pgbouncer]
listen_addr = {HOST}
listen_port = <<port>>
unix_socket_dir =
pool_mode = transaction
auth_type = trust
auth_file = <<folder>>/users
auth_user = {OWNER}
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
ignore_startup_parameters = extra_float_digits
server_round_robin = 1
"""
USERS = f'"{OWNER}" ""\n'
_POLL_S = 0.01


def needed_pooler() -> str:
    """Return the program; skips the test where it is not installed, and fails it in CI, which installs it."""
    if not PROGRAM:
        (pytest.fail if "CI" in os.environ else pytest.skip)("needs pgbouncer: apt-get install pgbouncer")
    return PROGRAM


@contextmanager
def pooler(server: PostgresServer) -> Generator[int]:
    """Start it before a server; yields its port. It has every database and every role of the server."""
    program = needed_pooler()
    folder = unprivileged.make_folder("pgbouncer-")
    port, holding = hold_free_port()
    places = {"server": str(server.port), "port": str(port), "folder": str(folder)}
    text = CONFIGURATION
    for name, value in places.items():
        text = text.replace(f"<<{name}>>", value)
    (folder / "configuration").write_text(text)
    (folder / "users").write_text(USERS)
    with holding, (folder / "log").open("wb") as log:
        command = json.dumps([program, str(folder / "configuration")])
        running = process.spawn(
            "console.local.database.keeper",
            *(str(int(signal.SIGTERM)), str(folder), command),
            environ={},
            stdin=subprocess.PIPE,
            output=log.fileno(),
        )
    with running:
        try:
            _wait(running, port, folder / "log")
            yield port
        finally:
            process.end(running)


def _wait(running: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when it answers."""
    retry = Retry(PATIENCE_S, _POLL_S)
    while True:
        try:
            psycopg.connect(f"postgresql://{OWNER}@{HOST}:{port}/postgres").close()
        except psycopg.OperationalError as error:
            assert running.poll() is None, log.read_text()
            assert retry.pause(), error
        else:
            return
