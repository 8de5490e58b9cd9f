"""The chart of the read paths' costs against the reads a month, with the changes of the cheapest marked."""

# matplotlib's own types leave its keyword arguments unknown
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from console.costs.crossover import Crossing
from console.costs.study import Series
from console.report.charts import COLOURS, GREY, labelled, style
from console.wording import joined, quantity, tick

INCHES = (6.2, 3.8)
WIDTHS = (3.2, 1.5, 1.5)  # two paths may cost the same: what is drawn over stays to be seen


def cost_by_reads(series: Series, title: str) -> Figure:
    """Dollars a month by reads a month, a line for each path.

    Args:
        series: at least two points of each path.
        title: what is assumed.
    """
    with style():
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        axes.set_xscale("log")
        axes.set_yscale("log")
        for (source, points), width in zip(series.points.items(), WIDTHS, strict=True):
            reads, usd = zip(*points, strict=True)
            axes.plot(reads, usd, color=COLOURS[source], label=source, linewidth=width)
        for place, crossing in enumerate(series.crossings):
            _mark(axes, crossing, place)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(tick))
            axis.set_minor_locator(NullLocator())
    labelled(figure, [axes], title, ("reads a month", "USD a month"))
    return figure


def _mark(axes: Axes, crossing: Crossing, place: int) -> None:
    """Mark where the cheapest changes, and what it then is: on the upper left, where no line is."""
    said = f"from {quantity(crossing.at)}: {joined(crossing.above)} "
    axes.axvline(crossing.at, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    at = axes.get_xaxis_transform()
    axes.text(crossing.at, 0.97 - 0.08 * place, said, transform=at, ha="right", va="top", fontsize=8, color=GREY)
