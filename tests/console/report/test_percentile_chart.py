from __future__ import annotations

import math
from dataclasses import replace

import pytest

from console.benchmark.figures import make_distribution
from console.report.charts import COLOURS
from console.report.percentile_chart import latency_by_percentile
from console.results.result import LEDGER, Size
from handlers.domain.percentiles import nearest_rank
from handlers.routes import SOURCES
from tests.support.charts import legend, overlapping, points_of, titles, x_labels
from tests.support.results import figures, measurement, size


def of_requests(count: int) -> Size:
    """One measurement of so many requests, of 1, 2, 3 … milliseconds."""
    return size(measurement(client_ms=make_distribution([float(ms) for ms in range(1, count + 1)])))


def test_each_workload_has_a_panel_and_each_path_and_loop_a_line() -> None:
    reads = [measurement(workload, source) for workload in ("newest-100", "by-id", "walk") for source in SOURCES]
    by_rate = measurement("by-id", "ddb", loop="open", rate_per_s=20.0, client_ms=figures(9.0))
    figure = latency_by_percentile(size(*reads, by_rate, measurement("write", LEDGER)))
    assert titles(figure) == ["newest-100", "by-id", "walk", "write"]
    assert legend(figure) == ["sqlite-efs", "sqlite-tmp", "ddb", "ddb at 20/s", "ledger"]
    assert figure.legends[0].get_title().get_text().startswith("1,000 rows: ")
    by_id = figure.axes[1]
    assert [line.get_label() for line in by_id.get_lines()] == [*SOURCES, "ddb at 20/s"]
    assert by_id.get_yscale() == "log"
    assert all(line.get_color() == COLOURS[str(line.get_label()).split()[0]] for line in by_id.get_lines())
    assert by_id.get_lines()[2].get_linestyle() != by_id.get_lines()[3].get_linestyle()


def test_few_workloads_make_a_narrow_chart() -> None:
    assert len(latency_by_percentile(size(measurement())).axes) == 1


@pytest.mark.parametrize("count", [1, 7, 22, 100, 400])
def test_a_curve_shows_at_each_percentile_the_nearest_rank(count: int) -> None:
    (line,) = latency_by_percentile(of_requests(count)).axes[0].get_lines()
    assert line.get_drawstyle() == "steps-pre"  # a point's value holds from the point before it up to itself
    points = points_of(line)[1:]
    values = [float(ms) for ms in range(1, count + 1)]
    assert [round(ms) for _, ms in points] == values
    for percent in (1.0, 50.0, 90.0, 99.0, 99.9):
        nines = -math.log10(1 - percent / 100)
        shown = next(ms for end, ms in points if nines <= end * (1 + 1e-9) or ms == points[-1][1])
        assert shown == pytest.approx(nearest_rank(values, percent), rel=1e-3)


@pytest.mark.parametrize(
    ("count", "labels"),
    [
        (1, []),
        (2, ["50 %"]),
        (10, ["50 %", "90 %"]),
        (100, ["50 %", "90 %", "99 %"]),
        (1000, ["50 %", "90 %", "99 %", "99.9 %"]),
        (10_000, ["50 %", "90 %", "99 %", "99.9 %", "99.99 %"]),
    ],
)
def test_the_axis_has_as_many_nines_as_there_are_requests_for(count: int, labels: list[str]) -> None:
    figure = latency_by_percentile(of_requests(count))
    assert x_labels(figure.axes[0]) == labels
    assert overlapping(figure) == []


def test_the_longest_curve_sets_the_axis() -> None:
    long, short = (make_distribution([1.0] * count) for count in (1000, 10))
    both = (measurement(client_ms=short), measurement(source="ddb", client_ms=long), measurement(source="sqlite-tmp"))
    assert "99.9 %" in x_labels(latency_by_percentile(replace(size(), measurements=both)).axes[0])
