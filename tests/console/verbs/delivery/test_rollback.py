from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from console.rollout.executions import Executions
from tests.console.conftest import RunConsole
from tests.console.verbs.delivery.conftest import Functions
from tests.support.local.versions import client

pytestmark = pytest.mark.usefixtures("stack")
MOVED_ON = "The next `pulumi up` that publishes a version, or refreshes, moves the alias on."


def test_two_rollbacks_go_two_versions_back(functions: Functions, run_console: RunConsole) -> None:
    query = functions["query"]
    versions = [query.publish() for _ in range(3)]
    query.point(versions[2], before=f"{versions[1]} {versions[0]}")
    ran = run_console("rollback", "--function", "query")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"query: version {versions[1]} is live, {versions[2]} is not any more\n"
    result = json.loads(run_console("rollback", "--function", "query", "--json").out)
    assert result["functions"]["query"] == {
        **{"function": "shop-query", "left": versions[1], "version": versions[0], "stopped": None}
    }
    assert query.live() == (versions[0], {})


def test_without_a_canary_the_next_pulumi_up_is_named(
    functions: Functions, run_console: RunConsole, stack: Callable[[str | None], None]
) -> None:
    stack(None)
    command = functions["command"]
    first, version = command.live()[0], command.publish()
    command.point(version)
    ran = run_console("rollback", "--function", "command")
    assert (ran.code, ran.err.strip(), command.live()) == (0, MOVED_ON, (first, {}))


def test_any_version_can_be_named_forward_too(functions: Functions, run_console: RunConsole) -> None:
    projector = functions["projector"]
    version = projector.publish()
    assert run_console("rollback", "--function", "projector", "--to", str(version)).code == 0
    assert projector.live() == (version, {})
    assert run_console("rollback", "--function", "shop-projector", "--to", "1").code == 0
    assert projector.live() == (1, {})


def test_a_rollout_under_way_is_stopped_and_what_is_live_stays(
    functions: Functions, run_console: RunConsole, waiting: str
) -> None:
    query = functions["query"]
    live, version = query.live()[0], query.publish()
    query.point(live, {str(version): 0.1})
    execution = Executions(client("stepfunctions"), waiting).start(query.name, version)
    ran = run_console("rollback", "--function", "query", "--machine", waiting)
    assert ran.code == 0
    assert ran.out == f"query: version {live} is live, {version} is not any more\n"
    assert ran.err == f"shop-query: the rollout of version {version} is stopped\n"
    assert query.live() == (live, {})
    assert client("stepfunctions").describe_execution(executionArn=execution.arn)["status"] == "ABORTED"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ([], 2, "which function is to go back?"),
        (["--function", "query", "--function", "command", "--to", "1"], 2, "--to is a version of one function"),
        (["--function", "query", "--to", "999"], 1, "shop-query has no version 999; its newest are"),
        (["--function", "query", "--to", "0"], 2, "x>=1"),
        (["--function", "nothing"], 1, "ResourceNotFoundException"),
    ],
)
def test_what_cannot_be_done_is_said(run_console: RunConsole, options: list[str], code: int, message: str) -> None:
    ran = run_console("rollback", *options)
    assert (ran.code, message in ran.err) == (code, True)


@pytest.mark.parametrize("is_json", [False, True], ids=["text", "json"])
def test_what_was_moved_is_told_though_the_next_one_fails(
    functions: Functions, run_console: RunConsole, is_json: bool
) -> None:
    query = functions["query"]
    before, version = query.live()[0], query.publish()
    query.point(version, before=str(before))
    ran = run_console("rollback", "--function", "query", "--function", "nothing", *(["--json"] if is_json else []))
    assert (ran.code, "ResourceNotFoundException" in ran.err, query.live()) == (1, True, (before, {}))
    if is_json:
        told = {name: each["version"] for name, each in json.loads(ran.out)["functions"].items()}
        assert told == {"query": before}
    else:
        assert ran.out == f"query: version {before} is live, {version} is not any more\n"


def test_before_the_first_version_there_is_none(functions: Functions, run_console: RunConsole) -> None:
    functions["command"].point(1)
    ran = run_console("rollback", "--function", "command")
    assert (ran.code, "there is no version before 1" in ran.err) == (1, True)
