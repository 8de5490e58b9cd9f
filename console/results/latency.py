"""How long one path took, as far as a verdict may rely on it, and when two times differ.

An interval whose upper end is None has none: too few requests tell. The interval of fewer than LEAST_COMPARED requests
is narrow and says nothing, so that a verdict takes it for unbounded.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from console.results.result import Figures, Measurement

LEAST_COMPARED = 6  # the median of fewer values has no interval
TOO_FEW = "too few requests to tell"

Bounds = tuple[float, float | None]


class Latency(NamedTuple):
    """Times of one path in milliseconds, with where they lie with 95 % confidence.

    Args:
        requests: how many were answered.
    """

    requests: int
    p50: float
    p50_interval: Bounds
    p99: float
    p99_interval: Bounds

    @property
    def is_told(self) -> bool:
        """Whether there are enough requests to compare it with anything."""
        return self.requests >= LEAST_COMPARED


def latency_of(measurement: Measurement, *, in_function: bool) -> Latency | None:
    """The client's times, or the function's own; None where they were not measured."""
    figures = measurement.server_ms if in_function else measurement.client_ms
    return None if figures is None else latency(figures, measurement.requests)


def latency(figures: Figures, requests: int) -> Latency:
    """A distribution; of few requests without bounds."""
    if requests < LEAST_COMPARED:
        return Latency(requests, figures.p50, (0.0, None), figures.p99, (0.0, None))
    return Latency(requests, figures.p50, figures.p50_interval, figures.p99, figures.p99_interval)


def upper(bounds: Bounds) -> float:
    """The upper end; infinity where there is none."""
    return math.inf if bounds[1] is None else bounds[1]


def range_text(bounds: Bounds, digits: int) -> str:
    """An interval in words."""
    low, high = bounds
    return f"{low:.{digits}f} or more" if high is None else f"{low:.{digits}f} to {high:.{digits}f}"


def overlap(one: Bounds, other: Bounds) -> bool:
    """Whether two intervals share a point: then no difference is shown."""
    return one[0] <= upper(other) and other[0] <= upper(one)
