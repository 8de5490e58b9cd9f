"""The steps of a rebuild as the state machine has the projector do them, without the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.jobs.job import BUILD, CANCELLED, FAILED, RUNNING, SUCCEEDED, VERIFY, WAITING, Job
from handlers.jobs.job_table import JobTable
from handlers.jobs.rebuild_order import order_rebuild
from handlers.jobs.rebuilding import message_of
from handlers.ledger.ledger import Ledger
from handlers.projector import Projector, make_handler
from handlers.snapshots.published import Published
from handlers.snapshots.rebuild import Rebuild
from tests.support.api import Context
from tests.support.files import Place, count_of, make_rows, names_in
from tests.support.meddling import EPOCH, no_time_limit, put_rows

ROWS, RANGE_ROWS = 50, 20


class Steps:
    """A ledger of which nothing is published, an order to rebuild it, and calls of the projector."""

    def __init__(self, environ: Mapping[str, str], ledger: Ledger, place: Place) -> None:
        self.environ, self.ledger, self.place = environ, ledger, place
        self.jobs = JobTable(ledger.client, ledger.table_name)
        put_rows(ledger, make_rows(ROWS))
        self.id = order_rebuild(self.jobs, 4e9, no_time_limit()).id

    @property
    def job(self) -> Job:
        found = self.jobs.get(self.id, no_time_limit())
        assert found is not None
        return found

    def take(self, step: str, **more: object) -> dict[str, Any]:
        """Take a step, in a sandbox of its own."""
        handler: Projector = make_handler(self.environ)
        return handler({"task": "rebuild", "step": step, "job": self.id, "range_rows": RANGE_ROWS, **more}, Context())

    def build(self) -> dict[str, Any]:
        """Take all steps up to the publish. Returns the goal."""
        assert self.take("check") == {"state": RUNNING}
        planned = self.take("plan", goal={})
        for span in planned["ranges"]:
            assert self.take("build", goal=planned["goal"], **span) == {"state": RUNNING, "reached": span["last"]}
        return planned["goal"]

    def cancel(self) -> None:
        self.jobs.save(self.job.ended(CANCELLED, 4e9), no_time_limit())


@pytest.fixture
def steps(environ: dict[str, str], ledger: Ledger, place: Place) -> Steps:
    return Steps(environ, ledger, place)


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Place:
    made = Place(tmp_path_factory.mktemp("reader"))
    environ["EFS_DIR"] = str(made.efs)
    return made


def test_the_job_tells_how_far_it_is(steps: Steps) -> None:
    seen: list[tuple[object, ...]] = []

    def look() -> None:
        seen.append((steps.job.state, steps.job.phase, steps.job.rows, steps.job.rows_done))

    look()
    steps.take("check")
    look()
    planned = steps.take("plan", goal={})
    look()
    for span in planned["ranges"]:
        steps.take("build", goal=planned["goal"], **span)
        look()
    assert steps.take("publish", goal=planned["goal"]) == {"state": SUCCEEDED, "bookmark": steps.job.bookmark}
    look()
    assert seen == [
        (WAITING, "", None, 0),
        (RUNNING, "plan", None, 0),
        *((RUNNING, BUILD, ROWS, done) for done in (0, 20, 40, 50)),
        (SUCCEEDED, VERIFY, ROWS, ROWS),
    ]
    assert steps.job.bookmark == str(Bookmark(EPOCH, ROWS))
    assert (steps.job.attempts, steps.job.order, steps.job.lease_end_s) == (1, "", 0.0)


def test_every_step_may_be_taken_twice(steps: Steps) -> None:
    for _ in range(2):
        assert steps.take("check") == {"state": RUNNING}
    planned = [steps.take("plan", goal={}) for _ in range(2)]
    assert planned[0] == planned[1]
    goal = planned[0]["goal"]
    for span in planned[0]["ranges"] * 2:
        assert steps.take("build", goal=goal, **span)["reached"] == span["last"]
    assert [steps.take("publish", goal=goal)["state"] for _ in range(2)] == [SUCCEEDED, SUCCEEDED]
    assert steps.job.rows_done == ROWS
    assert steps.take("fail", where="publish", error="Any", cause="late") == {"state": SUCCEEDED}
    assert count_of(steps.place.on_efs()) == ROWS


def test_a_publish_whose_answer_got_lost_leaves_nothing_behind(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    goal = steps.build()
    with monkeypatch.context() as killed:
        killed.setattr("handlers.snapshots.rebuild.Rebuild.forget", _killed)
        with pytest.raises(KeyboardInterrupt):
            steps.take("publish", goal=goal)
    assert steps.job.state == SUCCEEDED
    assert names_in(steps.place.efs / "rebuild") != []
    assert steps.take("publish", goal=goal)["state"] == SUCCEEDED
    assert names_in(steps.place.efs / "rebuild") == []


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["check", "plan", "build", "publish"])
def test_a_cancelled_job_has_no_further_step(steps: Steps, step: str) -> None:
    goal = steps.build()
    built = names_in(steps.place.efs / "rebuild")
    steps.cancel()
    more = {"goal": goal} | ({"first": 1, "last": 20} if step == "build" else {})
    assert steps.take(step, **more) == {"state": CANCELLED, "goal": {}, "ranges": []}
    assert (names_in(steps.place.snapshots), names_in(steps.place.efs / "rebuild")) == ([], built)


def test_a_job_that_is_cancelled_while_it_is_published_stays_cancelled(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal = steps.build()

    publish = Rebuild.publish

    def cancelled(*arguments: Any) -> Published | None:
        steps.cancel()
        return publish(*arguments)

    monkeypatch.setattr(Rebuild, "publish", cancelled)
    assert steps.take("publish", goal=goal)["state"] == CANCELLED
    assert steps.job.state == CANCELLED


def test_a_job_that_is_gone_is_as_good_as_cancelled(steps: Steps) -> None:
    steps.id = "0" * 26
    assert steps.take("plan", goal={}) == {"state": CANCELLED, "goal": {}, "ranges": []}
    assert steps.take("fail", where="plan", error="Any", cause="") == {"state": CANCELLED}


def test_what_is_right_already_is_not_built(steps: Steps) -> None:
    steps.place.publisher(steps.ledger)
    goal = steps.build()
    steps.take("publish", goal=goal)
    steps.id = order_rebuild(steps.jobs, 4e9, no_time_limit()).id
    assert steps.take("check") == {"state": SUCCEEDED, "bookmark": str(Bookmark(EPOCH, ROWS))}
    assert (steps.job.state, steps.job.rows_done) == (SUCCEEDED, ROWS)


def test_a_range_that_is_gone_is_for_the_next_plan(steps: Steps) -> None:
    goal = steps.build()
    (steps.place.efs / "rebuild" / names_in(steps.place.efs / "rebuild")[1]).unlink()
    assert steps.take("publish", goal=goal) == {"state": RUNNING}
    assert steps.take("plan", goal=goal)["ranges"] == [{"first": 21, "last": 40}]
    assert (steps.job.phase, steps.job.rows_done) == (BUILD, 30)


def test_a_plan_names_so_many_ranges_and_the_next_one_the_rest(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.jobs.rebuilding.MOST_SPANS", 2)
    steps.take("check")
    planned = steps.take("plan", goal={})
    assert [span["first"] for span in planned["ranges"]] == [1, 21]


def test_a_failure_is_put_down_with_its_step_and_its_reason(steps: Steps) -> None:
    steps.take("check")
    cause = 'rows 21 to 40: {"errorMessage": "No space left", "errorType": "OSError", "stackTrace": ["a{b}"]}'
    assert steps.take("fail", where="build", error="OSError", cause=cause) == {"state": FAILED}
    assert steps.job.error == "build: OSError: rows 21 to 40: No space left"


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ('{"errorMessage": "why"}', "why"),
        ("it took too long", "it took too long"),
        ("", ""),
        ("rows 1 to 2: {cut o", "rows 1 to 2: {cut o"),
        ('{"message": "why"}', '{"message": "why"}'),
    ],
)
def test_the_message_is_taken_out_of_what_lambda_wraps_it_in(cause: str, message: str) -> None:
    assert message_of(cause) == message


def test_an_unknown_step_names_those_there_are(steps: Steps) -> None:
    with pytest.raises(ValueError, match="step: got 'any', allowed: check, plan, build, publish, fail"):
        steps.take("any")
