"""The time that one path took, as far as a verdict may rely on it, and when two times differ.

An interval whose upper end is None has none: too few requests tell. The interval of fewer than LEAST_COMPARED requests
is narrow and says nothing, so that a verdict takes it for unbounded.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Self

from console.results.result import Distribution, Measurement

LEAST_COMPARED = 6  # the median of fewer values has no interval
TOO_FEW = "too few requests to tell"

Bounds = tuple[float, float | None]
UNKNOWN: Bounds = (0.0, None)


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

    @classmethod
    def from_measurement(cls, measurement: Measurement, *, in_function: bool) -> Self | None:
        """Take the client's times, or the function's own; None where they were not measured."""
        times_ms = measurement.server_ms if in_function else measurement.client_ms
        return None if times_ms is None else cls.from_distribution(times_ms, measurement.requests)

    @classmethod
    def from_distribution(cls, it: Distribution, requests: int) -> Self:
        """Take a distribution; of few requests without bounds."""
        if requests < LEAST_COMPARED:
            return cls(requests, it.p50, UNKNOWN, it.p99, UNKNOWN)
        return cls(requests, it.p50, it.p50_interval, it.p99, it.p99_interval)

    @property
    def is_told(self) -> bool:
        """Tell whether there are enough requests to compare it with anything."""
        return self.requests >= LEAST_COMPARED


def upper(bounds: Bounds) -> float:
    """Return the upper end; infinity where there is none."""
    return math.inf if bounds[1] is None else bounds[1]


def overlap(one: Bounds, other: Bounds) -> bool:
    """Tell whether two intervals share a point: then no difference is shown."""
    return one[0] <= upper(other) and other[0] <= upper(one)
