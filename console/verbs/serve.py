"""The verb `serve`: the local stack in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from console.errors import ConsoleError
from console.local.emulator import HOST
from console.local.stack import LocalStack
from console.verbs.init import prepare
from handlers.routes import COMMAND, QUERY, gateway_routes

HEALTH = "/query/health"


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", min=0, max=65535, help="Loopback port; 0 = any free one.")] = 8787,
    local_dir: Annotated[Path, typer.Option(envvar="LOCAL_DIR", help="Folder for all it keeps.")] = Path(".local"),
    sandboxes: Annotated[int, typer.Option(min=1, help="Requests at a time, for each function.")] = 4,
    check_interval_ms: Annotated[
        int, typer.Option(min=0, help="How often a sandbox looks for a newer snapshot; 0 = at every request.")
    ] = 1000,
) -> None:
    """Run the API on this machine; prints `ready URL` once it answers."""
    log_requests()
    run(project_stack(local_dir, port=port, sandboxes=sandboxes, check_interval_ms=check_interval_ms))


def project_stack(local_dir: Path, *, port: int = 0, sandboxes: int = 4, check_interval_ms: int = 1000) -> LocalStack:
    """The local stack with this project's functions, routes and table; arguments as for `LocalStack`."""
    return LocalStack(
        local_dir,
        functions={COMMAND: "handlers.command.handler", QUERY: "handlers.query.handler"},
        routes=gateway_routes(),
        default=QUERY,
        prepare=prepare,
        settings={"CHECK_INTERVAL_MS": str(check_interval_ms)},
        port=port,
        sandboxes=sandboxes,
    )


def log_requests() -> None:
    """One line on standard error for each request, and for what goes wrong."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


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
