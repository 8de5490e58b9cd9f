from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from console.report.charts import COLOURS, distribution, latency_by_rows, save
from console.results.result import LEDGER, Size
from handlers.routes import SOURCES
from tests.support.results import figures, measurement, size


def whole(rows: int, slower: float = 1.0) -> Size:
    reads = [
        measurement(workload, source, client_ms=figures((1 + place) * slower))
        for workload in ("newest-100", "by-id", "walk", "stats")
        for place, source in enumerate(SOURCES)
    ]
    by_rate = measurement("by-id", "ddb", loop="open", rate_per_s=20.0, client_ms=figures(9.0))
    stray = measurement("by-id", "ddb", temperature="cold", client_ms=figures(900.0))
    failed = measurement("range", "ddb", note="none")
    return size(*reads, by_rate, stray, failed, measurement("write", LEDGER), rows=rows)


def points_of(line: object) -> list[list[float]]:
    """What a line goes through. matplotlib's own types leave open what its coordinates are."""
    assert isinstance(line, Line2D)
    return np.array(line.get_xydata(), dtype=float).tolist()  # pyright: ignore[reportUnknownMemberType]


def titles(figure: Figure) -> list[str]:
    return [axes.get_title("left") for axes in figure.axes]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_each_workload_has_a_panel_and_each_path_and_loop_a_line() -> None:
    figure = distribution(whole(1000))
    assert titles(figure) == ["newest-100", "by-id", "walk", "stats", "write"]
    assert legend(figure) == ["sqlite-efs", "sqlite-tmp", "ddb", "ddb at 20/s", "ledger"]
    assert figure.legends[0].get_title().get_text().startswith("1,000 rows: ")
    by_id = figure.axes[1]
    assert [line.get_label() for line in by_id.get_lines()] == [*SOURCES, "ddb at 20/s"]
    assert by_id.get_yscale() == "log"
    assert all(line.get_color() == COLOURS[str(line.get_label()).split()[0]] for line in by_id.get_lines())
    assert by_id.get_lines()[2].get_linestyle() != by_id.get_lines()[3].get_linestyle()


def test_a_curve_goes_through_the_values_at_their_percentiles() -> None:
    (line,) = distribution(size(measurement(client_ms=figures(10.0)))).axes[0].get_lines()
    points = points_of(line)
    assert len(points) == 22
    nines, latency_ms = points[-1]
    assert latency_ms == pytest.approx(40.0, rel=1e-3)
    assert 10**-nines == pytest.approx(0.5 / 22)


def test_the_axis_has_as_many_nines_as_there_are_requests_for() -> None:
    labels = [text.get_text() for text in distribution(whole(1000)).axes[0].get_xticklabels()]
    assert labels == ["0 %", "50 %", "90 %"]


def test_without_an_interval_there_is_no_bar() -> None:
    few = measurement(client_ms=replace(figures(2.0), p50_interval=(0.0, None)))
    (bars,) = latency_by_rows([size(few), size(measurement(), rows=2000)]).axes[0].containers
    lines: object = bars.get_children()[-1]
    assert isinstance(lines, LineCollection)
    first, second = (np.array(segment, dtype=float) for segment in lines.get_segments())
    assert np.isnan(first).all() or not len(first)
    assert second[:, 1].tolist() == pytest.approx([0.9, 1.1])


def test_latency_by_rows_has_a_line_for_each_path_with_its_interval() -> None:
    figure = latency_by_rows([whole(1000), whole(10_000, 2.0), whole(100_000, 4.0)])
    assert titles(figure) == ["newest-100", "by-id", "walk", "stats", "write"]
    assert legend(figure) == [*SOURCES, LEDGER]
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    medians = next(container for container in axes.containers if container.get_label() == "sqlite-tmp")
    assert isinstance(medians, ErrorbarContainer)
    assert medians.has_yerr
    line: object = medians.get_children()[0]
    assert points_of(line) == [[1000, 2.0], [10_000, 4.0], [100_000, 8.0]]


def test_equal_results_give_equal_files_without_a_date(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(distribution(whole(1000)), tmp_path / name)
    one, two = ((tmp_path / name).read_text() for name in ("one", "two"))
    assert one == two
    assert not re.search(r"20\d\d-\d\d-\d\d", one)
    assert "newest-100" in one  # text stays text


def test_few_workloads_make_a_narrow_chart() -> None:
    assert len(distribution(size(measurement())).axes) == 1
