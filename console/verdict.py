"""Which path to use, from a benchmark's result and what its load costs.

The rule: of the paths whose p99 is shown to meet `within_ms` (all of them without such a wish), the cheapest; where
bills are less than 1 % apart, the faster by p50. If none meets it, the one with the lowest p99. Where confidence
intervals overlap no difference is shown, and the cheaper is taken. A result from this machine decides by cost alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console import prices
from console import verdict_words as words
from console.cost_study import Study, study
from console.criteria import Criterion, criteria
from console.measured import MainWorkload, measured_values, size_for
from console.result import Figures, Interval, Result, Size
from console.scenario import assemble
from console.verdict_words import overlap
from handlers.routes import SOURCES

SAME_COST = 0.01
LOCAL = (
    "This cannot decide for AWS: it was measured on this machine, with snapshots on a local disk and an emulated "
    "DynamoDB. Its times are about the functions' own code, and the dollars rest on assumed times."
)


@dataclass(frozen=True)
class Verdict:
    """What to do, and why.

    Args:
        recommended: a path; the first of several equal ones.
        meets: whether its p99 is shown to be within what was wished; None without a wish, or where nothing decides.
        paragraph: the verdict in words.
        criteria: the original experiment's questions.
    """

    recommended: str
    meets: bool | None
    is_local: bool
    paragraph: str
    criteria: list[Criterion]

    def text(self) -> str:
        """The whole verdict in words."""
        return "\n".join([self.paragraph, *(criterion.text(self.is_local) for criterion in self.criteria)])


def verdict_text(result: Result) -> str:
    """The verdict for a result with the usual load and prices: the newest 100 rows of the largest size."""
    size = size_for(result, None)
    found = study(prices.load(), assemble({}, measured_values(result, size, "newest-100")))
    return verdict(result, size, found, "newest-100").text()


def verdict(
    result: Result, size: Size, found: Study, workload: MainWorkload, within_ms: float | None = None
) -> Verdict:
    """Recommend a path.

    Args:
        size: what of the result the question is about.
        found: what the load costs.
        workload: what most reads are like.
        within_ms: what the 99th percentile should meet.
    """
    is_local = result.environment.is_local
    latencies = _latencies(size, workload, is_local)
    decisive = {} if is_local else latencies
    recommended, meets = recommendation(found.totals_usd, decisive, within_ms)
    sentences = [
        LOCAL if is_local else "",
        words.advice(found, recommended),
        words.wish(recommended, within_ms, latencies, decides=bool(decisive)),
        words.cost(found.totals_usd, recommended),
        words.speed(latencies, recommended, where="in the function" if is_local else "at the client"),
        words.change(found),
    ]
    return Verdict(recommended, meets, is_local, " ".join(filter(None, sentences)), criteria(size))


def recommendation(
    totals_usd: dict[str, float], latencies: dict[str, Figures], within_ms: float | None
) -> tuple[str, bool | None]:
    """The rule; a path and whether it is shown to meet the wish.

    Args:
        latencies: what may decide; empty: cost alone does.
    """
    paths = [source for source in SOURCES if source in latencies] or list(SOURCES)
    meets: bool | None = None
    if within_ms is not None and latencies:
        meeting = [source for source in paths if latencies[source].p99_interval[1] <= within_ms]
        meets = bool(meeting)
        paths = meeting or _fastest(paths, lambda source: latencies[source].p99_interval)
    if meets is not False:
        least = min(totals_usd[source] for source in paths)
        paths = [source for source in paths if totals_usd[source] <= least * (1 + SAME_COST)]
        if latencies:
            paths = _fastest(paths, lambda source: latencies[source].p50_interval)
    return min(paths, key=lambda source: totals_usd[source]), meets


def _fastest(paths: Iterable[str], interval: Callable[[str], Interval]) -> list[str]:
    """The fastest, and all that are not shown to be slower."""
    known = list(paths)
    fastest = min(known, key=lambda source: sum(interval(source)))
    return [source for source in known if overlap(interval(source), interval(fastest))]


def _latencies(size: Size, workload: MainWorkload, is_local: bool) -> dict[str, Figures]:
    """By path; the client's times on AWS, the function's own on this machine."""
    known = {source: size.measured(workload, source) for source in SOURCES}
    shown = {source: it.server_ms if is_local else it.client_ms for source, it in known.items() if it}
    return {source: figures for source, figures in shown.items() if figures}
