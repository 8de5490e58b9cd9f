"""The findings of a benchmark inside the function, as they are answered and kept."""

from __future__ import annotations

import math
from typing import NotRequired, TypedDict

from handlers.domain.bounds import bounds
from handlers.domain.percentiles import nearest_rank

Consumed = dict[str, float | str | None]  # the numbers of a receipt, or of several added up


Interval = list[float | None]  # two ends; no upper one where there were too few requests


class LaneFigures(TypedDict):
    """A distribution, in milliseconds; where its median and its 99th percentile lie with 95 % confidence.

    Sessions of older versions are without these intervals.
    """

    p50: float
    p90: float
    p99: float
    max: float
    mean: float
    p50_interval: NotRequired[Interval]
    p99_interval: NotRequired[Interval]


class LaneResult(TypedDict):
    """One workload on one source.

    `requests` are those that count, errors left out; `consumed` is the sum of their receipts.
    """

    workload: str
    source: str
    requests: int
    errors: dict[str, int]
    server_ms: LaneFigures | None
    consumed: Consumed


class BenchmarkSettings(TypedDict):
    """The settings that were asked for."""

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


def figures_of(times_ms: list[float]) -> LaneFigures | None:
    """Return the distribution of some times; None of none."""
    if not times_ms:
        return None
    ranked = sorted(times_ms)
    p50, p90, p99 = (round(nearest_rank(ranked, percent), 3) for percent in (50, 90, 99))
    mean = math.fsum(ranked) / len(ranked)
    return LaneFigures(
        p50=p50,
        p90=p90,
        p99=p99,
        max=round(ranked[-1], 3),
        mean=round(mean, 3),
        p50_interval=_interval(ranked, 50),
        p99_interval=_interval(ranked, 99),
    )


def _interval(ranked: list[float], percent: float) -> Interval:
    return [None if end is None else round(end, 3) for end in bounds(ranked, percent)]
