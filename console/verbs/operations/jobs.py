"""The verb `jobs`: imports and rebuilds of an API, listed, watched, cancelled, and tried again."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Annotated

import typer
from rich.table import Column, Table

from console import terminal
from console.client.client import Client
from console.client.target import JsonOption, UrlOption, api_url
from console.errors import ConsoleError
from console.jobs.calls import ApiJob, ask_job, cancel_job, newest_jobs, redrive_job
from console.jobs.watching import check_success, shown, watch_job
from console.paths import PROGRAM
from console.wording import rows, visible
from handlers.jobs.job import STATES


def _checked(job_id: str) -> str:
    """Return an id that is one. Raises ConsoleError where it is empty."""
    if not job_id.strip():
        raise ConsoleError("ID is empty", f"{PROGRAM} jobs list", 2)
    return job_id


ID = typer.Argument(metavar="ID", callback=_checked, help="The job's id, as `jobs list` shows it.")
IdArgument = Annotated[str, ID]
StateOption = Annotated[str, typer.Option(help=f"Only jobs of this state: {', '.join(STATES)}.")]
LimitOption = Annotated[int, typer.Option(min=1, help="How many jobs at most.")]
CursorOption = Annotated[str, typer.Option(help="Go on where a list ended, with the cursor that it gave.")]
TO_SECONDS = len("2026-01-31T12:00:00")
FACTS = ("kind", "name", "created_at", "started_at", "ended_at", "attempts", "bookmark", "error")


def list_jobs(
    state: StateOption = "",
    limit: LimitOption = 20,
    cursor: CursorOption = "",
    url: UrlOption = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """List jobs, newest first."""
    if state and state not in STATES:
        raise ConsoleError(f"--state {state} is no state", f"one of {', '.join(STATES)}", 2)
    with Client(api_url(url)) as client:
        listed = newest_jobs(client, limit, state, cursor)
    if as_json:
        terminal.print_json({"jobs": [job.members for job in listed.jobs], "next": listed.cursor or None})
        return
    job_id, created_at = (Column(name, no_wrap=True) for name in ("id", "created at"))
    table = Table(job_id, "kind", "state", "rows", created_at, Column("name", overflow="fold"))
    for job in listed.jobs:
        cells = (job.id, job.text("kind"), shown(job)[0], f"{job.count('rows_done'):,}")
        table.add_row(*cells, f"{job.text('created_at')[:TO_SECONDS]}Z", visible(job.text("name")) or "-")
    terminal.results().print(table if listed.jobs else "no jobs")
    if listed.cursor:
        terminal.messages().print(f"more follow: --cursor {shlex.quote(listed.cursor)}", soft_wrap=True)


def show_job(job_id: IdArgument, url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """Show one job, with the rows that were refused."""
    with Client(api_url(url)) as client:
        _print(ask_job(client, job_id), as_json)


def watch(job_id: IdArgument, url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """Watch a job until it ends. The exit code is 0 if it succeeds, else 1."""
    with Client(api_url(url)) as client:
        job = watch_job(client, job_id)
        _print(job, as_json)
        check_success(client, job)


def cancel(job_id: IdArgument, url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """Cancel a job. The rows that it has appended stay."""
    with Client(api_url(url)) as client:
        _print(cancel_job(client, job_id), as_json)


def redrive(job_id: IdArgument, url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """Let a job that failed go on. No row is added twice."""
    with Client(api_url(url)) as client:
        _print(redrive_job(client, job_id), as_json)


def _print(job: ApiJob, as_json: bool) -> None:
    if as_json:
        terminal.print_json(job.members)
        return
    title, _, _, said = shown(job)
    lines = [f"{job.id}: {title}{said and ', '}{said}"]
    lines += [f"  {name.replace('_', ' ')}: {visible(job.text(name))}" for name in FACTS if job.text(name)]
    refused = job.count("rows_rejected")
    if refused:
        lines.append(f"  refused: {rows(refused)}")
        lines += [f"    {visible(text)}" for text in job.reasons()]
    terminal.results().print("\n".join(lines), soft_wrap=True)


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_jobs,
    "show": show_job,
    "watch": watch,
    "cancel": cancel,
    "redrive": redrive,
}
