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
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from console.benchmark.figures import Values, decoded
from console.benchmark.grids import name_of, number
from console.result import Figures, Measurement, Size

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
    figures: Figures


def distribution(size: Size) -> Figure:
    """How long requests took, by percentile: a panel for each workload, a line for each path."""
    shown = shown_at([size])
    names = list(dict.fromkeys(name_of(at.measurement) for at in shown))
    figure, panels = _panels(names, f"{size.rows:,} rows: how many requests took at most how long")
    for name, axes in zip(names, panels, strict=True):
        for at in shown:
            if name_of(at.measurement) == name:
                _percentile_curve(axes, at)
        _percentile_axis(axes)
    _label(figure, panels, "percentile of the requests", "milliseconds")
    return figure


def latency_by_rows(sizes: Sequence[Size]) -> Figure:
    """The median by the number of rows, with its interval, and the 99th percentile."""
    shown = shown_at(sizes)
    names = list(dict.fromkeys(name_of(at.measurement) for at in shown))
    figure, panels = _panels(names, "Median with its 95 % interval, and 99th percentile (thin), by number of rows")
    for name, axes in zip(names, panels, strict=True):
        of_workload = [at for at in shown if name_of(at.measurement) == name]
        for source in dict.fromkeys(at.measurement.source for at in of_workload):
            _growth_curve(axes, source, [at for at in of_workload if at.measurement.source == source])
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(_as_number))
    _label(figure, panels, "rows", "milliseconds")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write an SVG. Raises OSError."""
    with _style():
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def shown_at(sizes: Iterable[Size]) -> list[At]:
    """Everything that has a latency."""
    return [At(size.rows, it, it.client_ms) for size in sizes for it in size.measurements if it.client_ms is not None]


@contextlib.contextmanager
def _style() -> Generator[None]:
    with mpl.rc_context(cast("dict[Any, Any]", STYLE)):  # its names are a type of matplotlib's own
        yield


def _panels(names: Sequence[str], title: str) -> tuple[Figure, list[Axes]]:
    """A figure with a titled panel for each name; the latency's scale is the same in all."""
    columns = min(COLUMNS, len(names))
    lines = math.ceil(len(names) / columns)
    with _style():
        figure = Figure(figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * lines + 0.9), layout="constrained")
        grid = figure.subplots(lines, columns, sharey=True, squeeze=False)
        panels: list[Axes] = list(grid.flat)
        for axes in panels[len(names) :]:
            axes.remove()
        for name, axes in zip(names, panels, strict=False):
            axes.set_title(name, loc="left")
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(_as_number))
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return figure, panels[: len(names)]


def _as_number(value: float, _: object) -> str:
    return number(value)


def _percentile_curve(axes: Axes, at: At) -> None:
    values = decoded(at.figures.histogram)
    shares = (np.arange(len(values)) + 0.5) / len(values)
    source = at.measurement.source
    axes.plot(_nines(shares), values, color=COLOURS[source], label=source, linewidth=1.6, solid_capstyle="round")


def _percentile_axis(axes: Axes) -> None:
    """As many nines as there are requests for: each step to the right is a tenth of the requests."""
    right = max(float(np.max(line.get_xdata())) for line in axes.get_lines())
    ticks = [percentile for percentile in PERCENTILES if _nines(np.array([percentile / 100]))[0] <= max(right, 1)]
    axes.set_xticks([float(_nines(np.array([tick / 100]))[0]) for tick in ticks], [f"{tick:g} %" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _nines(shares: Values) -> Values:
    return -np.log10(1 - shares)


def _growth_curve(axes: Axes, source: str, each: Sequence[At]) -> None:
    rows = [at.rows for at in each]
    medians = np.array([at.figures.p50 for at in each])
    bounds = np.array([at.figures.p50_interval for at in each]).T
    colour = COLOURS[source]
    spread = np.abs(bounds - medians)
    axes.errorbar(
        rows, medians, yerr=spread, color=colour, marker=MARKERS[source], markersize=4, label=source, capsize=2
    )
    axes.plot(rows, [at.figures.p99 for at in each], color=colour, linewidth=0.7, alpha=0.8)


def _label(figure: Figure, panels: Sequence[Axes], x: str, y: str) -> None:
    with _style():
        figure.supxlabel(x, fontsize=9, color=GREY)
        figure.supylabel(y, fontsize=9, color=GREY)
        handles = {
            label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles, loc="outside upper right", ncols=len(handles))
