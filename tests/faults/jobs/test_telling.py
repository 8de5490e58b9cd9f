"""The topic or the state machine is away or gone: what is told waits, or is given up, and no job waits for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handlers.jobs.job import FAILED, REBUILD, START, SUCCEEDED, Job
from handlers.jobs.sweep import STOPPED
from handlers.worker import TELL_S
from tests.faults.calls.kinds import Kind
from tests.faults.calls.outside import OUTSIDE, Call
from tests.faults.jobs.test_killed import CUT_OFF, FILE, check_right
from tests.faults.jobs.world import NOW_S, World
from tests.support.meddling import client_error, refuse

ORDERED = Job(id="01HF7YAT00ABCDEFGHJKMNPQRS", kind=REBUILD, created_s=NOW_S, order=START)


def test_the_end_of_a_job_is_told(world: World) -> None:
    job_id = world.start_import(FILE)
    world.run()
    (told,) = world.sns.told
    assert json.loads(told["Message"])["type"] == "job.succeeded"
    assert job_id in told["Message"]


def test_what_is_told_waits_for_a_topic_that_is_away(world: World) -> None:
    job_id = world.start_import(FILE)
    asked: list[float] = []

    def away(call: Call) -> Kind | None:
        if call.home == "sns":
            asked.append(world.clock())
        return CUT_OFF if call.home == "sns" and world.clock() - asked[0] < TELL_S / 2 else None

    world.run(away)
    check_right(world, job_id)
    assert len(asked) > 2
    assert len(world.sns.told) == 1


@pytest.mark.parametrize(
    "kind", [CUT_OFF, refuse(client_error("NotFound", 404)), refuse(client_error("AuthorizationError", 403))]
)
def test_a_topic_that_is_gone_fails_no_job_and_delays_no_order_for_long(world: World, kind: Kind) -> None:
    job_id = world.start_import(FILE)
    started: list[float] = []

    def gone(call: Call) -> Kind | None:
        if call.home == "stepfunctions":
            started.append(world.clock())
        if call.home == "sns" and not order:
            order.append(world.clock())
            world.jobs().save(ORDERED, world.clock.deadline())  # behind the record that cannot be told
        return kind if call.home == "sns" else None

    order: list[float] = []
    world.run(gone)
    assert world.job(job_id).state == SUCCEEDED
    assert world.sns.told == []
    assert started[0] - order[0] < TELL_S + 60


def test_a_rebuild_whose_machine_is_started_and_says_nothing_has_failed_within_hours(world: World) -> None:
    """Such as one that may not call the projector any more."""
    world.jobs().save(ORDERED, world.clock.deadline())
    world.run()
    world.check_quiet()
    assert (world.job(ORDERED.id).state, world.job(ORDERED.id).error) == (FAILED, STOPPED)
    assert len(world.states.started) == 1
    assert world.clock() - ORDERED.created_s < 6 * 3600


def test_a_machine_that_is_away_for_a_minute_is_started_then(world: World) -> None:
    world.jobs().save(ORDERED, world.clock.deadline())
    end_s = world.clock() + 60.0
    states = world.steps()
    with OUTSIDE.watched(Path("nowhere"), lambda call: CUT_OFF if world.clock() < end_s else None):
        while not world.states.started:
            next(states)
    assert world.clock() < end_s + 60.0
