"""Two results: what differs in where they were measured, and how much their medians do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import NamedTuple, cast

from console.benchmark.figures import decoded, interval, percentile_draws
from console.result import Environment, Figures, Interval, Measurement, Result


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
    ratio_interval: Interval


def differences(one: Environment, other: Environment) -> list[str]:
    """The members in which two environments differ. A local stack takes another port each time: that is none."""
    ours, theirs = _members(one), _members(other)
    return [f"{name} {ours[name]} and {theirs[name]}" for name in ours if ours[name] != theirs[name]]


def compare(before: Result, after: Result) -> list[Compared]:
    """Everything that both runs measured at the same number of rows."""
    found = {_kind(rows, it): (it, it.client_ms) for rows, it in _measured(before)}
    pairs = [(rows, it, *found[_kind(rows, it)]) for rows, it in _measured(after) if _kind(rows, it) in found]
    return [
        Compared(rows, it, min(it.requests, was.requests), first.p50, second.p50, _ratio(first, second, before.seed))
        for rows, it, was, first in pairs
        if first is not None and (second := it.client_ms) is not None
    ]


def _members(environment: Environment) -> dict[str, object]:
    """All members by their path, as `function.region`."""
    members: dict[str, object] = {"url": None if environment.is_local else environment.url}
    for name, value in asdict(environment).items():
        if isinstance(value, dict):
            parts = cast("dict[str, object]", value)
            members |= {f"{name}.{part}": parts[part] for part in parts}
        elif name not in members:
            members[name] = value
    return members


def _measured(result: Result) -> Iterator[tuple[int, Measurement]]:
    return ((size.rows, measurement) for size in result.sizes for measurement in size.measurements)


def _kind(rows: int, it: Measurement) -> tuple[object, ...]:
    return rows, it.workload, it.source, it.loop, it.temperature, it.rate_per_s


def _ratio(before: Figures, after: Figures, seed: int) -> Interval:
    """Where the ratio of the medians lies with 95 % confidence. Raises ConsoleError."""
    first, second = decoded(before.histogram), decoded(after.histogram)
    # Two seeds: the draws of two runs have nothing to do with each other.
    return interval(percentile_draws(second, 50, seed + 1) / percentile_draws(first, 50, seed))
