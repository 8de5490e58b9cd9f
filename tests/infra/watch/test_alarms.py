"""Each alarm's limit follows the settings of what it watches."""

from __future__ import annotations

from functools import cache

import pytest

from infra.settings.projection_settings import ProjectionSettings
from infra.watch.function_alarms import WatchedFunction, function_rules, stream_rule
from infra.watching import most_lag_s
from tests.infra.graph import Graph, Node
from tests.infra.program import EVERYTHING, graph, run


@cache
def without_metrics() -> Graph:
    return run("prod", {"metrics": False, "projection": "sync"})


def alarms(seen: Graph) -> dict[str, Node]:
    return {node.name.removeprefix("alarms-"): node for node in seen.of("MetricAlarm")}


def test_there_is_an_alarm_for_all_that_can_go_wrong() -> None:
    of_functions = ("errors", "throttles", "duration")
    functions = {f"{part}-{what}" for part in ("command", "query", "projector") for what in of_functions}
    files = {f"files-{what}" for what in ("operations", "throughput", "cost", "storage")}
    others = {"api-failures", "api-failure-rate", "failures", "table-throttles", "table-failures"}
    own = {"lag", "divergence", "projector-failures"}
    assert {*alarms(graph("prod"))} == functions | files | others | own | {"stream", "backups-failed", "rollout"}
    assert {*alarms(without_metrics())} == functions | files | others | {"backups-failed", "rollout"}
    assert {*alarms(run("prod", {"backup": "none"}))} == functions | files | others | own | {"stream", "rollout"}
    assert "rollout" not in alarms(run("dev", {"alarms": True}))


def test_a_rollout_that_ends_in_any_other_way_than_well_is_told() -> None:
    seen = graph("prod")
    queries = alarms(seen)["rollout"].at("metricQueries")
    machine = f"arn:aws:states:us-east-1:123456789012:stateMachine:{seen.one('StateMachine').at('name')}"
    told = {q["metric"]["metricName"]: q["metric"]["dimensions"] for q in queries if "metric" in q}
    assert told == {f"Executions{end}": {"StateMachineArn": machine} for end in ("Failed", "Aborted", "TimedOut")}
    turns_back = seen.one("StateMachine").at("definition")
    assert "lambda-sqlite-prod-api-failures" in turns_back
    assert 'lambda-sqlite-prod-rollout"' not in turns_back


def test_a_function_is_slow_at_four_fifths_of_its_timeout() -> None:
    duration = alarms(graph(EVERYTHING))["query-duration"]
    assert (duration.at("threshold"), duration.at("metricQueries.0.metric.stat")) == (23_200, "p99")
    assert (duration.at("datapointsToAlarm"), duration.at("evaluationPeriods")) == (3, 3)


@pytest.mark.parametrize(("reserved", "limit"), [(-1, None), (0, None), (1, None), (2, 1.6), (50, 40)])
def test_reserved_concurrency_is_watched_where_there_is_more_than_one(reserved: int, limit: float | None) -> None:
    function = WatchedFunction(name="query", timeout_s=10, concurrency=reserved)
    rule = function_rules("query", function).get("query-concurrency")
    assert (rule and rule.above) == limit


def test_all_functions_are_watched_by_what_is_reserved_for_them() -> None:
    limits = {name: node.at("threshold") for name, node in alarms(graph(EVERYTHING)).items() if "concurrency" in name}
    assert limits == {"command-concurrency": 8, "projector-concurrency": 1.6, "query-concurrency": 80} | {
        "worker-concurrency": 6.4,
        "relational-concurrency": 40,
    }
    for name in ("warmer", "worker", "sessions", "authorizer", "relational", "migrator"):
        assert {f"{name}-errors", f"{name}-throttles", f"{name}-duration"} < {*alarms(graph(EVERYTHING))}


@pytest.mark.parametrize(
    ("mode", "window_s", "maintenance_minutes", "lag_s"),
    [("both", 1, 60, 301), ("stream", 300, 60, 600), ("sync", 1, 60, 3900), ("sync", 1, 0, 300)],
)
def test_snapshots_are_late_when_whoever_publishes_is(
    mode: str, window_s: int, maintenance_minutes: int, lag_s: int
) -> None:
    projection = ProjectionSettings(
        mode=mode,
        window_s=window_s,
        maintenance_minutes=maintenance_minutes,
        full_verification=False,
        warm_sandboxes=0,
    )
    assert most_lag_s(projection) == lag_s


def test_the_stream_may_be_as_old_as_it_is_collected_and_a_minute_more() -> None:
    assert stream_rule("projector", "name", 300).above == 360_000
    assert alarms(graph(EVERYTHING))["stream"].at("threshold") == 65_000
    assert alarms(graph(EVERYTHING))["lag"].at("threshold") == 305


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"jobs": True}, {"worker-stream", "dead-letters", "rebuild"}),
        ({"lake": True}, set[str]()),
        ({"notifications": True, "metrics": True}, {"worker-stream", "worker-failures"}),
        ({"lake": True, "metrics": True}, {"worker-failures"}),
    ],
    ids=["jobs", "lake", "notifications", "lake with metrics"],
)
def test_a_worker_that_fails_is_seen_though_lambda_counts_no_error(changes: dict[str, object], names: set[str]) -> None:
    """Records that fail are named in its answer, which is a success to Lambda."""
    found, plain = (
        alarms(run("dev", {"alarms": True, **more})) for more in (changes, {"metrics": "metrics" in changes})
    )
    usual = {f"worker-{what}" for what in ("errors", "throttles", "duration")}
    assert {*found} - {*plain} == names | usual
    if "worker-stream" in names:
        metric = found["worker-stream"].at("metricQueries.0.metric")
        assert (metric["metricName"], found["worker-stream"].at("threshold")) == ("IteratorAge", 61_000)
        assert metric["dimensions"] == {"FunctionName": "lambda-sqlite-dev-worker"}


def test_the_rate_of_failures_needs_some_requests_to_be_one() -> None:
    rate = alarms(graph("prod"))["api-failure-rate"]
    (expression,) = [query["expression"] for query in rate.at("metricQueries") if "expression" in query]
    assert expression == "IF(requests >= 100, 100 * FILL(failed, 0) / requests, 0)"
    assert rate.at("threshold") == 1
