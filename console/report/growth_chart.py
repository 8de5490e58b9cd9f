"""The chart of latency by rows. Runs are never joined by a line: what changed between them need not be the rows."""

# matplotlib's own types leave its keyword arguments unknown
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from console.report.charts import COLOURS, MARKERS, WIDTHS, At, labelled, panels, shown_at
from console.results.result import Interval, Size
from console.wording import tick

# Beside each other, where one would hide another.
SHIFTS = {"sqlite-efs": -1, "sqlite-tmp": 0, "ddb": 1, "postgres": 2, "ledger": 0}
SHIFT_SHARE = 0.035  # of the axis
LABEL_SHARE = 0.17  # of the axis, that a label needs
MARGIN_SHARE = 0.15  # of the decades between the least and the greatest size, at each end
LEAST_MARGIN = 1.01  # times, around one size alone
EARLIER = 0.4  # the opacity of runs before the last
TITLE = "Latency by rows: median with its 95 % interval (no bar: too few requests), 99th percentile (dotted)"


def latency_by_rows(runs: Sequence[Sequence[Size]]) -> Figure:
    """Draw the median by the number of rows, with its interval, and the 99th percentile.

    Args:
        runs: the sizes of each run, the last run last; at least one with a latency.
    """
    shown = [points_by_rows(sizes) for sizes in runs]
    every = [at for run in shown for at in run]
    ends = _ends([at.rows for at in every])
    figure, each = panels(every)
    for axes, in_panel in each:
        for number, run in enumerate(shown, start=1):
            for source in dict.fromkeys(at.measurement.source for at in in_panel):
                points = [at for at in run if at in in_panel and at.measurement.source == source]
                _curve(axes, source, points, ends, is_last=number == len(shown))
        _axis(axes, [at.rows for at in in_panel], ends)
    title = f"{TITLE}{'; paler: earlier runs' if len(runs) > 1 else ''}"
    labelled(figure, [axes for axes, _ in each], title, ("rows", "milliseconds"))
    return figure


def points_by_rows(sizes: Iterable[Size]) -> list[At]:
    """Choose what can be drawn: latencies of the closed loop, of any rows."""
    return [at for at in shown_at(sizes) if at.measurement.loop == "closed" and at.rows]


def _curve(axes: Axes, source: str, points: Sequence[At], ends: tuple[float, float], *, is_last: bool) -> None:
    shifted = 10 ** (SHIFTS[source] * SHIFT_SHARE * _decades(ends))
    rows = [at.rows * shifted for at in points]
    medians = np.array([at.figures.p50 for at in points])
    spread = np.abs(np.array([_bar(at.figures.p50_interval) for at in points]).reshape(-1, 2).T - medians)
    colour, opacity = COLOURS[source], 1.0 if is_last else EARLIER
    axes.errorbar(
        rows,
        medians,
        yerr=spread,
        color=colour,
        alpha=opacity,
        marker=MARKERS[source],
        markersize=4.5,
        linewidth=WIDTHS[source] / 1.5,
        elinewidth=1.2,
        capsize=4.5,  # wider than the marker, so that the narrowest bar shows
        label=source if is_last else "_earlier",
    )
    p99 = [at.figures.p99 for at in points]
    axes.plot(rows, p99, color=colour, alpha=opacity, linewidth=0.9, linestyle=":", marker=".", markersize=2)


def _bar(interval: Interval) -> tuple[float, float]:
    """Return the ends of an error bar; there is none where there were too few requests."""
    low, high = interval
    return (math.nan, math.nan) if high is None else (low, high)


def _axis(axes: Axes, rows: Iterable[int], ends: tuple[float, float]) -> None:
    """Put ticks at the sizes that were measured, the larger ones first where labels would touch."""
    ticks: list[int] = []
    for at in sorted(rows, reverse=True):
        if not ticks or math.log10(ticks[-1] / at) >= LABEL_SHARE * _decades(ends):
            ticks.append(at)
    ticks.reverse()
    axes.set_xscale("log")
    axes.set_xlim(*ends)
    axes.set_xticks(ticks, [tick(at) for at in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _ends(rows: Sequence[int]) -> tuple[float, float]:
    """Return the ends of the axis, with a margin."""
    low, high = min(rows), max(rows)
    margin = max((high / low) ** MARGIN_SHARE, LEAST_MARGIN)
    return low / margin, high * margin


def _decades(ends: tuple[float, float]) -> float:
    return math.log10(ends[1] / ends[0])
