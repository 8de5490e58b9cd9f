"""Alarms and the dashboard name metrics that exist, of resources that exist; and all own metrics are looked at."""

from __future__ import annotations

import dataclasses
import re

import pytest

from handlers.routes import COMMAND, QUERY
from handlers.telemetry.metrics import BY_FUNCTION, BY_PATH, FUNCTION, NAMESPACE, PATH
from tests.infra.graph import Graph
from tests.infra.program import EVERYTHING, graph, run
from tests.infra.watch.named import Named, named_by_alarms, named_by_widgets, widgets, wrong

STACKS = ("prod", EVERYTHING)


def resources(seen: Graph) -> set[str]:
    """What dimensions may name: functions, API, table, database, vault, file system, queue, state machine."""
    machines = {
        f"arn:aws:states:us-east-1:123456789012:stateMachine:{node.inputs['name']}" for node in seen.of("StateMachine")
    }
    machines |= {f"arn:aws:sfn:us-east-1:123456789012:{node.name}" for node in seen.of("StateMachine")}
    by_name = {node.inputs["name"] for node in seen.of("Function", "Table", "Vault", "Queue")}
    by_name |= {node.inputs["identifier"] for node in seen.of("Instance")}
    return by_name | machines | {f"{node.name}-id" for node in seen.of("Api", "FileSystem")}


@pytest.mark.parametrize("stack", STACKS)
def test_alarms_and_widgets_name_metrics_that_exist(stack: str) -> None:
    seen = graph(stack)
    named = named_by_alarms(seen) + named_by_widgets(seen)
    assert len(named) > 90
    assert [*wrong(named, resources(seen))] == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Latencies"},
        {"namespace": "AWS/Lamda"},
        {"dimensions": ((FUNCTION, "lambda-sqlite-prod-query"),)},
        {"dimensions": ((FUNCTION, "lambda-sqlite-prod-query"), (PATH, "sqlite_efs"))},
        {"dimensions": ((FUNCTION, "query"), (PATH, "ddb"))},
    ],
)
def test_a_metric_that_does_not_exist_is_noticed(change: dict[str, object]) -> None:
    dimensions = ((FUNCTION, "lambda-sqlite-prod-query"), (PATH, "ddb"))
    good = Named("somewhere", NAMESPACE, "Latency", dimensions, "Sum")
    there = resources(graph("prod"))
    assert [*wrong([good], there)] == []
    assert [*wrong([dataclasses.replace(good, **change)], there)]  # pyright: ignore[reportArgumentType]


def test_a_statistic_that_efs_does_not_have_is_noticed() -> None:
    stored = Named("files", "AWS/EFS", "PercentIOLimit", (("FileSystemId", "storage-files-id"),), "Sum")
    assert [*wrong([stored], resources(graph("prod")))] == ["files: AWS/EFS PercentIOLimit has no Sum"]


def test_all_that_the_functions_tell_is_shown_or_watched() -> None:
    named = named_by_alarms(graph("prod")) + named_by_widgets(graph("prod"))
    assert {metric.name for metric in named if metric.namespace == NAMESPACE} == {*BY_PATH, *BY_FUNCTION}


def test_metrics_by_path_are_asked_of_the_function_that_answers_it() -> None:
    for metric in named_by_widgets(graph("prod")):
        dimensions = dict(metric.dimensions)
        if PATH in dimensions:
            function = COMMAND if dimensions[PATH] == "insert" else QUERY
            assert dimensions[FUNCTION] == f"lambda-sqlite-prod-{function}"


def test_without_metrics_nobody_names_one_of_the_functions_own() -> None:
    seen = run("prod", {"metrics": False})
    named = named_by_alarms(seen) + named_by_widgets(seen)
    assert named
    assert NAMESPACE not in {metric.namespace for metric in named}
    assert "pulumi config set metrics true" in widgets(seen, "text")[0]["markdown"]


def used(expression: str) -> set[str]:
    """The names of metrics in an expression; functions of metric math are in capitals."""
    return set(re.findall(r"\b[a-z][a-z0-9_]*\b", expression))


def test_expressions_are_made_of_the_metrics_beside_them() -> None:
    expressions = 0
    for node in graph("prod").of("MetricAlarm"):
        queries = node.inputs["metricQueries"]
        ids = {query["id"] for query in queries if "metric" in query}
        for query in queries:
            if "expression" in query:
                expressions += 1
                assert used(query["expression"]) == ids or "METRICS()" in query["expression"]
        assert [query["returnData"] for query in queries].count(True) == 1
    for shown in widgets(graph("prod")):
        options = [entry[-1] for entry in shown["metrics"]]
        ids = [option["id"] for option in options]
        assert len({*ids}) == len(ids)
        assert all(re.fullmatch(r"[a-z][a-zA-Z0-9_]*", id_) for id_ in ids)
        for option in options:
            if "expression" in option:
                expressions += 1
                assert used(option["expression"]) <= {*ids}
    assert expressions > 10
