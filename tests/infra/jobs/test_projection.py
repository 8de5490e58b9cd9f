from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.ledger.head import HEAD_KEY
from tests.infra.contract import statements
from tests.infra.graph import Node
from tests.infra.program import EVERYTHING, graph, run

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:storage-table"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:projection-failures"
KEY = "arn:aws:kms:us-east-1:123456789012:key-key"


def rights(stack: str, changes: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """What the projector's role may do for its event source, by the statements' names."""
    node = run(stack, changes).one("RolePolicy", "projection-rights")
    assert node.inputs["role"] == f"lambda-sqlite-{stack}-projector"
    return {statement["Sid"]: statement for statement in statements(node)}


def mapping(stack: str = "prod") -> Node:
    return graph(stack).one("EventSourceMapping")


def test_of_the_stream_only_the_head_wakes_the_projector() -> None:
    """As records are filtered: a list of the values that are let through, in the record's own place for them."""
    (given,) = mapping().at("filterCriteria.filters")
    assert json.loads(given["pattern"]) == {"dynamodb": {"Keys": {"pk": {"S": [HEAD_KEY["pk"].get("S")]}}}}


def test_a_projector_that_publishes_nothing_follows_no_stream_and_may_not_read_one() -> None:
    seen = run("dev", {"projection": "sync"})
    assert not seen.of("EventSourceMapping")
    assert {*rights("dev", {"projection": "sync"})} == {"Failures"}
    assert seen.one("FunctionEventInvokeConfig", "projection-tasks")  # its tasks may fail all the same


@pytest.mark.parametrize("projection", ["stream", "both"])
def test_a_projector_that_publishes_reads_the_streams_of_the_table_and_of_no_other(projection: str) -> None:
    given = rights("dev", {"projection": projection})
    assert given["Stream"]["Resource"] == [f"{TABLE}/stream/*"]
    reads = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
    assert set(given["Stream"]["Action"]) == reads
    assert (given["Streams"]["Action"], given["Streams"]["Resource"]) == (["dynamodb:ListStreams"], ["*"])
    assert {*given} == {"Failures", "Stream", "Streams"}


@pytest.mark.parametrize("name", ["projection-rights", "schedules-invoke"])
def test_failures_go_into_the_queue_and_through_sqs_under_the_stacks_key(name: str) -> None:
    for stack, key in (("dev", None), ("prod", KEY)):
        given = {statement["Sid"]: statement for statement in statements(graph(stack).one("RolePolicy", name))}
        assert (given["Failures"]["Action"], given["Failures"]["Resource"]) == (["sqs:SendMessage"], [QUEUE])
        use = given.get("FailuresKey")
        assert (use and use["Resource"]) == (key and [key])
        if use:
            assert set(use["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
            assert use["Condition"] == {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}


@pytest.mark.parametrize("stack", ["prod", EVERYTHING])
def test_of_asynchronous_calls_the_projectors_tasks_are_kept_and_all_others_are_dropped_at_once(stack: str) -> None:
    """And none is tried again: another try of maintenance would write a right finding over the fault."""
    given = {
        node.at("functionName").removeprefix(f"lambda-sqlite-{stack}-"): (
            node.at("qualifier"),
            node.at("maximumRetryAttempts"),
            node.at("maximumEventAgeInSeconds"),
            node.at("destinationConfig.onFailure.destination"),
        )
        for node in graph(stack).of("FunctionEventInvokeConfig")
    }
    assert given.pop("projector") == ("live", 0, 3600, QUEUE)
    assert given.pop("relational", None) == (("live", 0, 3600, QUEUE) if stack == EVERYTHING else None)
    assert {*given} == {
        "command",
        "query",
        *(["warmer", "worker", "sessions", "authorizer", "migrator"] if stack == EVERYTHING else []),
    }
    assert {*given.values()} == {("live", 0, 60, None)}


def test_the_queue_is_encrypted_by_sqs_or_by_the_stacks_key() -> None:
    dev, prod = (graph(stack).one("Queue").inputs for stack in ("dev", "prod"))
    assert (dev["sqsManagedSseEnabled"], dev.get("kmsMasterKeyId")) == (True, None)
    assert (prod.get("sqsManagedSseEnabled"), prod["kmsMasterKeyId"]) == (None, KEY)


def test_nobody_talks_to_the_queue_without_tls() -> None:
    (denial,) = statements(graph("prod").one("QueuePolicy"))
    assert (denial["Effect"], denial["Principal"], denial["Action"]) == ("Deny", {"AWS": "*"}, ["sqs:*"])
    assert denial["Resource"] == [QUEUE]
    assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("stack", ["dev", EVERYTHING])
def test_the_outputs_name_what_an_alarm_needs(stack: str) -> None:
    outputs = graph(stack).outputs
    assert outputs["projector_function"] == f"lambda-sqlite-{stack}-projector"
    assert outputs["failure_queue_arn"] == QUEUE
    assert outputs["failure_queue_url"].endswith("/projection-failures")
    functions = {
        "command",
        "query",
        "projector",
        *(["warmer", "worker", "sessions", "authorizer", "relational", "migrator"] if stack == EVERYTHING else []),
    }
    assert {*outputs["function_arns"]} == {*outputs["role_arns"]} == functions
    assert functions < {*outputs["log_groups"]}
