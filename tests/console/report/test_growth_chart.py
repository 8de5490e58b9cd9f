from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from console.report.charts import COLOURS
from console.report.growth_chart import latency_by_rows, points_by_rows
from console.results.result import LEDGER, Size
from handlers.routes import SOURCES
from tests.support.charts import bars_of, curves_of, legend, overlapping, points_of, titles, x_labels
from tests.support.results import figures, measurement, size


def whole(rows: int, slower: float = 1.0) -> Size:
    reads = [
        measurement(workload, source, client_ms=figures((1 + place) * slower))
        for workload in ("newest-100", "by-id", "walk", "stats")
        for place, source in enumerate(SOURCES)
    ]
    by_rate = measurement("by-id", "ddb", loop="open", rate_per_s=20.0, client_ms=figures(9.0))
    return size(*reads, by_rate, measurement("range", "ddb", note="none"), measurement("write", LEDGER), rows=rows)


def medians(figure: Figure, source: str, panel: int = 0) -> list[list[list[float]]]:
    """The points of each curve of a source."""
    return [points_of(line) for line in curves_of(figure.axes[panel]) if line.get_color() == COLOURS[source]]


def test_each_path_has_a_line_through_the_sizes_with_its_interval() -> None:
    figure = latency_by_rows([[whole(1000), whole(10_000, 2.0), whole(100_000, 4.0)]])
    assert titles(figure) == ["newest-100", "by-id", "walk", "stats", "write"]
    assert legend(figure) == [*SOURCES, LEDGER]
    assert (figure.axes[0].get_xscale(), figure.axes[0].get_yscale()) == ("log", "log")
    assert medians(figure, "sqlite-tmp") == [[[1000, 2.0], [10_000, 4.0], [100_000, 8.0]]]


def test_the_99th_percentile_is_a_dotted_line_above_its_median() -> None:
    figure = latency_by_rows([[whole(1000), whole(10_000, 2.0)]])
    dotted = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == ":"]
    (p99,) = [points_of(line) for line in dotted if line.get_color() == COLOURS["sqlite-tmp"]]
    assert p99 == [[1000, 6.0], [10_000, 12.0]]


def test_paths_stand_beside_each_other_so_that_none_hides_another() -> None:
    figure = latency_by_rows([[whole(1000), whole(100_000)]])
    ((efs, _),), ((tmp, _),), ((ddb, _),) = (medians(figure, source) for source in SOURCES)
    assert tmp[0] / efs[0] == pytest.approx(ddb[0] / tmp[0])
    assert 1.1 < tmp[0] / efs[0] < 1.3  # of two decades


def test_without_an_interval_there_is_no_bar_and_the_narrowest_is_wider_than_its_marker() -> None:
    few = measurement(client_ms=replace(figures(2.0), p50_interval=(0.0, None)))
    figure = latency_by_rows([[size(few), size(measurement(), rows=2000)]])
    first, second = bars_of(figure.axes[0])
    assert first == []
    assert [ms for _, ms in second] == pytest.approx([0.9, 1.1])
    curve, low_cap, *_ = figure.axes[0].get_lines()
    assert low_cap.get_markersize() > curve.get_markersize()


def test_ticks_are_at_the_sizes_that_were_measured() -> None:
    assert x_labels(latency_by_rows([[whole(1300), whole(25_000), whole(1_000_000)]]).axes[0]) == [
        "1,300", "25,000", "1 M",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        ((10_000, 10_400, 1_000_000), ["10,400", "1 M"]),
        ((100_000, 110_000, 120_000, 1_000_000, 1_200_000), ["120,000", "1 M"]),
        ((10_000, 12_000), ["10,000", "12,000"]),
    ],
)
def test_sizes_close_together_have_one_label(rows: Sequence[int], labels: list[str]) -> None:
    figure = latency_by_rows([[whole(count) for count in rows]])
    assert x_labels(figure.axes[0])[0] == labels[0]
    assert len(x_labels(figure.axes[0])) == 2
    assert overlapping(figure) == []


def test_a_panel_has_ticks_at_its_own_sizes_and_all_have_one_scale() -> None:
    partly = size(measurement("walk"), rows=30_000)
    figure = latency_by_rows([[size(measurement(), measurement("walk"), rows=1000), partly]])
    assert [x_labels(axes) for axes in figure.axes] == [["1,000"], ["1,000", "30,000"]]
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()


def test_an_empty_ledger_and_open_loops_have_no_place_by_rows() -> None:
    by_rate = measurement(loop="open", rate_per_s=20.0)
    assert points_by_rows([size(measurement(), rows=0), size(by_rate, rows=10)]) == []


def test_runs_are_not_joined_and_the_earlier_is_paler() -> None:
    figure = latency_by_rows([[whole(1000), whole(10_000)], [whole(20_000, 9.0)]])
    assert [[x for x, _ in line] for line in medians(figure, "sqlite-tmp")] == [[1000, 10_000], [20_000]]
    assert legend(figure) == [*SOURCES, LEDGER]  # each once
    assert figure.legends[0].get_title().get_text().endswith("; paler: earlier runs")
    lines = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == ":"]
    earlier, later = [line for line in lines if line.get_color() == COLOURS["sqlite-tmp"]]
    assert (earlier.get_alpha() or 1) < (later.get_alpha() or 1)


def test_one_size_alone_can_be_drawn() -> None:
    assert x_labels(latency_by_rows([[size(measurement())]]).axes[0]) == ["1,000"]


def test_a_workload_of_one_run_alone_is_shown() -> None:
    figure = latency_by_rows([[size(measurement("walk"), rows=1000)], [size(measurement("stats"), rows=20_000)]])
    assert titles(figure) == ["walk", "stats"]
    assert medians(figure, "sqlite-efs", panel=1)[-1][0][1] == 1.0
