"""Two results: what differs in where they were measured, and how much their medians do.

The interval of a ratio of two medians is a percentile bootstrap of fixed seeds, so equal results compare equally.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from console.benchmark.figures import decoded
from console.results.result import BenchResult, Distribution, Environment, Measurement, Size
from console.wording import joined
from handlers.domain.percentiles import nearest_rank, rank

RESAMPLES = 2000
CONFIDENCE = (2.5, 97.5)
CHUNK = 1_000_000  # numbers drawn at a time
ALIKE_SHARE = 0.10  # so far apart, numbers of rows still count as one size

Values = NDArray[np.float64]


class Compared(NamedTuple):
    """One measurement of two runs.

    Args:
        requests: of the run that has fewer.
        ratio_interval: of after / before, of the medians.
    """

    rows_before: int
    rows_after: int
    after: Measurement
    requests: int
    p50_before: float
    p50_after: float
    ratio_interval: tuple[float, float]


def differences(one: Environment, other: Environment) -> list[str]:
    """Name the members in which two environments differ. A local stack takes another port each time: that is none."""
    ours, theirs = _members(one), _members(other)
    return [f"{name} {ours[name]} and {theirs[name]}" for name in ours if ours[name] != theirs[name]]


def is_one_size(rows: int, other: int) -> bool:
    """Tell whether two numbers of rows are within 10 % of each other: a stack that was measured has grown a little."""
    return abs(rows - other) <= ALIKE_SHARE * min(rows, other)


def compare(before: BenchResult, after: BenchResult) -> list[Compared]:
    """Compare everything that both runs measured at the same size; of several alike, the one nearest in rows."""
    sizes = [(_nearest(before.sizes, size.rows), size) for size in after.sizes]
    return [pair for was, size in sizes if was is not None for pair in _pairs(was, size, before.seed)]


def nothing_to_compare(before: BenchResult, after: BenchResult) -> str:
    """Say why two runs have no measurement in common."""
    if any(_nearest(before.sizes, size.rows) for size in after.sizes):
        return "The two runs measured nothing alike: no workload on the same path."
    one, other = (joined([f"{size.rows:,}" for size in result.sizes]) or "none" for result in (before, after))
    return f"The two runs have no size in common, within 10 %: {one} rows before, {other} after."


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


def _nearest(sizes: Sequence[Size], rows: int) -> Size | None:
    alike = [size for size in sizes if is_one_size(size.rows, rows)]
    return min(alike, key=lambda size: abs(size.rows - rows), default=None)


def _pairs(before: Size, after: Size, seed: int) -> Iterator[Compared]:
    found = {_kind(it): it for it in before.measurements}
    for it in after.measurements:
        was = found.get(_kind(it))
        if was is not None and was.client_ms is not None and it.client_ms is not None:
            first, second = was.client_ms, it.client_ms
            requests = min(it.requests, was.requests)
            ratio = _ratio(first, second, seed)
            yield Compared(before.rows, after.rows, it, requests, first.p50, second.p50, ratio)


def _kind(it: Measurement) -> tuple[object, ...]:
    return it.workload, it.source, it.loop, it.temperature, it.rate_per_s


def _ratio(before: Distribution, after: Distribution, seed: int) -> tuple[float, float]:
    """Find where the ratio of the medians lies with 95 % confidence. Raises ConsoleError."""
    first, second = np.array(decoded(before.histogram)), np.array(decoded(after.histogram))
    # Two seeds: the draws of two runs have nothing to do with each other.
    return spread(median_draws(second, seed + 1) / median_draws(first, seed))
