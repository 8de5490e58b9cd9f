"""Prices of the dashboard and of the settings are those of the console's list, and what the graph comes to."""

from __future__ import annotations

import json
import re

import pytest

from console.costs.prices import OWN_FILE, load
from handlers.routes import SOURCES
from infra.watch import prices
from tests.infra.graph import Graph
from tests.infra.program import graph, project_schema, run
from tests.infra.watch.named import widgets

ALARM_METRIC_USD = 0.10
UNRESERVED = {"alarms": True, "commandConcurrency": -1, "queryConcurrency": -1}


@pytest.mark.parametrize(
    ("usd", "name"),
    [
        (prices.LAMBDA_REQUEST_USD, "lambda_request"),
        (prices.LAMBDA_GB_SECOND_USD, "lambda_time_arm64"),
        (prices.HTTP_API_REQUEST_USD, "http_api_request"),
        (prices.EFS_READ_USD, "efs_read"),
        (prices.EFS_WRITE_USD, "efs_write"),
        (prices.READ_UNIT_USD, "dynamodb_read_unit"),
    ],
)
def test_the_dashboard_counts_with_the_consoles_prices(usd: float, name: str) -> None:
    listed = json.loads(OWN_FILE.read_text(encoding="utf-8"))["prices"][name]
    assert usd == pytest.approx(listed["usd"] / listed["per"], rel=1e-9)


def alarms_usd(seen: Graph) -> float:
    """AWS charges each metric that an alarm looks at."""
    queries = [query for node in seen.of("MetricAlarm") for query in node.inputs["metricQueries"]]
    return sum(ALARM_METRIC_USD for query in queries if "metric" in query)


def described(setting: str) -> list[float]:
    """The sums in USD that a setting's description names."""
    text = " ".join(project_schema()[setting]["description"].split())
    return [float(usd) for usd in re.findall(r"(\d+(?:\.\d+)?) (?:USD|more)", text)]


def test_alarms_cost_what_their_setting_says() -> None:
    plain, with_metrics = (alarms_usd(run("dev", {**UNRESERVED, "metrics": flag})) for flag in (False, True))
    assert described("alarms")[:2] == pytest.approx([plain, with_metrics - plain])
    canary = alarms_usd(run("dev", {**UNRESERVED, "rollout": "canary"}))
    assert described("alarms")[2] == pytest.approx(canary - plain)
    reserved = alarms_usd(run("dev", {**UNRESERVED, "queryConcurrency": 20}))
    assert reserved - plain == pytest.approx(ALARM_METRIC_USD)
    backed_up = alarms_usd(run("dev", {**UNRESERVED, "backup": "table"}))
    assert backed_up - plain == pytest.approx(ALARM_METRIC_USD)
    assert described("alarms")[3] == ALARM_METRIC_USD
    for number, guarded in enumerate(({"readAuth": "session"}, {"edge": "cloudfront"}), 8):
        assert described("alarms")[number] == pytest.approx(alarms_usd(run("dev", {**UNRESERVED, **guarded})) - plain)
    for number, working in enumerate(("jobs", "lake", "notifications"), 4):
        alone = alarms_usd(run("dev", {**UNRESERVED, working: True}))
        assert described("alarms")[number] == pytest.approx(alone - plain)
        measured = alarms_usd(run("dev", {**UNRESERVED, working: True, "metrics": True}))
        assert described("alarms")[7] == pytest.approx(measured - with_metrics - (alone - plain))


def filled(metric: float, _: float) -> float:
    """FILL of metric math, of a metric that has a number."""
    return metric


def at(expression: str, values: dict[str, float]) -> float:
    """What an expression comes to, by the one function of metric math that it has."""
    return float(eval(expression, {"FILL": filled, **values}))


def test_the_dashboards_dollars_are_those_of_the_console() -> None:
    """A thousand requests of 3 ms at 1 GB, that read 2 MB from EFS, or 4 units each, on the dashboard and on a bill."""
    listed = load().prices
    (shown,) = [graph_ for graph_ in widgets(graph("prod")) if graph_["title"] == "A million requests cost"]
    expressions = {one["label"]: one for (one,) in (entry for entry in shown["metrics"] if len(entry) == 1)}
    assert {*expressions} == {*SOURCES}
    request_usd = listed.lambda_request.each + listed.http_api_request.each + 0.003 * listed.lambda_time_arm64.each
    for path, option in expressions.items():
        used = 4000.0 if path == "ddb" else 2000.0 * 2**20
        each = listed.dynamodb_read_unit.each if path == "ddb" else listed.efs_read.each / 2**30
        number = option["id"].removeprefix("e")
        values = {f"requests{number}": 1000.0, f"time{number}": 3000.0, f"used{number}": used}
        usd = 1e6 * (request_usd + used * each / 1000)
        assert at(option["expression"], values) == pytest.approx(usd, rel=1e-6)


def test_bytes_of_the_file_system_are_priced_as_reads_but_for_those_written() -> None:
    alarm = graph("prod").one("MetricAlarm", "alarms-files-cost")
    (expression,) = [query["expression"] for query in alarm.at("metricQueries") if "expression" in query]
    values = {"moved": 15.0 * 2**30, "written": 4.0 * 2**30, "changed": 1.0 * 2**30}
    assert at(expression, values) == pytest.approx(10 * 0.03 + 5 * 0.06)
    assert alarm.at("threshold") == 0.5
