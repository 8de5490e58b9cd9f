"""The look that all charts of a result share. Equal results give equal files: no date in them, no random ids.

Each path has one colour, marker and width everywhere, chosen to be told apart by those who see colours differently, and
where one line lies under another.
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
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, NullLocator

from console.results.result import Distribution, Measurement, Size, expect_temperature
from console.wording import tick

COLOURS = {
    "sqlite-efs": "#0072b2",
    "sqlite-tmp": "#d55e00",
    "ddb": "#009e73",
    "postgres": "#b3407c",
    "ledger": "#6f4e9c",
}
MARKERS = {"sqlite-efs": "o", "sqlite-tmp": "s", "ddb": "^", "postgres": "v", "ledger": "D"}
# sqlite-efs shows on both sides of another.
WIDTHS = {"sqlite-efs": 3.4, "sqlite-tmp": 1.3, "ddb": 1.3, "postgres": 1.3, "ledger": 1.3}
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


def panels(shown: Sequence[At]) -> tuple[Figure, list[tuple[Axes, list[At]]]]:
    """Make a figure with a panel for each workload, and what belongs into it; all have the same scale of latency."""
    names = list(dict.fromkeys(at.measurement.workload for at in shown))
    columns = min(COLUMNS, len(names))
    lines = math.ceil(len(names) / columns)
    with style():
        figure = Figure(figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * lines + 0.9), layout="constrained")
        each: list[Axes] = list(figure.subplots(lines, columns, sharey=True, squeeze=False).flat)
        for axes in each[len(names) :]:
            axes.remove()
        for name, axes in zip(names, each, strict=False):
            axes.set_title(name, loc="left")
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(tick))
            axes.yaxis.set_minor_locator(NullLocator())
    groups = [[at for at in shown if at.measurement.workload == name] for name in names]
    return figure, list(zip(each, groups, strict=False))


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
