"""The table of docs/performance.md can be made again."""

from __future__ import annotations

import pytest

from tests.perf.growth import exponent, measure, table


def test_the_exponent_is_the_slope_of_the_logarithms() -> None:
    assert exponent([10, 100, 1000], [3.0, 30.0, 300.0]) == pytest.approx(1)
    assert exponent([10, 100, 1000], [7.0, 7.0, 7.0]) == pytest.approx(0)
    assert exponent([10, 1000], [1.0, 10.0]) == pytest.approx(0.5)


def test_every_figure_of_every_size_is_in_the_table() -> None:
    sizes = [30, 300]
    figures = measure(sizes)
    assert figures[0].keys() == figures[1].keys()
    assert all(cost > 0 for size_figures in figures for cost in size_figures.values())
    head, _, *lines = table(sizes, figures).splitlines()
    assert head == "| | 30 rows | 300 rows | exponent |"
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines] == list(figures[0])
