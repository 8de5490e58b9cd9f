from __future__ import annotations

import json
from typing import Any

import pytest

from infra.naming import Naming
from infra.rebuild.rebuild import RebuildArgs, RebuildComponent
from tests.infra.contract import statements, violations
from tests.infra.graph import Graph, graph_of

ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:shop-test-projector:live"


def seen(**more: Any) -> Graph:
    naming = Naming(project="shop", stack="test", stage="dev")

    def program() -> None:
        RebuildComponent("rebuild", RebuildArgs(naming=naming, projector_arn=ALIAS, timeout_s=300, log_days=14, **more))

    return graph_of(program)


def test_the_machine_calls_the_projector_and_may_do_nothing_else() -> None:
    graph = seen()
    machine = graph.one("StateMachine")
    states = json.loads(machine.at("definition"))["States"]
    assert states["Plan"]["Arguments"]["FunctionName"] == ALIAS
    assert states["Plan"]["TimeoutSeconds"] > 300
    allowed = {each["Sid"]: each for each in statements(graph.one("RolePolicy"))}
    assert allowed.keys() == {"Steps", "Logs"}
    assert (allowed["Steps"]["Action"], allowed["Steps"]["Resource"]) == (["lambda:InvokeFunction"], [ALIAS])


def test_failures_alone_are_logged_without_what_the_steps_were_given() -> None:
    graph = seen()
    machine, group = graph.one("StateMachine"), graph.one("LogGroup")
    assert machine.at("loggingConfiguration") == {
        "level": "ERROR",
        "includeExecutionData": False,
        "logDestination": f"arn:aws:cloudwatch:us-east-1:123456789012:{group.name}:*",
    }
    assert (machine.at("type"), machine.at("name")) == ("STANDARD", "shop-test-rebuild")
    assert (group.at("name"), group.at("retentionInDays")) == ("/aws/vendedlogs/shop/test/rebuild", 14)


def test_traces_are_allowed_where_it_is_traced() -> None:
    graph = seen(tracing=True)
    assert graph.one("StateMachine").at("tracingConfiguration") == {"enabled": True}
    assert "Traces" in {each["Sid"] for each in statements(graph.one("RolePolicy"))}


@pytest.mark.parametrize("more", [{}, {"permissions_boundary": "arn:aws:iam::123456789012:policy/limits"}], ids=str)
def test_it_keeps_the_rules_of_the_house(more: dict[str, Any]) -> None:
    assert violations(seen(**more)) == []
