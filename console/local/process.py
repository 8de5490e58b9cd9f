"""Child processes of the local stack: how they are started and how they end.

Every child runs a module of this project in the project's root, sees none of the caller's environment but the
few variables below, and holds one end of a pipe or socket as its standard input: when its parent dies, by
whatever signal, the child reads the end of that input and ends itself. So nothing is ever left running.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping

from console.paths import ROOT

HOST = "127.0.0.1"
GRACE_S = 3.0
# The last one makes coverage measure the children too; it is only there while the tests are measured.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "COVERAGE_PROCESS_CONFIG")


def spawn(
    module: str, *arguments: str, environ: Mapping[str, str], stdin: int, output: int, errors: int = subprocess.STDOUT
) -> subprocess.Popen[bytes]:
    """Start `python -m module` with this environment; what it prints goes to the file descriptors."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - runs this interpreter on a module of this project
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**inherited, "PYTHONUNBUFFERED": "1", **environ},
        stdin=stdin,
        stdout=output,
        stderr=errors,
        # Ctrl-C reaches the whole foreground group: only the parent may see it, and then stops its children.
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], longer_s: float = 0.0) -> None:
    """End a child, by force if it has not ended within GRACE_S and what it may take longer; returns when it is gone."""
    process.terminate()
    try:
        process.wait(GRACE_S + longer_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_this_process() -> None:
    """End this process, as a child does when its parent is gone."""
    os.kill(os.getpid(), signal.SIGTERM)


def hold_free_port() -> tuple[int, socket.socket]:
    """Return a port, and a socket that keeps it from being given to somebody else before a child listens there.

    Only Linux lets a child listen where another socket is bound; elsewhere the port may get lost meanwhile.
    """
    holding = socket.socket()
    holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holding.bind((HOST, 0))
    port = holding.getsockname()[1]
    if sys.platform != "linux":
        holding.close()
    return port, holding
