"""Looks into matplotlib's figures, whose own types leave open what they hold."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text


def points_of(line: object) -> list[list[float]]:
    """The points that a line goes through."""
    assert isinstance(line, Line2D)
    return np.array(line.get_xydata(), dtype=float).tolist()  # pyright: ignore[reportUnknownMemberType]


def bars_of(axes: Axes) -> list[list[list[float]]]:
    """The points of each error bar; none of one that is not drawn."""
    bars: list[list[list[float]]] = []
    for container in axes.containers:
        assert isinstance(container, ErrorbarContainer)
        lines: object = container.get_children()[-1]
        assert isinstance(lines, LineCollection)
        segments = [np.array(segment, dtype=float).reshape(-1, 2) for segment in lines.get_segments()]
        bars += [segment[~np.isnan(segment).any(axis=1)].tolist() for segment in segments]
    return bars


def curves_of(axes: Axes) -> list[Line2D]:
    """The lines through medians that have error bars."""
    found = [it.get_children()[0] for it in axes.containers if isinstance(it, ErrorbarContainer)]
    return [it for it in found if isinstance(it, Line2D)]


def titles(figure: Figure) -> list[str]:
    return [axes.get_title("left") for axes in figure.axes]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def x_labels(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_xticklabels()]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """The texts that lie on each other, and those that lie outside, once the figure is drawn."""
    FigureCanvasAgg(figure).draw()  # pyright: ignore[reportUnknownMemberType]
    texts = [it for axes in figure.axes for it in (*axes.texts, *_shown_labels(axes))]
    boxes = [(it.get_text(), it.get_window_extent()) for it in texts if it.get_text()]
    outside = [(text, "") for text, box in boxes if box.x0 < 0 or box.x1 > figure.bbox.x1 or box.y1 > figure.bbox.y1]
    pairs = [(one, other) for place, one in enumerate(boxes) for other in boxes[:place]]
    return outside + [(one[0], other[0]) for one, other in pairs if one[1].overlaps(other[1])]


def _shown_labels(axes: Axes) -> list[Text]:
    """The labels of the x axis, without those of ticks beyond its ends, which are not drawn."""
    low, high = axes.get_xlim()
    return [it for it in axes.get_xticklabels() if low <= it.get_position()[0] <= high]
