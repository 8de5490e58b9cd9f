"""Which path to use, from a benchmark's result and what its load costs.

The rule: of the paths whose p99 is shown to meet `within_ms` (all of them without such a wish), the cheapest; where
bills are less than 1 % apart, the faster by p50. If none meets it, the one with the lowest p99. Where confidence
intervals overlap no difference is shown, and the cheaper is taken. A path of which more than 1 % of the requests failed
is never taken: its times are those of the good ones alone. A result from this machine decides by cost alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from console.costs.tables import elsewhere
from console.results.latency import Bounds, Latency, overlap, upper
from console.results.result import Measurement, Size
from console.verdict import words
from console.verdict.criteria import Criterion, criteria
from console.verdict.inputs import Case, MainWorkload
from handlers.routes import SOURCES

SAME_COST = 0.01
FAILED_SHARE = 0.01  # beyond it the failures reach into the p99
LOCAL = (
    "This cannot decide for AWS: it was measured on this machine, with snapshots on a local disk and an emulated "
    "DynamoDB. Its times are about the functions' own code, and the dollars rest on assumed times."
)


@dataclass(frozen=True)
class Verdict:
    """The advice on what to do, and why.

    Args:
        recommended: a path; the first of several equal ones; None where all failed too often.
        meets: whether its p99 is shown to be within what was wished; None without a wish, or where nothing decides.
        paragraph: the verdict in words.
        criteria: the original experiment's questions.
    """

    recommended: str | None
    meets: bool | None
    is_local: bool
    paragraph: str
    criteria: list[Criterion]

    def text(self) -> str:
        """Return the whole verdict in words."""
        return "\n".join([self.paragraph, *(criterion.text(self.is_local) for criterion in self.criteria)])


def decide(case: Case, within_ms: float | None = None) -> Verdict:
    """Recommend a path.

    Args:
        within_ms: what the 99th percentile should meet.
    """
    found, is_local = case.study, case.result.environment.is_local
    known = _measured(case.size, case.workload)
    failing = [source for source, it in known.items() if _failed_share(it) > FAILED_SHARE]
    latencies = _latencies(known, failing, is_local)
    decisive = {} if is_local else latencies
    recommended, meets = recommend(found.totals_usd, decisive, within_ms, failing)
    sentences = [
        LOCAL if is_local else "",
        words.advice(found, recommended),
        words.failures(known, failing, most=FAILED_SHARE),
    ]
    if recommended is not None:
        sentences += [
            words.wish(recommended, within_ms, latencies, decides=bool(decisive)),
            words.cost(found.totals_usd, recommended),
            elsewhere(found),
            words.row_bytes(found),
            words.speed(latencies, recommended, where="in the function" if is_local else "at the client"),
            words.change(found),
        ]
    return Verdict(recommended, meets, is_local, " ".join(filter(None, sentences)), criteria(case.size))


def recommend(
    totals_usd: dict[str, float],
    latencies: dict[str, Latency],
    within_ms: float | None,
    failing: Collection[str] = (),
) -> tuple[str | None, bool | None]:
    """Apply the rule; returns a path, and whether it is shown to meet the wish.

    Args:
        latencies: what may decide; empty: cost alone does.
        failing: paths that are not to be taken.
    """
    sound = [source for source in SOURCES if source not in failing]
    if not sound:
        return None, None
    paths = [source for source in sound if source in latencies] or sound
    meets: bool | None = None
    if within_ms is not None and latencies:
        meeting = [source for source in paths if upper(latencies[source].p99_interval) <= within_ms]
        meets = bool(meeting)
        paths = meeting or _fastest(paths, lambda source: latencies[source].p99_interval)
    if meets is not False:
        least = min(totals_usd[source] for source in paths)
        paths = [source for source in paths if totals_usd[source] <= least * (1 + SAME_COST)]
        if latencies:
            paths = _fastest(paths, lambda source: latencies[source].p50_interval)
    return min(paths, key=lambda source: totals_usd[source]), meets


def _fastest(paths: Iterable[str], interval: Callable[[str], Bounds]) -> list[str]:
    """Return the fastest, and all that are not shown to be slower."""
    known = list(paths)
    fastest = min(known, key=lambda source: interval(source)[0] + upper(interval(source)))
    return [source for source in known if overlap(interval(source), interval(fastest))]


def _measured(size: Size, workload: MainWorkload) -> dict[str, Measurement]:
    """Return what was measured of each path, also where every request failed."""
    found = {source: size.measured(workload, source) for source in SOURCES}
    return {source: it for source, it in found.items() if it}


def _failed_share(measurement: Measurement) -> float:
    failed = sum(measurement.errors.values())
    return failed / max(1, failed + measurement.requests)


def _latencies(known: dict[str, Measurement], failing: Collection[str], is_local: bool) -> dict[str, Latency]:
    """Return those of the paths that count: the client's times on AWS, the function's own on this machine."""
    sound = {source: it for source, it in known.items() if source not in failing}
    shown = {source: Latency.from_measurement(it, in_function=is_local) for source, it in sound.items()}
    return {source: it for source, it in shown.items() if it}
