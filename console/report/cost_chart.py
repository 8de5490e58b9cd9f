"""The chart of the read paths' costs against the reads a month: the bills, and below them how far they are apart.

Most of a bill is the same on every path, so that the bills' lines lie on each other; the second panel has the rest.
"""

# matplotlib's own types leave its keyword arguments unknown
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from console.costs.crossover import Crossing
from console.costs.study import REAL_USD, Series
from console.report.charts import COLOURS, GREY, WIDTHS, labelled, style
from console.wording import joined, quantity, tick

INCHES = (6.6, 5.6)
LINE_HEIGHT = 0.08  # of the upper panel
SHADE = "#f0f0f0"
BEND = "bend: sandboxes look for new snapshots no more often"


def cost_by_reads(series: Series, title: str) -> Figure:
    """Draw dollars a month by reads a month, a line for each path, and how much more each costs than the cheapest.

    Args:
        series: at least two points of each path.
        title: what is assumed.
    """
    with style():
        figure = Figure(figsize=INCHES, layout="constrained")
        bills, apart = figure.subplots(2, 1, sharex=True)
        bills.set_xscale("log")
        bills.set_yscale("log")
        apart.set_yscale("asinh", linear_width=REAL_USD)  # has a 0, and unlike symlog no bend of its own
        _draw(bills, series, [0.0] * len(next(iter(series.points.values()))))
        _draw(apart, series, [min(usd) for usd in zip(*_usd(series).values(), strict=True)])
        apart.set_yticks([0, *(10**power for power in range(9) if 10**power <= apart.get_ylim()[1])])
        apart.set_ylim(bottom=0)
        apart.axhspan(0, REAL_USD, color=SHADE, zorder=0)
        bills.set_ylabel("USD a month")
        apart.set_ylabel(f"more than the cheapest\n(grey: under {REAL_USD:g} USD)")
        _mark(bills, apart, series)
        for axis in (bills.xaxis, bills.yaxis, apart.yaxis):
            axis.set_major_formatter(FuncFormatter(tick))
            axis.set_minor_locator(NullLocator())
    labelled(figure, [bills], title, ("reads a month", ""))
    return figure


def _usd(series: Series) -> dict[str, list[float]]:
    return {source: [usd for _, usd in points] for source, points in series.points.items()}


def _draw(axes: Axes, series: Series, less_usd: list[float]) -> None:
    """Draw a line for each path, of what it costs more than something."""
    for source, usd in _usd(series).items():
        reads = [count for count, _ in series.points[source]]
        more = [whole - less for whole, less in zip(usd, less_usd, strict=True)]
        axes.plot(reads, more, color=COLOURS[source], label=source, linewidth=WIDTHS[source])


def _mark(bills: Axes, apart: Axes, series: Series) -> None:
    """Mark where the cheapest changes and where the bills bend, in both panels; say it above the upper one."""
    low, high = bills.get_xlim()
    marks = [(crossing.at, *_change(crossing, math.sqrt(low * high))) for crossing in series.crossings]
    if series.looks_end_at is not None:
        marks.append((series.looks_end_at, BEND, "right"))
    for place, (at, said, side) in enumerate(marks):
        for axes in (bills, apart):
            axes.axvline(at, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        height = 1.02 + LINE_HEIGHT * (len(marks) - 1 - place)
        where = bills.get_xaxis_transform()
        bills.text(at, height, said, transform=where, ha=side, va="bottom", fontsize=7.5, color=GREY)


def _change(crossing: Crossing, middle: float) -> tuple[str, str]:
    """Say which path is cheapest on the side of a change that has room for the words, and on which side they start."""
    if crossing.at < middle:
        return f" cheapest from {quantity(crossing.at)}: {joined(crossing.above)}", "left"
    return f"cheapest up to {quantity(crossing.at)}: {joined(crossing.below)} ", "right"
