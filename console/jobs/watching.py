"""A job watched until it ends: its phases, its pace, and what came of it."""

from __future__ import annotations

import time

from console import terminal
from console.client.client import Client
from console.errors import INTERRUPTED, ConsoleError
from console.jobs.calls import ApiJob, ask_job, command_for
from console.wording import are, megabytes, rows, three_digits
from handlers.jobs.job import APPEND, FAILED, IMPORT, REBUILD, SUCCEEDED, UPLOAD, WAITING

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 5.0
GROWTH = 1.3  # of the pauses between two looks


def watch_job(client: Client, job_id: str) -> ApiJob:
    """Show how far a job is until it has ended; returns it as it is then.

    Raises:
        ConsoleError: there is no such job, or nobody could watch any longer.
    """
    job, pause_s = ask_job(client, job_id), FIRST_PAUSE_S
    try:
        with terminal.follow() as show:
            show(*shown(job))
            while not job.has_ended:
                time.sleep(pause_s)
                pause_s = min(pause_s * GROWTH, LONGEST_PAUSE_S)
                job = ask_job(client, job_id)
                show(*shown(job))
    except (ConsoleError, KeyboardInterrupt) as error:
        reason, code = (str(error), error.code) if isinstance(error, ConsoleError) else ("interrupted", INTERRUPTED)
        message = f"{reason}; the job goes on without this terminal"
        raise ConsoleError(message, command_for("watch", client, job_id), code) from error
    return job


def shown(job: ApiJob) -> tuple[str, int, int, str]:
    """Return how far a job is: a title, how much is done, of how much, and both in words."""
    phase = job.text("phase")
    if job.state == WAITING and phase == UPLOAD:
        return job.state, 0, 0, "for its file"
    title = f"{job.state}, {phase}" if phase and job.state != SUCCEEDED else job.state
    if phase == APPEND or job.text("kind") == REBUILD:
        done, total = job.count("rows_done"), job.count("rows")
        words = [f"{done:,} of {rows(total)}" if total else rows(done)]
    else:
        done, total = job.count("bytes_done"), job.count("bytes")
        words = [f"{megabytes(done)} of {megabytes(total)}"]
    if job.number("rows_per_s"):
        words.append(f"{three_digits(job.number('rows_per_s'))} rows/s")
    if job.text("eta_s"):
        words.append(f"{job.number('eta_s'):.0f} s to go")
    return title, done, total, ", ".join(words)


def check_success(client: Client, job: ApiJob) -> None:
    """Raise ConsoleError where a job that has ended has not succeeded."""
    if job.state == SUCCEEDED:
        return
    done = job.count("rows_done") if job.text("kind") == IMPORT else 0  # a rebuild that fails has published nothing
    counted = f"; {rows(done)} {are(done)} in" if done else ""
    if job.state == FAILED:
        action = "show" if job.text("phase") == UPLOAD else "redrive"  # without a file there is nothing to go on with
        message = f"job {job.id} failed: {job.text('error') or 'it does not say why'}{counted}"
        raise ConsoleError(message, command_for(action, client, job.id))
    raise ConsoleError(f"job {job.id} was cancelled{counted}", command_for("show", client, job.id))
