"""Each part of the program switched on by itself: its components and outputs come, and those of no other part."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.contract import violations
from tests.infra.graph import Graph, kind_of
from tests.infra.program import graph, run
from tests.infra.settings.values import CANARY, PIPELINES

WATCHED = {"AlarmsComponent", "TopicComponent"}
WITHOUT_STREAM = {"projection": "sync", "maintenanceMinutes": 0}
# What is changed in dev; the components and the outputs that come or go with it.
PARTS: dict[str, tuple[dict[str, Any], set[str], set[str]]] = {
    "dashboard": ({"dashboard": True}, {"DashboardComponent"}, {"dashboard_name"}),
    "homes": ({"dashboard": True, "metrics": True}, {"DashboardComponent"}, {"dashboard_name"}),
    "alarms": ({"alarms": True, "metrics": True}, WATCHED, {"alarm_topic_arn"}),
    "alarms-of-a-rollout": (
        {"alarms": True, "rolloutBakeS": 60} | CANARY | WITHOUT_STREAM,
        WATCHED | {"RolloutComponent"},
        {"alarm_topic_arn", "rollout_state_machine_arn", "stream_mapping"},
    ),
    "jobs": (
        {"jobs": True},
        {"JobsComponent", "RebuildComponent", "WorkComponent"},
        {"worker_function", "worker_stream_mapping", "jobs_mapping", "dead_letters_mapping", "imports_bucket"}
        | {"jobs_queue_url", "dead_letters_url", "rebuild_machine_arn"},
    ),
    "lake": (
        {"lake": True},
        {"LakeComponent"},
        {"worker_function", "lake_bucket", "lake_database", "athena_workgroup"},
    ),
    "notifications": (
        {"notifications": True},
        {"TopicComponent", "WorkComponent"},
        {"worker_function", "worker_stream_mapping", "topic_arn"},
    ),
    "pipelines": (PIPELINES, {"BuilderComponent", "DeliveryComponent"}, set()),
}


def components(seen: Graph) -> set[str]:
    return {kind_of(node) for node in seen.nodes if not node.is_custom}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_alone_brings_what_it_takes_and_nothing_else(part: str) -> None:
    changes, made, outputs = PARTS[part]
    seen, plain = run("dev", changes), graph("dev")
    assert components(seen) ^ components(plain) == made
    assert {*seen.outputs} ^ {*plain.outputs} == outputs
    assert violations(seen) == []
