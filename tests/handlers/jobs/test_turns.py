"""Turns at imports, as messages begin them; disorder and crashes are in tests/faults/jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.jobs.dead_letters import DeadLetters
from handlers.jobs.job import FAILED, REBUILD, RUNNING, WAITING, Job
from handlers.jobs.job_table import JobChangedError, JobTable
from handlers.jobs.messages import Message
from handlers.jobs.turns import LATE, MOST_STALLED, STALLED, UNKNOWN
from tests.support.jobs.files import csv_file
from tests.support.jobs.site import JobSite, arrival
from tests.support.meddling import no_time_limit

CONTENT = csv_file(3)


def save(site: JobSite, job: Job, **changes: Any) -> Job:
    return site.jobs.save(replace(job, **changes), no_time_limit())


def meddle_once(site: JobSite, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have somebody else save the job just before the next save."""
    as_it_is = JobTable.save

    def meddle(jobs: JobTable, wanted: Job, deadline: Deadline) -> Job:
        monkeypatch.setattr(JobTable, "save", as_it_is)
        save(site, site.job(job.id), name="other")
        return as_it_is(jobs, wanted, deadline)

    monkeypatch.setattr(JobTable, "save", meddle)


def test_a_job_that_does_not_come_forward_is_given_up(site: JobSite) -> None:
    job, message = site.upload(CONTENT)
    save(site, job, stalled=MOST_STALLED)
    assert site.deliver(message)
    ended = site.job(job.id)
    assert (ended.state, ended.error, ended.rows_done) == (FAILED, STALLED, 0)


def test_a_job_that_is_changed_while_a_turn_begins_is_looked_at_again(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, message = site.upload(CONTENT)
    meddle_once(site, job, monkeypatch)
    site.finish(message)
    assert (site.job(job.id).name, site.job(job.id).rows_done) == ("other", 3)


def test_a_rebuild_has_no_turns(site: JobSite) -> None:
    job = save(site, site.order(CONTENT), kind=REBUILD)
    assert site.deliver({"job": job.id, "turn": 0})
    assert site.job(job.id).state == WAITING


def test_a_file_that_is_gone_before_it_is_looked_at_ends_its_job(site: JobSite) -> None:
    job = site.order(CONTENT)
    assert site.deliver(arrival(job, "no-version"))
    assert site.job(job.id).error == "the file is not there any more"


def test_a_lease_that_cannot_be_ended_runs_on(site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    job, message = site.upload(CONTENT)

    def fail(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr("handlers.jobs.importing.Importing.go_on", fail)
    begun: list[Job] = []
    as_it_is = JobTable.save

    def refuse(jobs: JobTable, wanted: Job, deadline: Deadline) -> Job:
        if begun:
            raise JobChangedError(wanted)
        begun.append(as_it_is(jobs, wanted, deadline))
        return begun[0]

    monkeypatch.setattr(JobTable, "save", refuse)
    assert not site.deliver(message)
    assert site.job(job.id).lease_end_s > site.now()


@pytest.mark.parametrize(
    ("changes", "turn", "outcome"),
    [
        ({"state": FAILED}, 0, FAILED),
        ({"turn": 2}, 1, LATE),
        ({"lease_end_s": 9e9}, 0, LATE),
        ({}, 0, FAILED),
        ({"state": RUNNING, "turn": 2}, 2, FAILED),
    ],
    ids=["it has ended", "it went on", "somebody works on it", "nobody began", "nobody goes on"],
)
def test_a_dead_letter_ends_its_job_unless_that_went_on(
    site: JobSite, changes: dict[str, Any], turn: int, outcome: str
) -> None:
    job = save(site, site.order(CONTENT), **changes)
    assert DeadLetters(site.jobs, site.now).bury(Message(job.id, turn)) == outcome


def test_a_dead_letter_of_no_job_is_forgotten(site: JobSite) -> None:
    assert DeadLetters(site.jobs, site.now).bury(Message("0" * 26, 0)) == UNKNOWN


def test_a_job_that_is_changed_while_it_is_buried_is_looked_at_again(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = site.order(CONTENT)
    meddle_once(site, job, monkeypatch)
    assert DeadLetters(site.jobs, site.now).bury(Message(job.id, 0)) == FAILED
    assert (site.job(job.id).name, site.job(job.id).state) == ("other", FAILED)
