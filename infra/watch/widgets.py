"""The widgets of a dashboard, as CloudWatch writes them.

Source: Amazon CloudWatch API Reference, "Dashboard body structure and syntax".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pulumi

from infra.watch.metric import Metric

COLUMNS, GRAPHS_A_ROW, ROW_HEIGHT = 24, 3, 6
Json = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a graph: a metric, or a number made of several by CloudWatch's metric math.

    Args:
        metrics: by the names that the expression gives them; without an expression just one.
        right: whether it is drawn against the axis on the right.
    """

    label: str
    metrics: Mapping[str, Metric]
    expression: str = ""
    right: bool = False


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A graph of several lines; `unit` is what its left axis shows."""

    title: str
    lines: Sequence[Line]
    unit: str = ""
    right_unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """Graphs under a headline."""

    headline: str
    graphs: Sequence[Graph] = field(default_factory=tuple[Graph, ...])


def line(label: str, metric: Metric, *, right: bool = False) -> Line:
    """Return the line of a metric as it is."""
    return Line(label=label, metrics={"value": metric}, right=right)


def body(sections: Sequence[Section], region: str, alarm_arns: Sequence[pulumi.Input[str]]) -> Json:
    """Return a dashboard's body: alarms if there are any, and then section by section, graphs from left to right."""
    widgets: list[Json] = []
    top = 0
    if alarm_arns:
        widgets.append(_placed((0, top, COLUMNS, 3), "alarm", {"title": "Alarms", "alarms": [*alarm_arns]}))
        top += 3
    for section in sections:
        widgets.append(_placed((0, top, COLUMNS, 2), "text", {"markdown": f"## {section.headline}"}))
        top += 2
        width = COLUMNS // GRAPHS_A_ROW
        for row in _rows(section.graphs):
            for number, graph in enumerate(row):
                widgets.append(_placed((number * width, top, width, ROW_HEIGHT), "metric", _graph(graph, region)))
            top += ROW_HEIGHT
    return {"widgets": widgets}


def _rows(graphs: Sequence[Graph]) -> list[Sequence[Graph]]:
    return [graphs[first : first + GRAPHS_A_ROW] for first in range(0, len(graphs), GRAPHS_A_ROW)]


def _placed(place: tuple[int, int, int, int], kind: str, properties: Json) -> Json:
    x, y, width, height = place
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def _graph(graph: Graph, region: str) -> Json:
    lines = chain.from_iterable(_line(number, line_) for number, line_ in enumerate(graph.lines))
    return {
        "title": graph.title,
        "region": region,
        "view": "timeSeries",
        "metrics": [*lines],
        "yAxis": {
            "left": {"min": 0, "showUnits": False, "label": graph.unit},
            "right": {"min": 0, "showUnits": False, "label": graph.right_unit},
        },
    }


def _line(number: int, line_: Line) -> list[Sequence[object]]:
    """Return a line's metrics. Names have to differ all over a graph, so each gets the line's number."""
    shown: Json = {"label": line_.label, "yAxis": "right" if line_.right else "left"}
    if not line_.expression:
        (metric,) = line_.metrics.values()
        return [_metric(metric, {**shown, "id": f"m{number}"})]
    hidden = [_metric(metric, {"id": f"{id_}{number}", "visible": False}) for id_, metric in line_.metrics.items()]
    expression = line_.expression.format(**{id_: f"{id_}{number}" for id_ in line_.metrics})
    return [*hidden, [{**shown, "id": f"e{number}", "expression": expression}]]


def _metric(metric: Metric, options: Json) -> Sequence[object]:
    dimensions = chain.from_iterable(metric.dimensions.items())
    return [
        metric.namespace,
        metric.name,
        *dimensions,
        {**options, "stat": metric.statistic, "period": metric.period_s},
    ]
