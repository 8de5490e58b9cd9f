"""The verb `serve`: the local stack in the foreground, until Ctrl-C or SIGTERM. It keeps its rows."""

from __future__ import annotations

import logging
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console import terminal
from console.errors import ConsoleError
from console.local.project import project_stack, run
from console.paths import LOCAL_DIR
from handlers.routes import HOMES
from handlers.settings import OPEN, PROJECTIONS, SESSION


class ProjectionMode(StrEnum):
    """The functions that publish what was appended."""

    SYNC, STREAM, BOTH = PROJECTIONS


class ReadAuth(StrEnum):
    """Readers: everybody, or visitors with a session."""

    EVERYBODY, VISITORS = OPEN, SESSION


class Provider(StrEnum):
    """The homes that can answer /rows."""

    SQLITE_EFS, SQLITE_TMP, DDB, POSTGRES = HOMES


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", min=0, max=65535, help="Loopback port; 0 = any free one.")] = 8787,
    local_dir: Annotated[Path, typer.Option(envvar="LOCAL_DIR", help="Folder for all it keeps.")] = LOCAL_DIR,
    sandboxes: Annotated[int, typer.Option(min=1, help="Requests at a time, for each function.")] = 4,
    check_interval_ms: Annotated[
        int, typer.Option(min=0, help="How often a sandbox looks for a newer snapshot; 0 = at every request.")
    ] = 1000,
    projection: Annotated[
        ProjectionMode,
        typer.Option(envvar="PROJECTION", help="Who publishes: the insert (sync), the projector (stream), or both."),
    ] = ProjectionMode.BOTH,
    *,
    read_auth: Annotated[
        ReadAuth,
        typer.Option(envvar="READ_AUTH", help="Who may read: everybody (none), or who has an access code (session)."),
    ] = ReadAuth.EVERYBODY,
    postgres: Annotated[
        bool, typer.Option("--postgres", envvar="POSTGRES", help="With PostgreSQL as one more home, at /postgres.")
    ] = False,
    provider: Annotated[
        Provider, typer.Option(envvar="DB_PROVIDER", help="The home that answers /rows.")
    ] = Provider.SQLITE_EFS,
) -> None:
    """Run the API and its page on this machine; prints `ready URL` and `page URL` once they answer.

    Ctrl-C and SIGTERM stop it, and its rows are there again at the next start. Killed by force, it loses them.
    """
    if provider is Provider.POSTGRES and not postgres:
        raise ConsoleError("--provider postgres: there is no PostgreSQL", "add --postgres")
    log_requests()
    stack = project_stack(
        local_dir,
        port=port,
        sandboxes=sandboxes,
        check_interval_ms=check_interval_ms,
        projection=projection,
        log_percent=100,
        keeps=True,
        has_worker=projection is not ProjectionMode.SYNC,
        has_page=True,
        read_auth=read_auth,
        has_postgres=postgres,
        provider=provider,
        tell=terminal.messages().print,
    )
    run(stack, folder_note(local_dir))


def folder_note(local_dir: Path) -> str:
    """Return how the other verbs find a stack that is not in the folder where they look; nothing where it is there."""
    folder = local_dir.resolve()
    return "" if folder == LOCAL_DIR.resolve() else f"for the other verbs: export LOCAL_DIR={shlex.quote(str(folder))}"


def log_requests() -> None:
    """Write one line on standard error for each request, and for what goes wrong."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
