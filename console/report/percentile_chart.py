"""The chart of latency by percentile: the nearest rank, as everywhere else."""

# matplotlib's own types leave its keyword arguments unknown
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from console.benchmark.figures import decoded
from console.report.charts import COLOURS, WIDTHS, At, labelled, panels, shown_at
from console.results.result import Size

PERCENTILES = (50, 90, 99, 99.9, 99.99, 99.999)
LAST_NINES = 0.15  # how far the slowest request is drawn: its own end, 100 %, is infinitely far to the right


def latency_by_percentile(size: Size) -> Figure:
    """Draw how long requests took, by percentile: a panel for each workload, a line for each path and loop."""
    figure, each = panels(shown_at([size]))
    for axes, shown in each:
        for at in shown:
            _curve(axes, at)
        _axis(axes, max(len(decoded(at.figures.histogram)) for at in shown))
    title = f"{size.rows:,} rows: how many of the requests took at most how long"
    labelled(figure, [axes for axes, _ in each], title, ("percentile of the requests", "milliseconds"))
    return figure


def _curve(axes: Axes, at: At) -> None:
    """Draw steps: of n requests in order, the one at place i is each percentile from above (i - 1) / n to i / n."""
    values = sorted(decoded(at.figures.histogram))
    count = len(values)
    ends = [_nines(place / count) for place in range(count)] + [math.log10(count) + LAST_NINES]
    it = at.measurement
    label = it.source if it.rate_per_s is None else f"{it.source} at {it.rate_per_s:g}/s"
    line = "-" if it.rate_per_s is None else (0, (3, 1.5))
    axes.plot(
        ends,
        [values[0], *values],
        color=COLOURS[it.source],
        linestyle=line,
        label=label,
        linewidth=WIDTHS[it.source],
        drawstyle="steps-pre",
    )


def _axis(axes: Axes, requests: int) -> None:
    """Show as many nines as there are requests for: each step to the right is a tenth of the requests.

    Args:
        requests: of the longest curve.
    """
    right = math.log10(requests) + LAST_NINES
    ticks = [percentile for percentile in PERCENTILES if _nines(percentile / 100) <= right]
    axes.set_xlim(0, right)
    axes.set_xticks([_nines(at / 100) for at in ticks], [f"{at:g} %" for at in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _nines(share: float) -> float:
    return -math.log10(1 - share)
