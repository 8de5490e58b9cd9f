"""The ledger goes back to an earlier point while a file is imported: at every call of the worker."""

from __future__ import annotations

import pytest

from handlers.jobs.job import FAILED, RESUME, SUCCEEDED
from handlers.ledger.branch import branch_off
from handlers.ledger.head import Head
from tests.faults.calls.kinds import Kind
from tests.faults.calls.outside import Call
from tests.faults.jobs.test_killed import FILE, ROWS, calls_of, check_right
from tests.faults.jobs.world import MakeWorld, World
from tests.support.meddling import all_rows, head_of, no_time_limit


class Restoring:
    """Goes back to where the ledger was when it had so many rows, just before a call."""

    def __init__(self, world: World, call: Call, rows: int) -> None:
        self._world = world
        self._call = call
        self._rows = rows
        self._at: Head | None = None
        self.is_done = False

    def __call__(self, made: Call) -> Kind | None:
        head = head_of(self._world.ledger())
        if head.seq == self._rows:
            self._at = head
        if made == self._call and self._at is not None:
            branch_off(self._world.ledger(), head, self._at, head.epoch + 1, no_time_limit())
            self.is_done = True
        return None


@pytest.mark.parametrize("rows", [0, 3])
def test_whenever_the_ledger_goes_back_the_job_ends_and_redriven_it_is_complete_and_in_order(
    make_world: MakeWorld, rows: int
) -> None:
    ends: set[str] = set()
    for call in calls_of(make_world()):
        world = make_world()
        job_id = world.start_import(FILE, has_sha256=True)
        restoring = Restoring(world, call, rows)
        world.run(restoring)
        job = world.job(job_id)
        ends.add(job.state)
        try:
            if job.state == FAILED:
                assert "epoch" in job.error
                world.jobs().save(job.redriven(RESUME), world.clock.deadline())
                world.run()
                check_right(world, job_id)
            else:  # it had ended, or nothing was appended yet
                assert job.state == SUCCEEDED
                found = [row[2:-1] for row in all_rows(world.ledger())]
                assert found == ROWS or (restoring.is_done and found == ROWS[:rows])
        except BaseException as error:
            error.add_note(f"restored at {call}")
            raise
    assert ends == {SUCCEEDED, FAILED}
