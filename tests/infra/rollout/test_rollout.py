from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.routes import AUTHORIZER, COMMAND, MIGRATOR, PROJECTOR, QUERY, RELATIONAL, SESSIONS, WARMER, WORKER
from handlers.telemetry.metrics import ERRORS, NAMESPACE
from infra.delivering import TOO_SHORT
from infra.naming import Naming
from infra.rollout.calls import calls_of
from infra.rollout.definition import MOST_BEFORE, MOST_ROUNDS, ROUND_S
from infra.rollout.rollout import RolledFunction, RolloutArgs, RolloutComponent
from tests.infra.contract import statements, violations
from tests.infra.graph import Graph, graph_of
from tests.infra.program import EVERYTHING, ROOT, graph, project_schema, run
from tests.infra.watch.metrics_of_aws import METRICS

FUNCTIONS = (COMMAND, QUERY, PROJECTOR)
ARN = "arn:aws:lambda:us-east-1:123456789012"


def with_alarms() -> None:
    naming = Naming(project="shop", stack="test", stage="dev")
    functions = [RolledFunction(name="query", arn=f"{ARN}:query", calls=[])]
    args = RolloutArgs(
        naming=naming, functions=functions, percent=10, bake_s=15, log_days=14, alarms=["slow", "broken"]
    )
    RolloutComponent("rollout", args)


def definition(seen: Graph) -> dict[str, Any]:
    (machine,) = [node for node in seen.of("StateMachine") if node.name == "rollout-machine"]
    return json.loads(machine.at("definition"))


def test_all_at_once_moves_the_aliases_and_makes_nothing() -> None:
    seen = graph("dev")
    assert not seen.of("StateMachine")
    assert "rollout_state_machine_arn" not in seen.outputs
    ignored = {node.name: node.options["ignoreChanges"] for node in seen.of("Alias")}
    assert ignored == {f"{name}-live": ["description"] for name in FUNCTIONS}


def test_a_canary_leaves_the_aliases_to_the_state_machine_but_those_that_nobody_calls() -> None:
    seen = graph(EVERYTHING)
    ignored = {node.name: node.options.get("ignoreChanges") for node in seen.of("Alias") if node.name != "key-alias"}
    by_the_machine = ["functionVersion", "routingConfig", "description"]
    by_pulumi = {f"{name}-live": ["description"] for name in (WARMER, WORKER, SESSIONS, AUTHORIZER, MIGRATOR)}
    assert ignored == {f"{name}-live": by_the_machine for name in (*FUNCTIONS, RELATIONAL)} | by_pulumi
    assert seen.outputs["rollout_state_machine_arn"].endswith(":rollout-machine")
    assert seen.outputs["log_groups"]["rollout"] == "/aws/vendedlogs/lambda-sqlite/everything/rollout"


def test_the_machine_tests_the_stacks_functions_with_the_settings() -> None:
    states = definition(graph(EVERYTHING))["States"]
    tests = states["Read the order"]["Assign"]["tests"]
    assert tests == {
        f"lambda-sqlite-everything-{name}": [call.to_item() for call in calls] for name, calls in calls_of().items()
    }
    assert "$version: 0.25" in json.dumps(states)
    assert states["Watch"]["Seconds"] == 180 / 12


def test_alarms_of_the_gateway_and_of_the_functions_turn_a_version_back() -> None:
    asked = definition(graph("prod"))["States"]["See whether an alarm rings"]["Arguments"]["AlarmNames"]
    parts = [f"{name}-{kind}" for name in FUNCTIONS for kind in ("errors", "throttles")]
    assert asked == [f"lambda-sqlite-prod-{part}" for part in ("api-failures", "api-failure-rate", *parts)]


@pytest.mark.parametrize(
    ("stack", "changed", "is_told"),
    [
        ("prod", {}, False),
        ("prod", {"rolloutBakeS": 179}, True),
        ("prod", {"rolloutBakeS": 179, "alarms": False}, False),
        ("prod", {"rolloutBakeS": 179, "rollout": "all-at-once"}, False),
    ],
)
def test_alarms_that_ring_too_late_for_a_rollout_are_told_of(
    monkeypatch: pytest.MonkeyPatch, stack: str, changed: dict[str, object], is_told: bool
) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda text, *_, **__: said.append(text))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    run(stack, changed)
    assert (TOO_SHORT in said) is is_told


