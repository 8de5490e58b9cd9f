"""The rule by which one path is chosen.

Of the paths whose p99 is shown to be within a wish (of all without one), the cheapest. Bills that are less than 1 USD a
month or less than 10 % apart show no real difference: then the fastest by p50. Where confidence intervals overlap no
difference is shown, and the cheaper is taken. A path without a latency counts for less than those that have one. If no
path is shown to be within the wish, none is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from console.costs.study import is_real_difference
from console.results.latency import UNKNOWN, Latency, overlap, upper

Decider = Literal["cost", "latency"]


class Choice(NamedTuple):
    """A path, and what it was chosen from.

    Args:
        path: None where none can be recommended.
        decided_by: None where one path alone was left, or where neither cost nor latency tells those left apart.
        paths: those left, the chosen one among them.
        nearest: the path with the lowest p99, where none is within the wish.
    """

    path: str | None
    decided_by: Decider | None
    paths: tuple[str, ...]
    nearest: str | None = None


def choose(totals_usd: Mapping[str, float], latencies: Mapping[str, Latency], within_ms: float | None = None) -> Choice:
    """Apply the rule.

    Args:
        totals_usd: a month of each path that may be chosen.
        latencies: of those of them whose times count.
        within_ms: what the 99th percentile should meet.
    """
    timed = [source for source in totals_usd if source in latencies]
    paths = tuple(totals_usd)
    if within_ms is not None:
        paths = tuple(source for source in timed if upper(latencies[source].p99_interval) <= within_ms)
    if not paths:
        return Choice(None, None, (), min(timed, key=lambda source: latencies[source].p99, default=None))
    least_usd = min(totals_usd[source] for source in paths)
    alike = [source for source in paths if not is_real_difference(least_usd, totals_usd[source])]
    in_time = [source for source in alike if source in latencies] or alike
    fastest = _fastest(in_time, latencies)
    path = min(fastest, key=lambda source: totals_usd[source])
    if len(fastest) < len(in_time):
        return Choice(path, "latency", paths)
    return Choice(path, "cost" if len(alike) < len(paths) else None, paths)


def _fastest(paths: list[str], latencies: Mapping[str, Latency]) -> list[str]:
    """Return the fastest by p50, and all that are not shown to be slower."""
    intervals = {source: latencies[source].p50_interval if source in latencies else UNKNOWN for source in paths}
    fastest = min(intervals.values(), key=lambda it: it[0] + upper(it))
    return [source for source in paths if overlap(intervals[source], fastest)]
