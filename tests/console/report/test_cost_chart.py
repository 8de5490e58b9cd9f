from __future__ import annotations

from console.costs.crossover import Crossing
from console.costs.study import Series
from console.report.charts import COLOURS
from console.report.cost_chart import cost_by_reads
from handlers.routes import SOURCES

CHANGES = [
    Crossing(587_047.47, ("ddb",), ("sqlite-efs", "sqlite-tmp"), is_jump=False),
    Crossing(5e6, ("sqlite-efs", "sqlite-tmp"), ("ddb",), is_jump=True),
]


def series(*crossings: Crossing) -> Series:
    return Series(
        {source: [(1e4, 0.1 + place), (1e8, 100.0 + place)] for place, source in enumerate(SOURCES)}, [*crossings]
    )


def test_each_path_is_a_line_in_its_own_colour() -> None:
    figure = cost_by_reads(series(), "what is assumed")
    (axes,) = figure.axes
    assert [(line.get_label(), line.get_color()) for line in axes.get_lines()] == [
        (source, COLOURS[source]) for source in SOURCES
    ]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert figure.legends[0].get_title().get_text() == "what is assumed"
    assert figure.get_supxlabel() == "reads a month"
    assert figure.get_supylabel() == "USD a month"
    assert [text.get_text() for text in axes.texts] == []


def test_changes_of_the_cheapest_are_marked_one_below_the_other() -> None:
    (axes,) = cost_by_reads(series(*CHANGES), "").axes
    assert [text.get_text().strip() for text in axes.texts] == [
        "from 587,000: sqlite-efs and sqlite-tmp",
        "from 5 million: ddb",
    ]
    heights = [text.get_position()[1] for text in axes.texts]
    assert heights[0] > heights[1]
    assert len(axes.get_lines()) == len(SOURCES) + len(CHANGES)
