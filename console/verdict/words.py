"""The verdict's sentences: numbers in, words out. Where intervals overlap they say that no difference is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from console.costs.crossover import Crossing
from console.costs.study import RANGES, Study
from console.results.latency import TOO_FEW, Bounds, Latency, overlap, upper
from console.results.result import Measurement
from console.wording import interval, joined, quantity, three_digits, usd

CENT = 0.01


def advice(found: Study, recommended: str | None) -> str:
    """Say what to use for what."""
    scenario = found.assembled.scenario
    return (
        f"For {quantity(scenario.rows)} rows, {quantity(scenario.reads_per_month)} reads and "
        f"{quantity(scenario.publishes)} publishes a month: "
        f"{f'read by {recommended}' if recommended else 'no path can be recommended'}."
    )


def failures(known: Mapping[str, Measurement], failing: Collection[str], most: float) -> str:
    """Say which paths failed, how often and how; first those that are left out for it.

    Args:
        failing: those of which a larger share than `most` failed.
    """
    left_out = [_failed(source, known[source]) for source in failing]
    others = [_failed(source, it) for source, it in known.items() if it.errors and source not in failing]
    said = f"Left out, as more than {most * 100:g} % of the requests failed: {joined(left_out)}." if left_out else ""
    rest = f"Some requests failed, and their times are not counted: {joined(others)}." if others else ""
    return " ".join(filter(None, [said, rest]))


def wish(recommended: str, within_ms: float | None, latencies: Mapping[str, Latency], *, decides: bool) -> str:
    """Say what came of the wished latency; nothing without one."""
    if within_ms is None:
        return ""
    if not decides:
        return f"Whether a path meets {within_ms:g} ms on AWS was not measured; cost alone decides."
    own = latencies[recommended]
    its = f"its p99, {three_digits(own.p99)} ms ({_range(own, own.p99_interval)}),"
    if upper(own.p99_interval) <= within_ms:
        return f"I{its[1:]} meets {within_ms:g} ms."
    return f"No path is shown to meet {within_ms:g} ms at p99; {its} is not shown to be above the lowest."


def cost(totals_usd: Mapping[str, float], recommended: str) -> str:
    """Say what it costs, and how far the others are from that."""
    own = totals_usd[recommended]
    others = joined(
        [f"{_apart(total - own)} {source}" for source, total in totals_usd.items() if source != recommended]
    )
    return f"It costs {usd(own)} USD a month, {others}."


def row_bytes(found: Study) -> str:
    """Say that a row's part of a snapshot is assumed; nothing where it was measured or given."""
    if found.assembled.origins["snapshot_row_bytes"] != "assumed":
        return ""
    assumed = found.assembled.scenario.numbers()["snapshot_row_bytes"]
    return f"The snapshots are too small to tell what a row takes in one: {quantity(assumed)} bytes are assumed."


def speed(latencies: Mapping[str, Latency], recommended: str, where: str) -> str:
    """Say how fast it is, and the others beside it."""
    if recommended not in latencies:
        return f"No latency of {recommended} was measured."
    own = latencies[recommended]
    text = f"Its p50 {where} is {three_digits(own.p50)} ms ({_range(own, own.p50_interval)})"
    others = joined([_beside(own, other, source) for source, other in latencies.items() if source != recommended])
    return f"{text}, {others}." if others else f"{text}."


def change(found: Study) -> str:
    """Say what would make another path the cheapest: the nearest change, by how many times as much or little."""
    values = found.assembled.scenario.numbers()
    near = [
        _Move(name, values[name], crossing.at, there)
        for name, crossings in found.crossings.items()
        for crossing in crossings
        if values[name] and not set(there := _beyond(crossing, values[name])) & set(found.cheapest)
    ]
    if not near:
        return "Nothing within the ranges looked at makes another path the cheapest."
    move = min(near, key=lambda it: max(it.at / it.now, it.now / it.at))
    return (
        f"What would make {joined(move.there)} the cheapest: {'more' if move.at > move.now else 'fewer'} than "
        f"{quantity(move.at)} {RANGES[move.name].noun} (now {quantity(move.now)})."
    )


class _Move(NamedTuple):
    """From where a value is now to where others become the cheapest."""

    name: str
    now: float
    at: float
    there: tuple[str, ...]


def _beyond(crossing: Crossing, now: float) -> tuple[str, ...]:
    """Return who is cheapest on the other side."""
    return crossing.above if crossing.at > now else crossing.below


def _apart(more_usd: float) -> str:
    if abs(more_usd) < CENT:
        return "the same to the cent as"
    return f"{usd(abs(more_usd))} {'less' if more_usd > 0 else 'more'} than"


def _failed(source: str, measurement: Measurement) -> str:
    failed = sum(measurement.errors.values())
    how = ", ".join(f"{error}: {count:,}" for error, count in sorted(measurement.errors.items()))
    return f"{source}, {failed:,} of {failed + measurement.requests:,} ({how})"


def _range(it: Latency, bounds: Bounds) -> str:
    return interval(*bounds) if it.is_told else f"of {it.requests}, {TOO_FEW}"


def _beside(own: Latency, other: Latency, source: str) -> str:
    if not (own.is_told and other.is_told):
        return f"too few requests to compare it with {source}"
    if overlap(own.p50_interval, other.p50_interval):
        return f"no difference shown against {source} ({_range(other, other.p50_interval)})"
    return f"{three_digits(abs(other.p50 - own.p50))} ms {'faster' if own.p50 < other.p50 else 'slower'} than {source}"
