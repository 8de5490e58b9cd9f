"""The metrics that a graph's alarms and dashboard name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.infra.graph import Graph
from tests.infra.watch.metrics_of_aws import METRICS, NO_SUM, VALUES


@dataclass(frozen=True)
class Named:
    """One metric as somebody names it; `where` is the alarm, or the graph of the dashboard."""

    where: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str


def named_by_alarms(seen: Graph) -> list[Named]:
    return [
        Named(node.name, metric["namespace"], metric["metricName"], _sorted(metric["dimensions"]), metric["stat"])
        for node in seen.of("MetricAlarm")
        for metric in (query["metric"] for query in node.inputs["metricQueries"] if "metric" in query)
    ]


def widgets(seen: Graph, kind: str = "metric") -> list[dict[str, Any]]:
    """The properties of the dashboard's widgets of a kind."""
    found = [widget for node in seen.of("Dashboard") for widget in json.loads(node.inputs["dashboardBody"])["widgets"]]
    return [widget["properties"] for widget in found if widget["type"] == kind]


def named_by_widgets(seen: Graph) -> list[Named]:
    return [
        Named(graph["title"], namespace, name, _sorted(dict(zip(rest[::2], rest[1::2], strict=True))), options["stat"])
        for graph in widgets(seen)
        for namespace, name, *rest, options in (entry for entry in graph["metrics"] if len(entry) > 1)
    ]


def _sorted(dimensions: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dimensions.items()))


def wrong(named: list[Named], resources: set[str]) -> Iterator[str]:
    """Each metric that does not exist, in a sentence; dimensions have the names of these resources, or known values."""
    for metric in named:
        said = f"{metric.where}: {metric.namespace} {metric.name}"
        dimensions = dict(metric.dimensions)
        if frozenset(dimensions) not in METRICS.get(metric.namespace, {}).get(metric.name, ()):
            yield f"{said} is not there by {sorted(dimensions)}"
        for name, value in dimensions.items():
            if value not in VALUES.get(name, resources):
                yield f"{said} has the {name} {value}"
        if metric.statistic == "Sum" and metric.name in NO_SUM:
            yield f"{said} has no Sum"
