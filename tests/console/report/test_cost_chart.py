from __future__ import annotations

from itertools import pairwise

import pytest

from console.costs.crossover import Crossing
from console.costs.study import Series, cost_series
from console.report.charts import COLOURS
from console.report.cost_chart import BEND, cost_by_reads
from handlers.routes import SOURCES
from tests.support.charts import overlapping, points_of
from tests.support.costs import PRICES, assumed

EFS, TMP, DDB = SOURCES
READS = (1e4, 1e6, 1e8)
USD = {EFS: (0.3, 2.0, 150.0), TMP: (0.3, 2.1, 150.0), DDB: (0.1, 2.5, 190.0)}
CHANGES = [
    Crossing(587_047.47, (DDB,), (EFS, TMP), is_jump=False),
    Crossing(5e6, (EFS, TMP), (DDB,), is_jump=True),
]


def series(*crossings: Crossing, looks_end_at: float | None = None) -> Series:
    points = {source: list(zip(READS, usd, strict=True)) for source, usd in USD.items()}
    return Series(points, [*crossings], looks_end_at)


def test_each_path_is_a_line_in_its_own_colour() -> None:
    figure = cost_by_reads(series(), "what is assumed")
    for axes in figure.axes:
        lines = axes.get_lines()
        assert [(line.get_label(), line.get_color()) for line in lines] == [(it, COLOURS[it]) for it in SOURCES]
    bills, _ = figure.axes
    assert (bills.get_xscale(), bills.get_yscale()) == ("log", "log")
    assert [points_of(line) for line in bills.get_lines()] == [
        [list(point) for point in points] for points in series().points.values()
    ]
    assert figure.legends[0].get_title().get_text() == "what is assumed"
    assert figure.get_supxlabel() == "reads a month"
    assert bills.get_ylabel() == "USD a month"
    assert [text.get_text() for text in bills.texts] == []


def test_bills_that_lie_on_each_other_are_told_apart_by_how_much_more_than_the_cheapest_they_are() -> None:
    _, apart = cost_by_reads(series(), "").axes
    more = {str(line.get_label()): [usd for _, usd in points_of(line)] for line in apart.get_lines()}
    assert more[EFS] == pytest.approx([0.2, 0, 0])
    assert more[TMP] == pytest.approx([0.2, 0.1, 0])
    assert more[DDB] == pytest.approx([0, 0.5, 40])
    assert [text.get_text() for text in apart.get_yticklabels()] == ["0", "1", "10"]


def test_a_change_is_named_on_the_side_that_it_is_about() -> None:
    bills, _ = cost_by_reads(series(*CHANGES), "").axes
    assert [(text.get_text().strip(), text.get_horizontalalignment()) for text in bills.texts] == [
        ("cheapest from 587,000: sqlite-efs and sqlite-tmp", "left"),
        ("cheapest up to 5 million: sqlite-efs and sqlite-tmp", "right"),
    ]


def test_marks_are_in_both_panels_and_their_words_above_them_without_touching() -> None:
    figure = cost_by_reads(series(*CHANGES, looks_end_at=2.592e6), "")
    for axes in figure.axes:
        assert [points_of(line)[0][0] for line in axes.get_lines()[3:]] == [587_047.47, 5e6, 2.592e6]
    assert all(text.get_position()[1] > 1 for text in figure.axes[0].texts)
    assert figure.axes[0].texts[-1].get_text() == BEND
    assert overlapping(figure) == []


def bend(**given: float) -> float | None:
    return cost_series(PRICES, assumed(**given).scenario).looks_end_at


def test_the_bend_is_where_a_sandbox_looks_as_often_as_it_ever_does() -> None:
    assert bend() == 2_592_000  # once a second for a month
    assert bend(sandboxes=2, check_interval_ms=500) == 4 * 2_592_000
    assert bend(check_interval_ms=0) is None  # every read looks
    assert bend(sandboxes=100) is None  # off the chart


def test_at_the_bend_the_bills_of_the_sqlite_paths_grow_more_slowly() -> None:
    found = dict(cost_series(PRICES, assumed(writes_per_month=0).scenario, 1.296e6, 5.184e6).points[EFS])
    reads = sorted(found)
    slopes = [(found[b] - found[a]) / (b - a) for a, b in pairwise(reads)]
    assert slopes[0] > slopes[-1] * 1.05
