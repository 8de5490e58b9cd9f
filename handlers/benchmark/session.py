"""What a benchmark inside the function found, as it is answered and kept."""

from __future__ import annotations

import math
from typing import TypedDict

Consumed = dict[str, float | str | None]  # the numbers of a receipt, or of several added up


class Figures(TypedDict):
    """A distribution, in milliseconds."""

    p50: float
    p90: float
    p99: float
    max: float
    mean: float


class Result(TypedDict):
    """One workload on one source.

    `requests` are those that count, errors left out; `consumed` is the sum of their receipts.
    """

    workload: str
    source: str
    requests: int
    errors: dict[str, int]
    server_ms: Figures | None
    consumed: Consumed


class SessionSettings(TypedDict):
    """What was asked for."""

    iterations: int
    warm_ups: int
    workloads: list[str]


class Session(TypedDict):
    """When, on what and how. `bookmark` and `rows` are of the newest snapshot when it began."""

    id: str
    started_at: str
    duration_ms: float
    complete: bool
    bookmark: str
    rows: int
    settings: SessionSettings
    environment: dict[str, object]


class Benchmark(Session):
    """A session with its results."""

    results: list[Result]


def figures_of(times_ms: list[float]) -> Figures | None:
    """The distribution of some times; None of none. Percentiles are nearest ranks: each is one of the times."""
    if not times_ms:
        return None
    ranked = sorted(times_ms)

    def percentile(percent: int) -> float:
        return round(ranked[math.ceil(percent * len(ranked) / 100) - 1], 3)

    mean = math.fsum(ranked) / len(ranked)
    return Figures(
        p50=percentile(50), p90=percentile(90), p99=percentile(99), max=round(ranked[-1], 3), mean=round(mean, 3)
    )
