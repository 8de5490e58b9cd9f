"""The verdict's sentences: numbers in, words out. Where intervals overlap they say that no difference is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from console.costs.crossover import Crossing
from console.costs.study import RANGES, Study, is_real_difference
from console.results.latency import TOO_FEW, UNKNOWN, Latency, overlap
from console.results.result import Measurement
from console.verdict.choice import Choice
from console.wording import interval, joined, quantity, three_digits, usd

LOCAL = (
    "Measured on this machine: the times of ddb are an emulator's and decide nothing, and those of the SQLite paths "
    "lack EFS and a network; measure on AWS before you rely on it."
)


def advice(found: Study, choice: Choice, *, is_local: bool) -> str:
    """Say what to use for what."""
    scenario = found.assembled.scenario
    hedge = ", as far as this machine can tell" if is_local else ""
    return (
        f"For {quantity(scenario.rows)} rows, {quantity(scenario.reads_per_month)} reads and "
        f"{quantity(scenario.publishes)} publishes a month: "
        f"{f'read by {choice.path}{hedge}' if choice.path else 'no path can be recommended'}."
    )


def cost(totals_usd: Mapping[str, float], choice: Choice) -> str:
    """Say what the chosen path costs, and how far the others are from that; nothing where none is chosen."""
    if choice.path is None:
        return ""
    own = totals_usd[choice.path]
    others = [source for source in choice.paths if source != choice.path]
    alike = [
        f"{source} ({usd(totals_usd[source])})" for source in others if not is_real_difference(own, totals_usd[source])
    ]
    apart = [
        _apart(totals_usd[source] - own, source) for source in others if is_real_difference(own, totals_usd[source])
    ]
    said = [joined(apart), f"with no real difference to {joined(alike)}" if alike else ""]
    decides = f"so {choice.decided_by} decides" if choice.decided_by else ""
    return f"{', '.join(filter(None, [f'It costs {usd(own)} USD a month', *said, decides]))}."


def speed(latencies: Mapping[str, Latency], choice: Choice, *, is_local: bool) -> str:
    """Say how fast the chosen path is, and the others beside it; nothing where none is chosen."""
    if choice.path is None:
        return ""
    if choice.path not in latencies:
        return "" if is_local else f"No latency of {choice.path} was measured."
    own = latencies[choice.path]
    others = [
        _beside(own, latencies[source], source)
        for source in choice.paths
        if source != choice.path and source in latencies
    ]
    where = "in the function" if is_local else "at the client"
    few = "" if own.is_told else f" (of {own.requests} requests)"
    return (
        f"A typical read (p50) takes {three_digits(own.p50)} ms {where}{few}{f', {joined(others)}' if others else ''}."
    )


def wish(
    latencies: Mapping[str, Latency],
    choice: Choice,
    within_ms: float | None,
    others: Sequence[str],
    *,
    is_local: bool,
) -> str:
    """Say what came of the wished latency; nothing without one, or where no path could be asked.

    Args:
        others: the paths that are not shown to be within it.
    """
    if within_ms is None:
        return ""
    if choice.path is not None:
        left_out = joined([f"{source} ({_tail(latencies.get(source))})" for source in others])
        rest = f"; not shown to be: {left_out}" if left_out else ""
        return f"Its p99, {_tail(latencies[choice.path])}, is within {within_ms:g} ms{rest}."
    if not others:
        return ""
    unmet = f"None is shown to be within {within_ms:g} ms at p99"
    if choice.nearest is None:
        return f"{unmet}: no latency was measured."
    tail = _tail(latencies[choice.nearest])
    if is_local:
        here = f"here in the function: {tail} on {choice.nearest}"
        return (
            f"Measured on this machine, which shows nothing about a latency on AWS ({here}). "
            "Measure there, or leave out --within-ms."
        )
    return f"{unmet}: the nearest is {choice.nearest} with {tail} at the client."


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


def row_bytes(found: Study) -> str:
    """Say that the size of a row is assumed; nothing where it was measured or given."""
    if found.assembled.origins["row_bytes"] != "assumed":
        return ""
    assumed = found.assembled.scenario.row_bytes
    return f"The snapshots are too small to tell what a row takes: {quantity(assumed)} bytes in the ledger are assumed."


def change(found: Study, choice: Choice) -> str:
    """Say what would make another path the cheapest: the nearest change, by how many times as much or little.

    Say nothing where cost did not decide.
    """
    if choice.decided_by != "cost" or choice.path not in found.cheapest:
        return ""
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


def _apart(more_usd: float, source: str) -> str:
    return f"{usd(abs(more_usd))} {'less' if more_usd > 0 else 'more'} than {source}"


def _failed(source: str, measurement: Measurement) -> str:
    failed = sum(measurement.errors.values())
    how = ", ".join(f"{error}: {count:,}" for error, count in sorted(measurement.errors.items()))
    return f"{source}, {failed:,} of {failed + measurement.requests:,} ({how})"


def _tail(it: Latency | None) -> str:
    """Return a p99, and where it lies."""
    if it is None:
        return "not measured"
    if not it.is_told:
        return f"{three_digits(it.p99)} ms (of {it.requests}, {TOO_FEW})"
    bounds = "" if it.p99_interval == UNKNOWN else f" ({interval(*it.p99_interval)})"
    return f"{three_digits(it.p99)} ms{bounds}"


def _beside(own: Latency, other: Latency, source: str) -> str:
    if not (own.is_told and other.is_told):
        return f"too few requests to compare it with {source}"
    if overlap(own.p50_interval, other.p50_interval):
        return f"with no difference shown to {source}"
    return f"{three_digits(abs(other.p50 - own.p50))} {'less' if own.p50 < other.p50 else 'more'} than on {source}"
