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

SHIFTS = {"sqlite-efs": -1, "sqlite-tmp": 0, "ddb": 1, "ledger": 0}  # beside each other, where one would hide another
SHIFT_SHARE = 0.035  # of the axis
LABEL_SHARE = 0.2  # of the axis, that a label needs
EARLIER = 0.4  # the opacity of runs before the last
TITLE = "Latency by rows: median with its 95 % interval (no bar: too few requests), 99th percentile (dotted)"


def latency_by_rows(runs: Sequence[Sequence[Size]]) -> Figure:
    """Draw the median by the number of rows, with its interval, and the 99th percentile.

    Args:
        runs: the sizes of each run, the last run last.
    """
    shown = [[at for at in shown_at(sizes) if at.measurement.loop == "closed"] for sizes in runs]
    rows = sorted({at.rows for run in shown for at in run})
    figure, each = panels([at for run in shown for at in run])
    for axes, in_panel in each:
        for number, run in enumerate(shown, start=1):
            for source in dict.fromkeys(at.measurement.source for at in in_panel):
                points = [at for at in run if at in in_panel and at.measurement.source == source]
                _curve(axes, source, points, _axis_length(rows), is_last=number == len(shown))
        _axis(axes, rows)
    title = f"{TITLE}{'; paler: earlier runs' if len(runs) > 1 else ''}"
    labelled(figure, [axes for axes, _ in each], title, ("rows", "milliseconds"))
    return figure


def _curve(axes: Axes, source: str, points: Sequence[At], axis_length: float, *, is_last: bool) -> None:
    shifted = 10 ** (SHIFTS[source] * SHIFT_SHARE * axis_length)
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


def _axis(axes: Axes, rows: Sequence[int]) -> None:
    """Put ticks at the sizes that were measured."""
    axes.set_xscale("log")
    axes.margins(x=0.12)
    ticks = _apart(rows, LABEL_SHARE * _axis_length(rows))
    axes.set_xticks(ticks, [tick(at) for at in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _apart(rows: Iterable[int], least: float) -> list[int]:
    """Choose those that have room for a label, the largest before the others."""
    chosen: list[int] = []
    for at in sorted(rows, reverse=True):
        if not chosen or math.log10(chosen[-1] / at) >= least:
            chosen.append(at)
    return chosen[::-1]


def _axis_length(rows: Sequence[int]) -> float:
    """Return how many decades there are from the least to the greatest."""
    return math.log10(rows[-1] / rows[0])