@pytest.mark.parametrize("metrics", [False, True])
def test_the_functions_own_errors_count_where_they_tell_them(metrics: bool) -> None:
    asked = definition(run("prod", {"metrics": metrics}))["States"]["Count its errors"]["Arguments"]
    sources = [query["MetricStat"]["Metric"] for query in asked["MetricDataQueries"]]
    assert [source["Namespace"] for source in sources] == ["AWS/Lambda"] * 2 + [NAMESPACE] * metrics
    if metrics:
        by = frozenset(dimension["Name"] for dimension in sources[-1]["Dimensions"])
        assert (sources[-1]["MetricName"], by in METRICS[NAMESPACE][ERRORS]) == (ERRORS, True)


def test_without_alarms_the_machine_looks_for_none() -> None:
    seen = run("dev", {"rollout": "canary"})
    assert "See whether an alarm rings" not in definition(seen)["States"]
    assert "DescribeAlarms" not in seen.one("RolePolicy", "rollout-rights").at("policy")


def test_failures_alone_are_logged_and_by_the_stacks_own_key() -> None:
    machine = graph("prod").one("StateMachine")
    assert machine.at("loggingConfiguration.level") == "ERROR"
    assert machine.at("loggingConfiguration.logDestination").endswith(":rollout-logs:*")
    assert graph("prod").one("LogGroup", "rollout-logs").at("kmsKeyId").endswith(":key-key")


@pytest.mark.parametrize(("stack", "is_traced"), [("prod", False), (EVERYTHING, True)])
def test_the_machine_may_do_its_work_on_these_functions_and_no_more(stack: str, is_traced: bool) -> None:
    seen = graph(stack)
    given = {each["Sid"]: each for each in statements(seen.one("RolePolicy", "rollout-rights"))}
    names = (*FUNCTIONS, RELATIONAL) if stack == EVERYTHING else FUNCTIONS
    functions = [f"{ARN}:{name}-function" for name in names]
    assert given["Test"]["Resource"] == [f"{arn}:*" for arn in functions]
    assert (given["Move"]["Action"], given["Move"]["Resource"]) == (
        ["lambda:GetAlias", "lambda:UpdateAlias"],
        functions,
    )
    assert given["Watch"]["Action"] == ["cloudwatch:GetMetricData"]
    alarms = definition(seen)["States"]["See whether an alarm rings"]["Arguments"]["AlarmNames"]
    assert given["Alarms"]["Action"] == ["cloudwatch:DescribeAlarms"]
    assert given["Alarms"]["Resource"] == [f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}" for name in alarms]
    traced = seen.one("StateMachine", "rollout-machine").at("tracingConfiguration.enabled")
    assert ("Traces" in given, traced) == (is_traced, is_traced)


def test_only_this_machine_takes_the_role() -> None:
    (statement,) = json.loads(graph("prod").one("Role", "rollout-role").at("assumeRolePolicy"))["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnEquals": {"aws:SourceArn": "arn:aws:states:us-east-1:123456789012:stateMachine:lambda-sqlite-prod-rollout"},
    }


def test_alarms_turn_a_version_back_and_the_machine_may_read_them() -> None:
    seen = graph_of(with_alarms)
    states = definition(seen)["States"]
    asked = states["See whether an alarm rings"]["Arguments"]
    assert (asked["AlarmNames"], asked["StateValue"]) == (["slow", "broken"], "ALARM")
    assert asked["AlarmTypes"] == ["MetricAlarm"]  # others are granted on everything alone
    (read,) = [each for each in statements(seen.one("RolePolicy")) if each["Sid"] == "Alarms"]
    assert [arn.rpartition(":")[2] for arn in read["Resource"]] == ["slow", "broken"]
    assert violations(seen) == []


def test_the_document_says_what_is_so_by_default() -> None:
    text = (ROOT / "docs" / "delivery.md").read_text(encoding="utf-8")
    percent, bake_s = (project_schema()[name]["default"] for name in ("rolloutPercent", "rolloutBakeS"))
    assert f"`rolloutPercent` of them ({percent}) for `rolloutBakeS` ({bake_s} s)" in text
    assert f"Within the default of {bake_s} seconds" in text
    assert f"in rounds of {ROUND_S} seconds or more, {MOST_ROUNDS} at most" in text
    assert f"the last {MOST_BEFORE} of them" in text


def test_a_stack_that_stands_can_change_its_way_and_back() -> None:
    """The resources have the same names, so that nothing is replaced."""
    before, after = run("dev"), run("dev", {"rollout": "canary"})
    assert {node.urn for node in before.nodes} < {node.urn for node in after.nodes}
