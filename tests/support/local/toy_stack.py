"""A local stack with toy functions.

`python -m tests.support.local.toy_stack FOLDER PORT` serves it in the foreground.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from console.local.process import HOST
from console.local.project import run
from console.local.stack import Caller, LocalStack, Serve
from tests.support.local.processes import PATIENCE_S


def no_preparation(_: Mapping[str, str]) -> None:
    """The toys need no table."""


def slow_preparation(environ: Mapping[str, str]) -> None:
    """Say that the stack has come this far, then take as long as the emulator runs: until the start is given up."""
    (Path(environ["EFS_DIR"]) / "preparing").write_text("now")
    port = int(environ["AWS_ENDPOINT_URL"].rpartition(":")[2])
    with contextlib.suppress(ConnectionError):
        while True:
            socket.create_connection((HOST, port)).close()
            time.sleep(0.01)


def toy_stack(
    folder: Path,
    *,
    port: int = 0,
    query: str = "tests.support.local.toys.web",
    prepare: Callable[[Mapping[str, str]], None] = no_preparation,
    closing: Callable[[Mapping[str, str]], None] = no_preparation,
    callers: Sequence[Caller] = (),
    services: Sequence[Serve] = (),
    opening: Sequence[Caller] = (),
) -> LocalStack:
    functions = {"command": "tests.support.local.toys.web", "query": query}
    return LocalStack(
        folder,
        functions=functions,
        routes={"POST /insert/who": "command"},
        default="query",
        prepare=prepare,
        closing=closing,
        settings={"CHECK_INTERVAL_MS": "7"},
        port=port,
        sandboxes=2,
        timeouts_s=dict.fromkeys(functions, PATIENCE_S),
        callers=callers,
        services=services,
        opening=opening,
    )


if __name__ == "__main__":
    run(toy_stack(Path(sys.argv[1]), prepare=slow_preparation if "--slow" in sys.argv else no_preparation))
