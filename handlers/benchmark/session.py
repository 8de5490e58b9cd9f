"""What a benchmark inside the function found, as it is answered and kept."""

from __future__ import annotations

import math
from typing import TypedDict

Consumed = dict[str, float | str | None]  # the numbers of a receipt, or of several added up


class Distribution(TypedDict):
    """A distribution, in milliseconds."""

    p50: float
    p90: float
    p99: float
    max: float
    mean: float


class LaneResult(TypedDict):
    """One workload on one source.

    `requests` are those that count, errors left out; `consumed` is the sum of their receipts.
    """

    workload: str
    source: str
    requests: int
    errors: dict[str, int]
    server_ms: Distribution | None
    consumed: Consumed


class BenchmarkSettings(TypedDict):
    """What was asked for."""

    iterations: int
    warm_ups: int
    workloads: list[str]


class BenchmarkSession(TypedDict):
    """When, on what and how.

    `bookmark` and `rows` are of the newest snapshot when it began; `last_bookmark` is the newest that an answer was of:
    where it is another one, rows came in meanwhile.
    """

    id: str
    started_at: str
    duration_ms: float
    complete: bool
    bookmark: str
    last_bookmark: str
    rows: int
    settings: BenchmarkSettings
    environment: dict[str, object]


class Benchmark(BenchmarkSession):
    """A session with its results."""

    results: list[LaneResult]


def distribution_of(times_ms: list[float]) -> Distribution | None:
    """The distribution of some times; None of none. Percentiles are nearest ranks: each is one of the times."""
    if not times_ms:
        return None
    ranked = sorted(times_ms)

    def percentile(percent: int) -> float:
        return round(ranked[math.ceil(percent * len(ranked) / 100) - 1], 3)

    mean = math.fsum(ranked) / len(ranked)
    return Distribution(
        p50=percentile(50), p90=percentile(90), p99=percentile(99), max=round(ranked[-1], 3), mean=round(mean, 3)
    )
