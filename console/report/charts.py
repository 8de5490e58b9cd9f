"""A result as charts. Equal results give equal files: no date in them, no random ids.

Each path has one colour and one marker everywhere, chosen to be told apart by those who see colours differently.
"""

# matplotlib's own types leave its keyword arguments unknown
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, NullLocator

from console.benchmark.figures import decoded
from console.report.comparison import Values
from console.results.result import Distribution, Interval, Measurement, Size, expect_temperature
from console.wording import tick

COLOURS = {"sqlite-efs": "#0072b2", "sqlite-tmp": "#d55e00", "ddb": "#009e73", "ledger": "#6f4e9c"}
MARKERS = {"sqlite-efs": "o", "sqlite-tmp": "s", "ddb": "^", "ledger": "D"}
PERCENTILES = (0.0, 50.0, 90.0, 99.0, 99.9)
PANEL_INCHES = (3.1, 2.5)
COLUMNS = 3
GREY = "#555555"
STYLE = {
    "svg.hashsalt": "lambda-sqlite",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
}


class At(NamedTuple):
    """A measurement at a number of rows."""

    rows: int
    measurement: Measurement
    figures: Distribution


def distribution(size: Size) -> Figure:
    """Draw how long requests took, by percentile: a panel for each workload, a line for each path and loop."""
    shown = shown_at([size])
    figure, panels = _panels(shown)
    for axes, each in panels:
        for at in each:
            _percentile_curve(axes, at)
        _percentile_axis(axes)
    title = f"{size.rows:,} rows: how many of the requests took at most how long"
    labelled(figure, [axes for axes, _ in panels], title, ("percentile of the requests", "milliseconds"))
    return figure


def latency_by_rows(sizes: Sequence[Size]) -> Figure:
    """Draw the median by the number of rows, with its interval, and the 99th percentile."""
    shown = [at for at in shown_at(sizes) if at.measurement.loop == "closed"]
    figure, panels = _panels(shown)
    for axes, each in panels:
        for source in dict.fromkeys(at.measurement.source for at in each):
            _growth_curve(axes, source, [at for at in each if at.measurement.source == source])
        axes.set_xscale("log")
        axes.margins(x=0.12)
        axes.xaxis.set_major_formatter(FuncFormatter(tick))
        axes.xaxis.set_minor_locator(NullLocator())
    title = "Latency by rows: median, its 95 % interval (no bar: too few requests), 99th percentile (thin)"
    labelled(figure, [axes for axes, _ in panels], title, ("rows", "milliseconds"))
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write an SVG. Raises OSError."""
    with style():
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def shown_at(sizes: Iterable[Size]) -> list[At]:
    """Choose everything that has a latency, but stray first requests of sandboxes."""
    return [
        At(size.rows, it, it.client_ms)
        for size in sizes
        for it in size.measurements
        if it.client_ms is not None and it.temperature == expect_temperature(it.workload)
    ]


@contextlib.contextmanager
def style() -> Generator[None]:
    """Set the look of all charts, for what is made within."""
    with mpl.rc_context(cast("dict[Any, Any]", STYLE)):  # its names are a type of matplotlib's own
        yield


def _panels(shown: Sequence[At]) -> tuple[Figure, list[tuple[Axes, list[At]]]]:
    """Make a figure with a panel for each workload, and what belongs into it; all have the same scale of latency."""
    names = list(dict.fromkeys(at.measurement.workload for at in shown))
    columns = min(COLUMNS, len(names))
    lines = math.ceil(len(names) / columns)
    with style():
        figure = Figure(figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * lines + 0.9), layout="constrained")
        panels: list[Axes] = list(figure.subplots(lines, columns, sharey=True, squeeze=False).flat)
        for axes in panels[len(names) :]:
            axes.remove()
        for name, axes in zip(names, panels, strict=False):
            axes.set_title(name, loc="left")
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(tick))
            axes.yaxis.set_minor_locator(NullLocator())
    groups = [[at for at in shown if at.measurement.workload == name] for name in names]
    return figure, list(zip(panels, groups, strict=False))


def _percentile_curve(axes: Axes, at: At) -> None:
    values = np.array(decoded(at.figures.histogram))
    shares = (np.arange(len(values)) + 0.5) / len(values)
    it = at.measurement
    label = it.source if it.rate_per_s is None else f"{it.source} at {it.rate_per_s:g}/s"
    line = "-" if it.rate_per_s is None else (0, (3, 1.5))
    axes.plot(_nines(shares), values, color=COLOURS[it.source], linestyle=line, label=label, linewidth=1.5)


def _percentile_axis(axes: Axes) -> None:
    """Show as many nines as there are requests for: each step to the right is a tenth of the requests."""
    right = max(float(np.max(line.get_xdata())) for line in axes.get_lines())
    ticks = [percentile for percentile in PERCENTILES if _nines(np.array([percentile / 100]))[0] <= max(right, 1)]
    axes.set_xticks([float(_nines(np.array([at / 100]))[0]) for at in ticks], [f"{at:g} %" for at in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _nines(shares: Values) -> Values:
    return -np.log10(1 - shares)


def _growth_curve(axes: Axes, source: str, each: Sequence[At]) -> None:
    rows = [at.rows for at in each]
    medians = np.array([at.figures.p50 for at in each])
    colour = COLOURS[source]
    spread = np.abs(np.array([_bar(at.figures.p50_interval) for at in each]).T - medians)
    axes.errorbar(
        rows, medians, yerr=spread, color=colour, marker=MARKERS[source], markersize=4, label=source, capsize=2
    )
    axes.plot(rows, [at.figures.p99 for at in each], color=colour, linewidth=0.7, alpha=0.8)


def _bar(interval: Interval) -> tuple[float, float]:
    """Return the ends of an error bar; there is none where there were too few requests."""
    low, high = interval
    return (math.nan, math.nan) if high is None else (low, high)


def labelled(figure: Figure, panels: Sequence[Axes], title: str, axes_names: tuple[str, str]) -> None:
    """Say what the figure shows, and name the axes (x, y) and each line once for all panels."""
    with style():
        figure.supxlabel(axes_names[0], fontsize=9, color=GREY)
        figure.supylabel(axes_names[1], fontsize=9, color=GREY)
        handles: dict[str, Artist] = {}
        for axes in panels:
            handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        names = sorted(handles, key=lambda name: (list(COLOURS).index(name.split()[0]), name))
        legend = figure.legend([handles[name] for name in names], names, loc="outside upper left", ncols=len(COLOURS))
        legend.set_title(title, FontProperties(weight="bold", size=10))
        legend.set_alignment("left")
