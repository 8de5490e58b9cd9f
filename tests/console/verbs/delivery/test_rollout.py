from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.rollout.executions import Executions
from tests.console.conftest import Ran, RunConsole
from tests.console.verbs.delivery.conftest import Functions
from tests.support.local.versions import REFUSES, client

pytestmark = pytest.mark.usefixtures("stack")


def outcomes(ran: Ran) -> dict[str, Any]:
    return json.loads(ran.out)["functions"]


def test_new_versions_go_live_the_query_functions_after_the_writers(
    functions: Functions, run_console: RunConsole
) -> None:
    before = {name: each.live()[0] for name, each in functions.items()}
    new = {name: functions[name].publish() for name in ("projector", "query")}
    ran = run_console("rollout", "--json")
    assert ran.code == 0
    assert {name: each.live() for name, each in functions.items()} == {
        name: (new.get(name, before[name]), {}) for name in functions
    }
    told = {name: (each["before"], each["version"], each["outcome"]) for name, each in outcomes(ran).items()}
    assert told == {
        name: (before[name], new.get(name, before[name]), "live" if name in new else "already live")
        for name in ("projector", "command", "query")
    }
    said = [line for line in ran.err.splitlines() if "of the calls" not in line]  # seen, if the share lasts
    assert said == [
        f"projector: version {new['projector']} is being tested; {before['projector']} is live",
        f"projector: version {new['projector']} is live",
        f"query: version {new['query']} is being tested; {before['query']} is live",
        f"query: version {new['query']} is live",
    ]


def test_the_outcome_for_people(functions: Functions, run_console: RunConsole) -> None:
    ran = run_console("rollout", "--function", "command")
    (row,) = [line.split() for line in ran.out.splitlines() if "command" in line]
    version = functions["command"].live()[0]
    assert (ran.code, row) == (0, ["│", "command", "│", str(version), "│", str(version), "│", "already", "live", "│"])


def test_a_writer_that_is_turned_back_leaves_the_query_function_as_it_is(
    functions: Functions, run_console: RunConsole
) -> None:
    before = {name: each.live() for name, each in functions.items()}
    bad, newer = functions["command"].publish(REFUSES), functions["query"].publish()
    ran = run_console("rollout", "--json")
    assert ran.code == 1
    assert {name: each.live() for name, each in functions.items()} == before
    told = outcomes(ran)
    assert [told[name]["outcome"] for name in ("projector", "command", "query")] == [
        *("already live", "turned back", "not begun")
    ]
    assert told["query"]["version"] == newer
    error, hint = ran.err.splitlines()[-2:]
    assert f"command stays at {before['command'][0]}, {bad} was turned back: the test failed" in error
    assert "HEAD /health was answered with 503" in error
    assert error.endswith("; query was not begun")
    execution = told["command"]["execution"]
    assert hint == f"Try: aws stepfunctions get-execution-history --region us-east-1 --execution-arn {execution}"
    assert client("stepfunctions").get_execution_history(executionArn=execution)["events"]


def test_the_next_rollout_tries_again_what_was_turned_back(functions: Functions, run_console: RunConsole) -> None:
    query = functions["query"]
    version, before = query.publish(REFUSES), query.live()
    for _ in range(2):
        ran = run_console("rollout", "--function", "query")
        assert (ran.code, query.live()) == (1, before)
        assert f"query: version {version} was turned back" in ran.err


def test_without_a_canary_there_is_nothing_to_roll_out(
    functions: Functions, run_console: RunConsole, stack: Callable[[str | None], None]
) -> None:
    stack(None)
    before = functions["query"].live()
    functions["query"].publish()
    ran = run_console("rollout", "--json")
    assert (ran.code, outcomes(ran)) == (0, {})
    assert "There is nothing to roll out: `pulumi up` moves the aliases" in ran.err
    assert run_console("rollout").out == ""
    assert functions["query"].live() == before


def test_without_a_stack_and_a_machine_nothing_is_known(run_console: RunConsole, tmp_path: Path) -> None:
    (tmp_path / "pulumi").unlink()
    ran = run_console("rollout", "--function", "shop-query", "--json")
    assert (ran.code, ran.out, "nothing says which state machine" in ran.err) == (1, "", True)
    assert "--machine ARN" in ran.err


def test_calls_that_a_stopped_rollout_left_divided_are_undivided(functions: Functions, run_console: RunConsole) -> None:
    query = functions["query"]
    version = query.publish()
    query.point(version, {"1": 0.1})
    ran = run_console("rollout", "--function", "query")
    assert (ran.code, query.live()) == (0, (version, {}))
    assert "query: a rollout that was stopped had left the calls divided" in ran.err


def begin(machine: str, function: str, version: int) -> str:
    return Executions(client("stepfunctions"), machine).start(function, version).arn


def test_a_rollout_that_is_under_way_is_followed(
    functions: Functions, run_console: RunConsole, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = functions["query"]
    live, version = query.live()[0], query.publish()
    query.point(live, {str(version): 0.1})
    execution = begin(waiting, "shop-query", version)

    def stop(_: float) -> None:
        client("stepfunctions").stop_execution(executionArn=execution, cause="as the test wants it")

    monkeypatch.setattr("console.rollout.rollout.time", SimpleNamespace(sleep=stop))
    ran = run_console("rollout", "--function", "query", "--machine", waiting, "--json")
    told = outcomes(ran)["query"]
    assert (ran.code, told["execution"], told["reason"]) == (1, execution, "as the test wants it")
    assert f"query: version {version} gets 10% of the calls, and is watched" in ran.err
    query.point(version)


def test_a_rollout_of_an_older_version_is_in_the_way(
    functions: Functions, run_console: RunConsole, waiting: str
) -> None:
    older = functions["command"].newest()
    execution = begin(waiting, "shop-command", older)
    functions["command"].publish()
    ran = run_console("rollout", "--machine", waiting)
    assert ran.code == 1
    assert f"shop-command: version {older} is being rolled out, and {older + 1} is newer" in ran.err
    assert client("stepfunctions").describe_execution(executionArn=execution)["status"] == "RUNNING"
    client("stepfunctions").stop_execution(executionArn=execution)


def test_a_version_that_was_taken_back_by_hand_stays_back_unless_it_is_asked_for_again(
    functions: Functions, run_console: RunConsole
) -> None:
    query = functions["query"]
    before, version = query.live(), query.publish()
    query.point(version, before=str(before[0]))
    assert run_console("rollback", "--function", "query").code == 0
    assert query.live() == before
    ran = run_console("rollout", "--function", "query")
    assert (ran.code, query.live()) == (1, before)
    assert f"version {version}, the newest, was live and was taken back by hand" in ran.err
    assert run_console("rollout", "--function", "query", "--again").code == 0
    assert query.live() == (version, {})
