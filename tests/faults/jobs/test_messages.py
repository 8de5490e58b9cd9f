"""Messages come twice, late and out of order, some are none of ours, and jobs are cancelled and redriven meanwhile."""

from __future__ import annotations

import json

import pytest

from handlers.jobs.job import CANCELLED, FAILED, RESUME, SUCCEEDED, UPLOAD
from handlers.jobs.messages import message_of, object_key
from tests.faults.calls.kinds import Kind
from tests.faults.calls.outside import Call
from tests.faults.jobs.services import Letter
from tests.faults.jobs.test_killed import FILE, ONCE, ROWS, check_right
from tests.faults.jobs.world import BUCKET, MOST_RECEIVES, MakeWorld, World, file_of
from tests.support.drafts import are_of
from tests.support.meddling import all_rows, drafts

FOREIGN = ["", "{}", "[]", "null", "no JSON", '{"job": 7, "turn": 1}', '{"job": "x"}', '{"Records": [{"s3": {}}]}']


def send(world: World, body: str) -> None:
    world.sqs.send_message(QueueUrl="by somebody", MessageBody=body)


def newest(ready: list[Letter]) -> Letter:
    return ready[-1]


@pytest.mark.parametrize("late_s", [0.0, 5.0, 5000.0])
def test_every_message_twice_and_the_newest_first(make_world: MakeWorld, late_s: float) -> None:
    world = make_world(choose=newest, late_s=lambda: late_s)
    job_id = world.start_import(FILE)
    world.run()
    check_right(world, job_id)


def test_a_message_of_an_earlier_turn_and_one_of_the_time_after_the_end_change_nothing(world: World) -> None:
    job_id = world.start_import(FILE)
    early = json.dumps(message_of(world.job(job_id)))
    world.run()
    ended = world.job(job_id)
    for body in (early, json.dumps(message_of(ended))):
        send(world, body)
    world.run()
    assert world.job(job_id) == ended
    check_right(world, job_id)


def test_another_message_while_somebody_works_waits_until_he_is_done(world: World) -> None:
    """The first worker hangs within a call, and its message comes to another one too."""
    job_id = world.start_import(FILE)
    hanging: list[Call] = []

    def meanwhile(call: Call) -> Kind | None:
        if call.name == "transact_write_items" and not hanging:
            hanging.append(call)
            send(world, json.dumps(message_of(world.job(job_id))))
            world.hand_over(world.sqs.letters[-1])
            (waiting,) = (letter for letter in world.sqs.letters if not letter.receives)
            assert waiting.visible_s >= world.job(job_id).lease_end_s - 1
        return None

    world.run(meanwhile)
    assert hanging
    check_right(world, job_id)


@pytest.mark.parametrize("body", FOREIGN)
def test_a_message_that_is_no_jobs_stays_for_a_human_and_stops_nobody(world: World, body: str) -> None:
    send(world, body)
    job_id = world.start_import(FILE)
    for _ in world.steps():
        if world.sqs.dead and world.job(job_id).has_ended and not world.sqs.letters:
            break
    assert [(letter.body, world.job(job_id).state) for letter in world.sqs.dead] == [(body, SUCCEEDED)]
    assert are_of(all_rows(world.ledger()), ROWS)


def test_a_message_of_a_job_that_is_not_there_is_forgotten(world: World) -> None:
    send(world, json.dumps({"job": "01HF7YAT00ABCDEFGHJKMNPQRS", "turn": 0}))
    world.run()
    world.check_quiet()


def test_a_job_that_kills_every_worker_has_failed_and_goes_on_once_it_is_redriven(world: World) -> None:
    job_id = world.start_import(FILE)
    world.run(lambda call: ONCE["killed before it"] if call.name == "transact_write_items" else None)
    assert world.deaths >= MOST_RECEIVES
    failed = world.job(job_id)
    assert (failed.state, failed.rows_done, all_rows(world.ledger())) == (FAILED, 0, [])
    assert "log" in failed.error
    world.check_quiet()
    world.jobs().save(failed.redriven(RESUME), world.clock.deadline())
    world.run()
    check_right(world, job_id)


def test_a_job_that_no_worker_began_knows_by_its_dead_letter_which_file_came(world: World) -> None:
    job_id = world.start_import(FILE)
    came = world.s3.versions[BUCKET, object_key(job_id)][0].id
    world.run(lambda call: ONCE["killed before it"] if world.deaths < MOST_RECEIVES else None)
    failed = world.job(job_id)
    assert (failed.state, failed.phase, failed.version) == (FAILED, UPLOAD, came)
    world.put(job_id, file_of(drafts(2)))
    world.jobs().save(failed.redriven(RESUME), world.clock.deadline())
    world.run()
    check_right(world, job_id)


@pytest.mark.parametrize("done", range(len(ROWS) // 3 + 2))
def test_a_job_that_is_cancelled_keeps_whole_chunks_from_the_beginning(world: World, done: int) -> None:
    job_id = world.start_import(FILE)
    appended: list[Call] = []

    def cancel_after_some(call: Call) -> Kind | None:
        if call.name == "transact_write_items":
            appended.append(call)
        if len(appended) > done or (not done and call.home == "s3"):
            job = world.job(job_id)
            if not job.has_ended:
                world.jobs().save(job.ended(CANCELLED, world.clock()), world.clock.deadline())
        return None

    world.run(cancel_after_some)
    job, rows = world.job(job_id), all_rows(world.ledger())
    assert are_of(rows, ROWS[: len(rows)])
    if job.state == SUCCEEDED:
        check_right(world, job_id)
        return
    assert (job.state, job.rows_done) == (CANCELLED, len(rows))
    assert len(rows) <= 3 * (done + 2)
    world.check_quiet()


def test_two_imports_at_once_each_have_their_order(world: World) -> None:
    first, second = drafts(11), drafts(9, 40)
    ids = [world.start_import(file_of(rows)) for rows in (first, second)]
    world.run()
    assert [world.job(job_id).state for job_id in ids] == [SUCCEEDED] * 2
    world.check_quiet()
    found = [row[2:-1] for row in all_rows(world.ledger())]
    assert [made for made in found if made in first] == first
    assert [made for made in found if made in second] == second
    assert len(found) == len(first) + len(second)
