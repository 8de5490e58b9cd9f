"""The dashboard as a page: where its widgets stand, and what they are about."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from handlers.routes import FUNCTIONS
from tests.infra.program import EVERYTHING, graph, run
from tests.infra.watch.named import named_by_widgets, widgets


def placed(stack: str) -> list[dict[str, Any]]:
    return json.loads(graph(stack).one("Dashboard").inputs["dashboardBody"])["widgets"]


@pytest.mark.parametrize("stack", ["prod", EVERYTHING])
def test_widgets_stand_on_the_page_and_not_on_each_other(stack: str) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in placed(stack):
        rows, columns = (range(widget[at], widget[at] + widget[size]) for at, size in (("y", "height"), ("x", "width")))
        cells = {*itertools.product(rows, columns)}
        assert columns.stop <= 24
        assert not cells & taken, widget["properties"]
        taken |= cells


def test_the_state_of_every_alarm_is_shown() -> None:
    (shown,) = widgets(graph("prod"), "alarm")
    named = {node.name for node in graph("prod").of("MetricAlarm")}
    assert {arn.rpartition(":")[2] for arn in shown["alarms"]} == named


def test_without_alarms_and_metrics_it_shows_what_aws_has() -> None:
    seen = run("dev", {"dashboard": True})
    assert widgets(seen, "alarm") == []
    titles = {graph_["title"] for graph_ in widgets(seen)}
    assert {"Requests in 5 minutes", "Time, p99", "Units in 5 minutes", "File system"} < titles
    assert "Latency in the function" not in titles
    assert len(named_by_widgets(seen)) <= 50  # free among an account's first three


def test_with_metrics_it_is_paid_for() -> None:
    assert len(named_by_widgets(graph("prod"))) > 50


def test_every_function_has_its_line_and_every_home_too() -> None:
    def labels(title: str) -> set[str]:
        (shown,) = [graph_ for graph_ in widgets(graph(EVERYTHING)) if graph_["title"] == title]
        return {entry[-1]["label"] for entry in shown["metrics"] if entry[-1].get("visible", True)}

    assert labels("Calls") == {*FUNCTIONS}
    assert labels("Cold starts") == {"command", "query", "projector"}
    assert labels("A million requests cost") == {"sqlite-efs", "sqlite-tmp", "ddb"}
    assert {graph_["region"] for graph_ in widgets(graph(EVERYTHING))} == {"us-east-1"}
