from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import cast

import pytest

from handlers.aws.machine import StateMachine
from handlers.aws.queue import Queue
from handlers.jobs.job import CANCELLED, FAILED, IMPORT, PLAN, REBUILD, RUNNING, START, WAITING, Job
from handlers.jobs.job_table import JobTable
from handlers.jobs.orders import Orders
from handlers.jobs.rebuild_order import begun, change, execution_name, order_rebuild, start_rebuild
from handlers.ledger.ids import new_id
from handlers.ledger.ledger import Ledger
from tests.support.api import Api
from tests.support.meddling import no_time_limit

NOW_S = 4_000_000_000.0


@pytest.fixture
def jobs(ledger: Ledger) -> JobTable:
    return JobTable(ledger.client, ledger.table_name, lambda: NOW_S)


def order(jobs: JobTable) -> Job:
    return order_rebuild(jobs, NOW_S, no_time_limit())


def saved(jobs: JobTable, job: Job) -> Job:
    return jobs.save(job, no_time_limit())


def test_an_order_is_a_job_that_says_start(jobs: JobTable) -> None:
    job = order(jobs)
    assert jobs.get(job.id, no_time_limit()) == job
    assert (job.kind, job.state, job.order, job.created_s) == (REBUILD, WAITING, START, NOW_S)


@pytest.mark.parametrize("state", [WAITING, RUNNING])
def test_a_rebuild_under_way_is_found_among_imports_and_not_ordered_again(jobs: JobTable, state: str) -> None:
    job = saved(jobs, replace(order(jobs), state=state))
    for kind_state in (WAITING, RUNNING):
        saved(jobs, Job(id=new_id(), kind=IMPORT, created_s=NOW_S, state=kind_state))
    assert order(jobs) == job


@pytest.mark.parametrize("state", [FAILED, CANCELLED])
def test_one_that_has_ended_is_no_reason_not_to_order_another(jobs: JobTable, state: str) -> None:
    job = order(jobs)
    saved(jobs, job.ended(state, NOW_S))
    assert order(jobs).id != job.id


def test_one_that_the_index_still_has_although_it_has_ended_is_none(
    jobs: JobTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order(jobs)

    def stale(*_: object) -> Iterator[Job]:
        return iter([job])

    monkeypatch.setattr(jobs, "every", stale)
    saved(jobs, job.ended(CANCELLED, NOW_S))
    assert order(jobs).id != job.id


def test_a_job_begins_once_in_each_attempt() -> None:
    job = Job(id="1", kind=REBUILD, created_s=1.0, order=START)
    running = begun(job, 5.0)
    assert (running.state, running.order, running.attempts, running.started_s) == (RUNNING, "", 1, 5.0)
    assert (running.phase, running.lease_end_s > 5.0) == (PLAN, True)
    assert begun(running, 6.0) == running
    again = begun(running.ended(FAILED, 7.0, "why").redriven(START), 8.0)
    assert (again.attempts, again.started_s, again.phase_began_s, again.error) == (2, 5.0, 8.0, "")
    assert len({execution_name(each) for each in (job, running, again)}) == 2


def test_of_changes_at_once_none_is_lost_and_what_has_ended_stays_so(jobs: JobTable) -> None:
    job = order(jobs)

    def overtaken(found: Job) -> Job:
        if found.revision == job.revision:
            saved(jobs, replace(found, name="theirs"))
        return replace(found, rows_done=7)

    changed = change(jobs, job.id, overtaken)
    assert changed is not None
    assert (changed.name, changed.rows_done) == ("theirs", 7)
    assert change(jobs, job.id, lambda found: found) == changed
    cancelled = saved(jobs, changed.ended(CANCELLED, NOW_S))
    assert change(jobs, job.id, lambda found: replace(found, rows_done=8)) == cancelled
    assert change(jobs, new_id(), lambda found: found) is None


class FastMachine:
    """One that has begun by the time that its start is answered, if it `is_fast`."""

    def __init__(self, jobs: JobTable, *, is_fast: bool) -> None:
        self.names: list[str] = []
        self._jobs = jobs
        self._is_fast = is_fast

    def start(self, name: str, content: Mapping[str, str]) -> None:
        self.names.append(name)
        if self._is_fast:
            change(self._jobs, content["job"], lambda found: begun(found, NOW_S))


@pytest.mark.parametrize("is_fast", [True, False])
def test_an_order_is_carried_out_once_and_the_job_runs(jobs: JobTable, is_fast: bool) -> None:
    job, machine = order(jobs), FastMachine(jobs, is_fast=is_fast)
    start = partial(start_rebuild, jobs=jobs, machine=cast("StateMachine", machine), now=lambda: NOW_S)
    orders = Orders(jobs, cast("Queue", None), start)  # no order here goes to the queue
    for _ in range(2):
        orders.carry_out(job.id)
    found = jobs.get(job.id, no_time_limit())
    assert found is not None
    assert (machine.names, found.state, found.order, found.attempts) == ([f"{job.id}-0"], RUNNING, "", 1)


# Over the API


def test_a_full_publish_that_nobody_waits_for_is_a_job(environ: dict[str, str], ledger: Ledger) -> None:
    api = Api({**environ, "JOBS_BUCKET": "jobs"})
    api.post("/insert", {"count": 3}, prefer="respond-async")
    answers = [api.post("/snapshots", {"full": True}, prefer="wait=5, respond-async") for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    told = answers[0].json["job"]
    assert answers[0].headers["location"] == f"/jobs/{told['id']}"
    assert answers[0].headers["preference-applied"] == "respond-async"
    assert answers[1].json == answers[0].json == api.get(f"/jobs/{told['id']}").json
    assert (told["kind"], told["state"], told["rows"]) == (REBUILD, WAITING, None)
    assert api.get("/snapshots").json["snapshots"][0]["rows"] == 0
    (item,) = JobTable(ledger.client, ledger.table_name).newest(9, no_time_limit())[0]
    assert (item.id, item.order) == (told["id"], START)


@pytest.mark.parametrize(
    ("bucket", "body", "prefer"),
    [("", {"full": True}, "respond-async"), ("jobs", {"full": True}, ""), ("jobs", {}, "respond-async")],
    ids=["there are no jobs", "somebody waits", "it is not the whole"],
)
def test_any_other_publish_is_waited_for(
    environ: dict[str, str], ledger: Ledger, bucket: str, body: dict[str, object], prefer: str
) -> None:
    api = Api({**environ, "JOBS_BUCKET": bucket})
    api.post("/insert", {"count": 3}, prefer="respond-async")
    answer = api.post("/snapshots", body, prefer=prefer)
    assert (answer.status, answer.json["snapshot"]["rows"]) == (201, 3)
    assert "preference-applied" not in answer.headers
    assert JobTable(ledger.client, ledger.table_name).newest(9, no_time_limit()) == ([], False)
