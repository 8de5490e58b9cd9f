"""This project on the local stack: its functions, routes and table, and a stack in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import signal
from pathlib import Path
from typing import cast

from console.data.ledger import make_ledger
from console.errors import ConsoleError
from console.local.emulator import HOST
from console.local.stack import LocalStack
from handlers.routes import COMMAND, QUERY, gateway_routes

HEALTH = "/query/health"


def project_stack(local_dir: Path, *, port: int = 0, sandboxes: int = 4, check_interval_ms: int = 1000) -> LocalStack:
    """Return the local stack with this project's functions, routes and table; arguments as for `LocalStack`."""
    return LocalStack(
        local_dir,
        functions={COMMAND: "handlers.command.handler", QUERY: "handlers.query.handler"},
        routes=gateway_routes(),
        default=QUERY,
        prepare=make_ledger,
        settings={"CHECK_INTERVAL_MS": str(check_interval_ms)},
        port=port,
        sandboxes=sandboxes,
    )


def run(stack: LocalStack) -> None:
    """Run a stack until SIGINT or SIGTERM, say on standard output when it is ready, and stop all it started.

    Raises:
        ConsoleError: the stack cannot start, or its health route does not answer 200.
    """
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_run(stack))


async def _run(stack: LocalStack) -> None:
    stop = cast("asyncio.Task[None]", asyncio.current_task()).cancel
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with stack:
        await asyncio.to_thread(_check_health, stack.port)
        print(f"ready {stack.url}", flush=True)
        await stack.watch()


def _check_health(port: int) -> None:
    connection = http.client.HTTPConnection(HOST, port)
    with contextlib.closing(connection):
        connection.request("GET", HEALTH)
        status = connection.getresponse().status
    if status != http.client.OK:
        raise ConsoleError(f"GET {HEALTH} was answered with {status}", "read the function's log above")
