"""Prices of the dashboard and of the settings are those of the console's list, and what the graph comes to."""

from __future__ import annotations

import json
import re

import pytest

from console.costs.prices import OWN_FILE
from handlers.routes import SOURCES
from handlers.telemetry.metrics import BY_FUNCTION, BY_PATH
from infra.watch import prices
from tests.infra.graph import Graph
from tests.infra.program import project_schema, run

ALARM_METRIC_USD, OWN_METRIC_USD = 0.10, 0.30
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
    reserved = alarms_usd(run("dev", {**UNRESERVED, "queryConcurrency": 20}))
    assert reserved - plain == pytest.approx(ALARM_METRIC_USD)


def test_own_metrics_cost_at_most_what_their_setting_says() -> None:
    most = len(BY_PATH) * len([*SOURCES, "insert"]) + len(BY_FUNCTION) * 3
    assert described("metrics")[:2] == pytest.approx([OWN_METRIC_USD, most * OWN_METRIC_USD])
