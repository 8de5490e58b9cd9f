"""Turns at imports, as messages begin them; disorder and crashes are in tests/faults/jobs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.jobs.dead_letters import DeadLetters
from handlers.jobs.job import FAILED, REBUILD, RUNNING, WAITING, Job
from handlers.jobs.job_table import JobChangedError, JobTable
from handlers.jobs.messages import Message, read_messages
from handlers.jobs.turns import (
    BUSY,
    HANDED_ON,
    LATE,
    MOST_STALLED,
    OTHER,
    STALLED,
    UNKNOWN,
    Turns,
)
from tests.support.jobs.files import csv_file
from tests.support.jobs.site import NOW_S, JobSite, arrival
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
        ({"lease_end_s": NOW_S + 60}, 0, LATE),
        ({"lease_end_s": NOW_S + 9e6}, 0, FAILED),
        ({}, 0, FAILED),
        ({"state": RUNNING, "turn": 2}, 2, FAILED),
    ],
    ids=["it has ended", "it went on", "somebody works on it", "a clock went wrong", "nobody began", "nobody goes on"],
)
def test_a_dead_letter_ends_its_job_unless_that_went_on(
    site: JobSite, changes: dict[str, Any], turn: int, outcome: str
) -> None:
    job = save(site, site.order(CONTENT), **changes)
    assert DeadLetters(site.jobs, site.now).bury(Message(job.id, turn)) == outcome


def test_a_dead_letter_of_another_file_than_the_one_that_is_read_ends_nothing(site: JobSite) -> None:
    job = save(site, site.order(CONTENT), state=RUNNING, version="first")
    assert DeadLetters(site.jobs, site.now).bury(Message(job.id, None, "second")) == OTHER


def test_a_dead_letter_of_no_job_is_forgotten(site: JobSite) -> None:
    assert DeadLetters(site.jobs, site.now).bury(Message("0" * 26, 0)) == UNKNOWN


def test_a_job_that_is_changed_while_it_is_buried_is_looked_at_again(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = site.order(CONTENT)
    meddle_once(site, job, monkeypatch)
    assert DeadLetters(site.jobs, site.now).bury(Message(job.id, 0)) == FAILED
    assert (site.job(job.id).name, site.job(job.id).state) == ("other", FAILED)


class FastQueue:
    """A queue that hands a message over before whoever sent it goes on."""

    def __init__(self, site: JobSite) -> None:
        self._site = site
        self.sent: list[tuple[int, float]] = []

    def send(self, message: dict[str, Any], delay_s: float = 0.0) -> None:
        self.sent.append((message["turn"], delay_s))
        if len(self.sent) == 1:
            taken = Turns(self._site.jobs, None, self, now=self._site.now)  # type: ignore[arg-type] - nobody works
            assert taken.take(Message(message["job"], message["turn"]), 270.0) == BUSY


def test_a_turn_that_is_begun_before_the_last_one_is_over_is_not_lost(site: JobSite) -> None:
    job, message = site.upload(CONTENT)

    class Idle:
        def go_on(self, begun: Job, _: object) -> Job:
            return begun

    queue = FastQueue(site)
    turns = Turns(site.jobs, Idle(), queue, now=site.now)  # type: ignore[arg-type] - it needs no more of them
    (arrived,) = read_messages(json.dumps(message))
    assert turns.take(arrived, 270.0) == HANDED_ON
    assert [turn for turn, _ in queue.sent] == [1, 1]
    assert site.job(job.id).turn == 1


def test_whoever_lost_a_job_leaves_the_lease_of_whoever_took_it_over(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, message = site.upload(CONTENT)

    def lose(*_: object) -> object:
        save(site, site.job(job.id), attempts=9, lease_end_s=site.now() + 200)
        raise MemoryError

    monkeypatch.setattr("handlers.jobs.importing.Importing.go_on", lose)
    assert not site.deliver(message)
    assert site.job(job.id).lease_end_s == site.now() + 200


def test_a_file_that_came_after_it_was_given_up_is_imported(site: JobSite) -> None:
    job, message = site.upload(CONTENT)
    save(site, job, state=FAILED, error="no file came", ended_s=NOW_S)
    site.finish(message)
    assert (site.job(job.id).state, site.job(job.id).rows_done, site.job(job.id).error) == ("succeeded", 3, "")


def test_the_pace_of_a_redriven_job_is_that_of_its_new_turn(site: JobSite) -> None:
    job, _ = site.upload(CONTENT)
    save(site, job, state=FAILED, phase="check", phase_began_s=NOW_S)
    site.now.pass_s(86_400)
    assert site.call("POST", f"/jobs/{job.id}/redrive").status == 202
    assert site.deliver({"job": job.id, "turn": 1})
    assert site.job(job.id).phase_began_s == NOW_S + 86_400
