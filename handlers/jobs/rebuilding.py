"""The steps of a rebuild, tasks that a state machine has the projector do: check, plan, build, publish, fail.

Each may be done twice, or be killed anywhere: what is built and what is published tells how far it is, not the job.
The job only shows it, and says whether it was cancelled meanwhile: then nothing more is done.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from handlers.jobs.job import BUILD, CANCELLED, FAILED, RUNNING, SUCCEEDED, VERIFY, Job
from handlers.jobs.job_table import JobTable
from handlers.jobs.rebuild_order import LEASE_S, begun, change
from handlers.snapshots.maker import RANGE_ROWS
from handlers.snapshots.rebuild import Goal, Rebuild, RowSpan
from handlers.telemetry.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.ledger import Ledger
    from handlers.settings import Settings
    from handlers.snapshots.publish import Publisher

    Event = Mapping[str, Any]
    Answer = dict[str, object]

MOST_SPANS = 200  # of a plan; the rest is for the next one: an answer, and an execution's history, have a limit
STEPS = ("check", "plan", "build", "publish", "fail")


class Rebuilding:
    """Does the steps of one ledger's rebuilds.

    Args:
        publisher: of the ledger.
        now: the time in seconds since 1970.
    """

    def __init__(
        self, ledger: Ledger, publisher: Publisher, settings: Settings, now: Callable[[], float] = time.time
    ) -> None:
        self._rebuild = Rebuild(publisher, settings)
        self._jobs = JobTable(ledger.client, ledger.table_name, now)
        self._now = now

    def step(self, event: Event, limit_s: float) -> Answer:
        """Do one step.

        Args:
            event: `{"step", "job"}` and, depending on the step, what an earlier one has answered.
            limit_s: how long it may take.

        Returns:
            The job's `state`: where that is not `running`, no further step is to be taken. Of a plan also its `goal`
            and the `ranges` that are missing.

        Raises what `Rebuild` raises: DivergedError where no other try helps.
        """
        steps = {"check": self._check, "plan": self._plan, "build": self._build, "publish": self._publish}
        step, job_id = event["step"], str(event["job"])
        if step == "fail":
            return self._fail(job_id, event)
        if step not in steps:
            raise ValueError(f"step: got {step!r}, allowed: {', '.join(STEPS)}")
        job = self._change(job_id, lambda job: begun(job, self._now()))
        if job is None or job.has_ended:
            if job and (step, job.state) == ("publish", SUCCEEDED):  # by a call whose answer got lost
                self._rebuild.forget()
            return {"state": job.state if job else CANCELLED, "goal": {}, "ranges": []}
        return steps[step](job, event, limit_s)

    def _check(self, job: Job, event: Event, limit_s: float) -> Answer:
        """Let the job succeed at once where what is published is right already."""
        published = self._rebuild.proven(event.get("range_rows", RANGE_ROWS), limit_s, Usage())
        if published is None:
            return {"state": RUNNING}
        return self._succeed(job, published.bookmark)

    def _plan(self, job: Job, event: Event, limit_s: float) -> Answer:
        told = event.get("goal")
        goal, missing = self._rebuild.plan(Goal.from_json(told) if told else None, event.get("range_rows", RANGE_ROWS))
        rows_done = self._rebuild.rows_done(goal)

        def planned(job: Job) -> Job:
            job = replace(job, phase=BUILD) if told else job.in_phase(BUILD, self._now())
            return self._with_progress(replace(job, bookmark=str(goal.bookmark), rows=goal.bookmark.seq), rows_done)

        state = self._state_of(self._change(job.id, planned))
        ranges = [span._asdict() for span in missing[:MOST_SPANS]]
        return {"state": state, "goal": goal.to_json(), "ranges": ranges}

    def _build(self, job: Job, event: Event, limit_s: float) -> Answer:
        goal, span = Goal.from_json(event["goal"]), RowSpan(event["first"], event["last"])
        reached = self._rebuild.build(goal, span, limit_s, Usage())
        rows_done = self._rebuild.rows_done(goal)
        changed = self._change(job.id, lambda job: self._with_progress(job, max(rows_done, job.rows_done)))
        return {"state": self._state_of(changed), "reached": reached}

    def _publish(self, job: Job, event: Event, limit_s: float) -> Answer:
        goal = Goal.from_json(event["goal"])
        self._change(job.id, lambda job: self._with_progress(replace(job, phase=VERIFY), job.rows_done))
        published = self._rebuild.publish(goal, limit_s, Usage())
        if published is None:
            return {"state": RUNNING}
        done = self._succeed(job, published.bookmark)
        self._rebuild.forget()
        return done

    def _fail(self, job_id: str, event: Event) -> Answer:
        error = f"{event['where']}: {event['error']}: {message_of(event['cause'])}"
        return {"state": self._state_of(self._change(job_id, lambda job: job.ended(FAILED, self._now(), error)))}

    def _succeed(self, job: Job, bookmark: Bookmark) -> Answer:
        """Say that the ledger is published up to a bookmark."""

        def succeeded(job: Job) -> Job:
            done = replace(job, bookmark=str(bookmark), rows=bookmark.seq, rows_done=bookmark.seq)
            return done.ended(SUCCEEDED, self._now())

        return {"state": self._state_of(self._change(job.id, succeeded)), "bookmark": str(bookmark)}

    def _change(self, job_id: str, changed: Callable[[Job], Job]) -> Job | None:
        return change(self._jobs, job_id, changed)

    def _with_progress(self, job: Job, rows_done: int) -> Job:
        return replace(job, rows_done=rows_done, lease_end_s=self._now() + LEASE_S)

    @staticmethod
    def _state_of(job: Job | None) -> str:
        """Return a job's state; one that is gone was as good as cancelled."""
        return job.state if job else CANCELLED


def message_of(cause: str) -> str:
    """Return what a failed call of a function says: its message, where Lambda wraps that in JSON, else all of it."""
    before, brace, rest = cause.partition("{")
    try:
        told = json.loads(brace + rest)
    except ValueError:
        return cause
    return before + str(told.get("errorMessage", cause))
