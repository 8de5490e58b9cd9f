"""The worker is killed at every call of the outside, and each of them fails in every way; all comes right by itself."""

from __future__ import annotations

import pytest

from handlers.jobs.job import SUCCEEDED
from tests.faults.jobs.world import World, file_of
from tests.support.meddling import drafts

ROWS = drafts(20)
FILE = file_of(ROWS)


def test_a_file_is_imported(world: World) -> None:
    job_id = world.start_import(FILE, has_sha256=True)
    calls = world.run()
    print(len(calls), [str(c) for c in calls][:200])
    world.check_imported(*ROWS)
    job = world.job(job_id)
    assert (job.state, job.rows_done, job.rows_rejected) == (SUCCEEDED, 20, 0)
