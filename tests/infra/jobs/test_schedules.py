from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.routes import COMMAND, QUERY
from tests.infra.contract import statements
from tests.infra.program import EVERYTHING, graph, run
from tests.support.api import Answer, Api

ARN = "arn:aws:lambda:us-east-1:123456789012"
GROUP = "arn:aws:scheduler:us-east-1:123456789012:schedules-group"


def calls(stack: str, changes: dict[str, Any] | None = None) -> dict[str, tuple[str, str, Any]]:
    """Each schedule's rate, target and event."""
    return {
        node.name: (node.at("scheduleExpression"), node.at("target.arn"), json.loads(node.at("target.input")))
        for node in run(stack, changes).of("Schedule")
    }


def test_maintenance_runs_every_hour_and_functions_that_idle_are_called_once_a_day() -> None:
    given = calls("prod")
    assert given["schedules-maintain"] == ("rate(60 minutes)", f"{ARN}:projector-live", {"task": "maintain"})
    for function, rate in (("command", "rate(5 minutes)"), ("query", "rate(24 hours)")):
        every, target, event = given[f"schedules-keep-{function}"]
        assert (every, target) == (rate, f"{ARN}:{function}-live")
        assert event["rawPath"] == f"/{function}/health"
    assert len(given) == 3


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        ({"alarms": True, "metrics": True}, "rate(5 minutes)"),
        ({"alarms": True}, "rate(24 hours)"),
        ({"metrics": True}, "rate(24 hours)"),
    ],
)
def test_the_clock_asks_for_the_lag_where_an_alarm_hangs_on_the_answer(changes: dict[str, Any], rate: str) -> None:
    assert calls("dev", changes)["schedules-keep-command"][0] == rate


def test_without_maintenance_the_projector_is_called_once_a_day_as_the_others_are() -> None:
    given = calls("dev", {"maintenanceMinutes": 0})
    assert {*given} == {f"schedules-keep-{function}" for function in ("command", "query", "projector")}
    task = {"task": "verify", "level": "quick"}
    assert given["schedules-keep-projector"] == ("rate(24 hours)", f"{ARN}:projector-live", task)


@pytest.mark.parametrize("function", [COMMAND, QUERY])
def test_the_functions_answer_what_the_schedule_hands_them(function: str, api: Api) -> None:
    event = calls("dev")[f"schedules-keep-{function}"][2]
    answer = Answer(api.function(event)(event, None))
    assert (answer.status, answer.json["role"]) == (200, function)


def test_the_clock_wakes_the_warmer_which_wakes_the_query_function_and_no_other() -> None:
    assert calls(EVERYTHING)["schedules-warm"] == ("rate(5 minutes)", f"{ARN}:warmer-live", {})
    retries = graph(EVERYTHING).one("Schedule", "schedules-warm").at("target.retryPolicy")
    assert retries == {"maximumRetryAttempts": 0, "maximumEventAgeInSeconds": 60}
    warmer = graph(EVERYTHING).one("Function", "warmer-function")
    assert warmer.at("environment.variables") == {"FUNCTION_ARN": f"{ARN}:query-live", "SANDBOXES": "3"}
    assert warmer.at("reservedConcurrentExecutions") == 1
    assert not warmer.at("vpcConfig")
    assert not warmer.at("fileSystemConfig")
    of_its_role = {
        node.name: statements(node)
        for node in graph(EVERYTHING).of("RolePolicy")
        if node.inputs["role"] == warmer.at("name")
    }
    assert {*of_its_role} == {"warmer-identity-runtime", "warmer-identity-key", "warmer-invoke"}
    assert {statement["Sid"] for statement in of_its_role["warmer-identity-runtime"]} == {"Logs", "Traces"}
    (invoke,) = of_its_role["warmer-invoke"]
    assert (invoke["Action"], invoke["Resource"]) == (["lambda:InvokeFunction"], [f"{ARN}:query-live"])


def test_without_sandboxes_to_keep_there_is_no_warmer() -> None:
    assert not [node.name for node in graph("prod").nodes if "warm" in node.name]


@pytest.mark.parametrize(
    ("stack", "aliases"),
    [
        ("prod", ["command", "projector", "query"]),
        (EVERYTHING, ["command", "projector", "query", "relational", "warmer", "worker"]),
    ],
)
def test_the_schedules_role_invokes_the_targets_and_nothing_else(stack: str, aliases: list[str]) -> None:
    given = statements(graph(stack).one("RolePolicy", "schedules-invoke"))
    (invoke,) = [statement for statement in given if "lambda:InvokeFunction" in statement["Action"]]
    assert invoke["Resource"] == [f"{ARN}:{name}-live" for name in aliases]
    assert {statement["Sid"] for statement in given} == {"Invoke", "Failures", "FailuresKey"}


def test_only_schedules_of_this_group_and_account_take_the_role() -> None:
    (statement,) = json.loads(graph("prod").one("Role", "schedules-role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012", "aws:SourceArn": GROUP},
    }
