"""On an emulator: its state machines and functions, the projector's own code, a table, and folders for EFS."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from handlers.aws.dynamodb import make_client
from handlers.aws.machine import StateMachine
from handlers.aws.table import create_table_arguments
from handlers.domain.bookmark import Bookmark
from handlers.jobs.job import CANCELLED, FAILED, REBUILD, RUNNING, START, SUCCEEDED, WAITING, Job
from handlers.jobs.job_table import JobTable
from handlers.jobs.rebuild_order import execution_name, order_rebuild, start_rebuild
from handlers.ledger.items import OtherColumnsError
from handlers.ledger.ledger import Ledger
from handlers.snapshots.published import DivergedError
from handlers.telemetry.usage import Usage
from infra.machines.language import LAMBDAS_OWN
from infra.rebuild.definition import (
    ANY_LEFT,
    AT_ONCE,
    BUILD,
    CHECK,
    ENDED,
    FAIL,
    GO_ON,
    HOPELESS,
    IS_PUBLISHED,
    IT_FAILED,
    LONGER_S,
    MOST_PLANS,
    PLAN,
    PUBLISH,
    RANGE,
    RebuildPlan,
    definition_of,
)
from tests.support.files import Place, count_of, make_rows, names_in
from tests.support.local.processes import PATIENCE_S
from tests.support.local.versions import ROLE, archive, client, quick_emulator
from tests.support.meddling import EPOCH, no_time_limit, put_rows

TABLE = "rebuilds"
ROWS, RANGE_ROWS = 50, 20
DIVERGED = {"Throw": {"Error": "DivergedError", "Cause": '{"errorMessage": "not this ledger", "errorType": "x"}'}}
MOCKED: dict[str, object] = {
    "StateMachines": {
        "rebuild": {
            "TestCases": {
                "diverged": {PUBLISH: "diverged"},
                "untold": {CHECK: "diverged", FAIL: "diverged"},
                "endless": {PLAN: "endless", RANGE: "built"},
            },
        }
    },
    "MockedResponses": {
        "diverged": {"0-99": DIVERGED},
        "endless": {
            "0-99": {"Return": {"Payload": {"state": "running", "goal": {}, "ranges": [{"first": 1, "last": 9}]}}}
        },
        "built": {"0-99": {"Return": {"Payload": {"state": "running"}}}},
    },
}
# The projector, and before each of its calls what a file of that call's name says; each line of it once.
PROJECTOR = """
import os, sys
sys.path.insert(0, {root!r})
os.environ["TMP_DIR"] = os.path.join(os.environ["TMP_DIR"], str(os.getpid()))  # a sandbox has a disk of its own
os.mkdir(os.environ["TMP_DIR"])
from handlers.projector import handler as projector
def handler(event, context):
    place = os.path.join(os.environ["EFS_DIR"], "calls")
    name = "-".join(str(event[key]) for key in ("step", "first") if key in event)
    number = 0
    while True:
        try:
            os.close(os.open(os.path.join(place, name + "." + str(number)), os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            number += 1
    deeds = os.path.join(place, name + ".py")
    lines = open(deeds).read().splitlines() if os.path.exists(deeds) else []
    if number < len(lines):
        exec(lines[number])
    return projector(event, context)
"""
KILLED, FAILS = "os._exit(1)", "raise MemoryError('too large')"


class Ran(NamedTuple):
    """How an execution ended, the steps that it took, and the job as it is then."""

    status: str
    reason: str
    steps: list[str]
    job: Job


class World:
    """A ledger with three ranges of rows of which nothing is published, and the machine."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.calls, self.aside = self.place.efs / "calls", folder / "aside"
        self.aside.mkdir()
        self.ledger = Ledger(make_client("us-east-1"), TABLE)
        self.jobs = JobTable(self.ledger.client, TABLE)
        environment = {
            "TABLE_NAME": TABLE,
            "EFS_DIR": str(self.place.efs),
            "TMP_DIR": str(self.place.tmp),
            "REQUEST_LOG_PERCENT": "0",
        }
        made = client("lambda").create_function(
            FunctionName="projector",
            Runtime="python3.13",
            Role=ROLE,
            Handler="app.handler",
            Timeout=60,
            Code={"ZipFile": archive(PROJECTOR.format(root=str(Path(__file__).parents[3])))},
            Environment={"Variables": environment},
        )
        plan = RebuildPlan(function_arn=made["FunctionArn"], timeout_s=60, range_rows=RANGE_ROWS)
        self.states = client("stepfunctions")
        self.arn = str(
            self.states.create_state_machine(name="rebuild", definition=json.dumps(definition_of(plan)), roleArn=ROLE)[
                "stateMachineArn"
            ]
        )

    def begin(self) -> None:
        """Put aside what a test has made: deleted files' inodes would come again, and sandboxes know files by them."""
        aside = self.aside / str(len([*self.aside.iterdir()]))
        aside.mkdir()
        for folder in [*self.place.efs.iterdir()]:
            folder.rename(aside / folder.name)
        self.calls.mkdir()
        for state in (WAITING, RUNNING):
            for job in self.jobs.newest(99, no_time_limit(), state=state)[0]:
                cancel(job.id)
        put_rows(self.ledger, make_rows(ROWS))

    def order(self) -> Job:
        return order_rebuild(self.jobs, time.time(), no_time_limit())

    def meddle(self, call: str, *lines: str) -> None:
        """Have a call do something before it does its work: each line once."""
        (self.calls / f"{call}.py").write_text("\n".join(lines))

    def made(self, call: str) -> int:
        """How often a call was made."""
        return len([path for path in self.calls.glob(f"{call}.*") if path.suffix != ".py"])

    def run(self, job: Job, case: str = "") -> Ran:
        """Start the machine as the worker does, and wait for its end."""
        name = execution_name(job)
        machine = StateMachine(f"{self.arn}{case and '#'}{case}", "")
        start_rebuild(job, self.jobs, machine, time.time)
        arn = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        end_s = time.monotonic() + PATIENCE_S
        while (found := self.states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < end_s
            time.sleep(0.02)
        events = self.states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        steps = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        return Ran(found["status"], found.get("cause", ""), [step for step in steps if step in STATES], self.job(job))

    def job(self, job: Job) -> Job:
        found = self.jobs.get(job.id, no_time_limit())
        assert found is not None
        return found


STATES = cast("dict[str, Any]", definition_of(RebuildPlan(function_arn="arn", timeout_s=300))["States"])


def cancel(job_id: str) -> None:
    """As DELETE /jobs/{id} does it, from within a call of the function."""
    jobs = JobTable(make_client("us-east-1"), TABLE)
    job = jobs.get(job_id, no_time_limit())
    assert job is not None
    jobs.save(job.ended(CANCELLED, time.time()), no_time_limit())


def append() -> None:
    """As an insert does it, from within a call of the function."""
    put_rows(Ledger(make_client("us-east-1"), TABLE), make_rows(ROWS + 3))


@pytest.fixture(scope="module")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with quick_emulator(tmp_path_factory.mktemp("account"), MOCKED):
        client("dynamodb").create_table(**create_table_arguments(TABLE))
        yield World(tmp_path_factory.mktemp("place"))


@pytest.fixture
def world(made_world: World) -> World:
    made_world.begin()
    return made_world


START_STEPS = [CHECK, GO_ON, PLAN, ANY_LEFT, BUILD]


def test_all_ranges_are_built_and_published_with_the_rows_appended_meanwhile(world: World) -> None:
    world.meddle("publish", "from tests.infra.rebuild.test_definition import append; append()")
    ran = world.run(world.order())
    assert (ran.status, ran.job.state, ran.job.error) == ("SUCCEEDED", SUCCEEDED, "")
    assert ran.steps == [*START_STEPS, PLAN, ANY_LEFT, PUBLISH, IS_PUBLISHED, ENDED]
    assert (ran.job.attempts, ran.job.order, ran.job.rows_done) == (1, "", ROWS + 3)
    assert ran.job.bookmark == str(Bookmark(EPOCH, ROWS + 3))
    assert [world.made(call) for call in ("check", "plan", "build-1", "build-21", "build-41", "publish")] == [
        *(1, 2, 1, 1, 1, 1)
    ]
    assert count_of(world.place.on_efs()) == ROWS + 3
    assert names_in(world.place.efs / "rebuild") == names_in(world.place.staging) == []


def test_what_is_published_and_right_is_not_built_again(world: World) -> None:
    published = world.place.publisher(world.ledger).publish(Bookmark(EPOCH, ROWS), Usage())
    ran = world.run(world.order())
    assert (ran.status, ran.job.state, ran.steps) == ("SUCCEEDED", SUCCEEDED, [CHECK, GO_ON, ENDED])
    assert names_in(world.place.snapshots) == [*published.chain]


def test_a_range_that_fails_and_then_is_killed_is_built_in_the_third_try(world: World) -> None:
    world.meddle("build-21", FAILS, KILLED)
    ran = world.run(world.order())
    assert (ran.status, ran.job.state, ran.job.rows_done) == ("SUCCEEDED", SUCCEEDED, ROWS)
    assert [world.made(f"build-{first}") for first in (1, 21, 41)] == [1, 3, 1]
    assert count_of(world.place.on_efs()) == ROWS


def test_a_range_that_fails_for_good_fails_the_job_and_a_redrive_goes_on_from_there(world: World) -> None:
    world.meddle("build-41", FAILS, FAILS, FAILS, FAILS)
    ran = world.run(world.order())
    assert (ran.status, ran.job.state) == ("FAILED", FAILED)
    assert ran.steps == [*START_STEPS, FAIL, IT_FAILED]
    assert ran.job.error.startswith("build: ")
    assert "rows 41 to 50: too large" in ran.job.error
    assert "build: rows 41 to 50: " in ran.reason
    assert world.made("build-41") == 4
    assert names_in(world.place.snapshots) == []
    again = world.run(world.jobs.save(ran.job.redriven(START), no_time_limit()))
    assert (again.job.state, again.job.attempts, again.job.error) == (SUCCEEDED, 2, "")
    assert [world.made(f"build-{first}") for first in (1, 21, 41)] == [1, 1, 5]
    assert count_of(world.place.on_efs()) == ROWS


def test_a_cancelled_job_stops_the_machine_at_its_next_step(world: World) -> None:
    world.meddle("build-1", "from tests.infra.rebuild.test_definition import cancel; cancel(event['job'])")
    ran = world.run(world.order())
    assert (ran.status, ran.job.state) == ("SUCCEEDED", CANCELLED)
    assert ran.steps == [*START_STEPS, PLAN, ANY_LEFT, ENDED]
    assert (world.made("publish"), names_in(world.place.snapshots)) == (0, [])


def test_what_is_damaged_or_gone_before_it_is_published_is_planned_again(world: World) -> None:
    damage = "import glob; path = min(glob.glob(os.environ['EFS_DIR'] + '/rebuild/*')); os.truncate(path, 5000)"
    world.meddle("publish", damage)
    ran = world.run(world.order())
    assert (ran.status, ran.job.state) == ("SUCCEEDED", SUCCEEDED)
    assert [world.made(call) for call in ("build-1", "build-21", "publish")] == [2, 1, 2]
    assert count_of(world.place.on_efs()) == ROWS


def test_where_no_other_try_helps_there_is_none(world: World) -> None:
    ran = world.run(world.order(), "diverged")
    assert (ran.status, ran.job.state, ran.steps[-3:]) == ("FAILED", FAILED, [PUBLISH, FAIL, IT_FAILED])
    assert ran.job.error == "publish: DivergedError: not this ledger"
    assert names_in(world.place.snapshots) == []


def test_where_even_the_failure_cannot_be_put_down_the_machine_says_it(world: World) -> None:
    ran = world.run(world.order(), "untold")
    assert (ran.status, ran.steps) == ("FAILED", [CHECK, FAIL, IT_FAILED])
    assert ran.reason.startswith("check: ")
    assert not ran.job.has_ended  # its lease ends, and the sweep finds it


def test_plans_have_an_end(world: World) -> None:
    """As on a file system that damages whatever is written."""
    ran = world.run(world.order(), "endless")
    assert (ran.job.state, ran.job.error) == (FAILED, f"plan: NoEnd: not all is built after {MOST_PLANS} plans")
    assert ran.steps.count(BUILD) == MOST_PLANS


# Without an emulator


def test_eight_ranges_are_built_at_once_and_each_is_tried_three_times_more() -> None:
    assert STATES[BUILD]["MaxConcurrency"] == AT_ONCE == 8
    hopeless, throttled, others = STATES[BUILD]["ItemProcessor"]["States"][RANGE]["Retry"]
    assert (hopeless["ErrorEquals"], hopeless["MaxAttempts"]) == ([*HOPELESS], 0)
    assert set(throttled["ErrorEquals"]) == set(LAMBDAS_OWN)
    assert others == {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 3}


def test_every_task_outlasts_the_function_and_leads_to_the_failure() -> None:
    tasks = {name: state for name, state in STATES.items() if state["Type"] in ("Task", "Map")}
    assert tasks.keys() == {CHECK, PLAN, BUILD, PUBLISH, FAIL}
    for name, state in tasks.items():
        (caught,) = state["Catch"]
        assert (caught["ErrorEquals"], caught["Next"]) == (["States.ALL"], IT_FAILED if name == FAIL else FAIL)
        assert state.get("TimeoutSeconds", 300 + LONGER_S) == 300 + LONGER_S


def test_what_cannot_be_mended_has_the_names_that_lambda_gives_it() -> None:
    assert (DivergedError.__name__, OtherColumnsError.__name__) == HOPELESS


def test_an_execution_is_named_after_the_jobs_turn() -> None:
    job = Job(id="01J", kind=REBUILD, created_s=0.0)
    assert [execution_name(replace(job, turn=turn)) for turn in (0, 1)] == ["01J-0", "01J-1"]
