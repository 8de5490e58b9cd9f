"""Two results: what differs in where they were measured, and how much their medians do.

The interval of a ratio of two medians is a percentile bootstrap of fixed seeds, so equal results compare equally.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from console.benchmark.figures import decoded
from console.results.result import BenchResult, Distribution, Environment, Measurement
from handlers.domain.percentiles import nearest_rank, rank

RESAMPLES = 2000
CONFIDENCE = (2.5, 97.5)
CHUNK = 1_000_000  # numbers drawn at a time

Values = NDArray[np.float64]


class Compared(NamedTuple):
    """One measurement of two runs.

    Args:
        requests: of the run that has fewer.
        ratio_interval: of after / before, of the medians.
    """

    rows: int
    after: Measurement
    requests: int
    p50_before: float
    p50_after: float
    ratio_interval: tuple[float, float]


def differences(one: Environment, other: Environment) -> list[str]:
    """Name the members in which two environments differ. A local stack takes another port each time: that is none."""
    ours, theirs = _members(one), _members(other)
    return [f"{name} {ours[name]} and {theirs[name]}" for name in ours if ours[name] != theirs[name]]


def compare(before: BenchResult, after: BenchResult) -> list[Compared]:
    """Compare everything that both runs measured at the same number of rows."""
    found = {_kind(rows, it): (it, it.client_ms) for rows, it in _measured(before)}
    pairs = [(rows, it, *found[_kind(rows, it)]) for rows, it in _measured(after) if _kind(rows, it) in found]
    return [
        Compared(rows, it, min(it.requests, was.requests), first.p50, second.p50, _ratio(first, second, before.seed))
        for rows, it, was, first in pairs
        if first is not None and (second := it.client_ms) is not None
    ]


def median_draws(values: Values, seed: int) -> Values:
    """Return the medians of samples drawn anew from the sample, RESAMPLES times."""
    generator = np.random.default_rng(seed)
    at_a_time, middle = max(1, CHUNK // len(values)), rank(len(values), 50)
    drawn: list[Values] = []
    for done in range(0, RESAMPLES, at_a_time):
        shape = (min(at_a_time, RESAMPLES - done), len(values))
        drawn.append(np.partition(generator.choice(values, shape), middle, axis=1)[:, middle])
    return np.concatenate(drawn)


def spread(draws: Values) -> tuple[float, float]:
    """Return the ends of the middle 95 % of the draws."""
    ranked: list[float] = np.sort(draws).tolist()
    low, high = (nearest_rank(ranked, percent) for percent in CONFIDENCE)
    return low, high


def _members(environment: Environment) -> dict[str, object]:
    """Return all members by their path, as `function.region`."""
    members: dict[str, object] = {"url": None if environment.is_local else environment.url}
    for name, value in asdict(environment).items():
        if isinstance(value, dict):
            parts = cast("dict[str, object]", value)
            members |= {f"{name}.{part}": parts[part] for part in parts}
        elif name not in members:
            members[name] = value
    return members


def _measured(result: BenchResult) -> Iterator[tuple[int, Measurement]]:
    return ((size.rows, measurement) for size in result.sizes for measurement in size.measurements)


def _kind(rows: int, it: Measurement) -> tuple[object, ...]:
    return rows, it.workload, it.source, it.loop, it.temperature, it.rate_per_s


def _ratio(before: Distribution, after: Distribution, seed: int) -> tuple[float, float]:
    """Find where the ratio of the medians lies with 95 % confidence. Raises ConsoleError."""
    first, second = np.array(decoded(before.histogram)), np.array(decoded(after.histogram))
    # Two seeds: the draws of two runs have nothing to do with each other.
    return spread(median_draws(second, seed + 1) / median_draws(first, seed))
