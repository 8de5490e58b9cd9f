"""The worker is killed at every call of the outside, and each of them fails in every way; all comes right by itself."""

from __future__ import annotations

import pytest
from botocore.exceptions import EndpointConnectionError

from handlers.jobs.job import SUCCEEDED
from tests.faults.calls.kinds import Kind
from tests.faults.calls.outside import Call, Run
from tests.faults.jobs.world import Killed, MakeWorld, World, file_of
from tests.support.meddling import client_error, drafts, lose_answer, lose_request, refuse

ROWS = drafts(11)
FILE = file_of(ROWS)
AWAY_S = 60.0


def killed_before(_run: Run) -> object:
    raise Killed


def killed_after(run: Run) -> object:
    run()
    raise Killed


ONCE: dict[str, Kind] = {
    "killed before it": killed_before,
    "killed after it": killed_after,
    "request lost": lose_request,
    "answer lost": lose_answer,
    "throttled": refuse(client_error("ThrottlingException")),
}
CUT_OFF = refuse(EndpointConnectionError(endpoint_url="http://outside"))


class Strike:
    """A fault at one call, or at all calls of the same service from that one on, for a while."""

    def __init__(self, world: World, call: Call, kind: Kind, lasts_s: float = 0.0) -> None:
        self._world = world
        self._call = call
        self._kind = kind
        self._lasts_s = lasts_s
        self.began_s: float | None = None

    def __call__(self, made: Call) -> Kind | None:
        if made == self._call:
            self.began_s = self._world.clock()
            return self._kind
        lasts = self.began_s is not None and self._world.clock() < self.began_s + self._lasts_s
        return self._kind if lasts and made.home == self._call.home else None


def check_right(world: World, job_id: str) -> None:
    world.check_imported(*ROWS)
    job = world.job(job_id)
    assert (job.state, job.rows, job.rows_done, job.rows_rejected) == (SUCCEEDED, len(ROWS), len(ROWS), 0), job
    assert world.rescues == 0


def calls_of(world: World) -> list[Call]:
    """The calls where nothing fails: of several turns."""
    job_id = world.start_import(FILE, has_sha256=True)
    calls = world.run()
    check_right(world, job_id)
    assert world.job(job_id).turn > 0
    return calls


@pytest.mark.parametrize(("name", "lasts_s"), [*((name, 0.0) for name in ONCE), ("away", AWAY_S)])
def test_whichever_call_fails_every_row_is_there_once_and_in_order(
    make_world: MakeWorld, name: str, lasts_s: float
) -> None:
    for call in calls_of(make_world()):
        world = make_world()
        strike = Strike(world, call, ONCE.get(name, CUT_OFF), lasts_s)
        try:
            job_id = world.start_import(FILE, has_sha256=True)
            world.run(strike)
            assert strike.began_s is not None
            assert (world.deaths > 0) is name.startswith("killed")
            check_right(world, job_id)
        except BaseException as error:
            error.add_note(f"{name} at {call}")
            raise
