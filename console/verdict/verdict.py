"""The path to use, from a benchmark's result and the costs of its load, in a paragraph that needs no other.

choice.py has the rule. A path is left out where more than 1 % of the requests failed: its times are those of the good
ones alone. On this machine the times of `ddb` are the emulator's and decide nothing, and no time shows that a wish is
met on AWS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from console.costs import prices
from console.costs.tables import elsewhere, impossible
from console.errors import ConsoleError
from console.results.latency import UNKNOWN, Latency
from console.results.result import Environment, Measurement, Size
from console.verdict import words
from console.verdict.choice import Decider, choose
from console.verdict.criteria import Criterion, criteria
from console.verdict.inputs import Case, MainWorkload

FAILED_SHARE = 0.01  # beyond it the failures reach into the p99


@dataclass(frozen=True)
class Verdict:
    """The advice on what to do, and why.

    Args:
        recommended: a path; None where none can be.
        decided_by: None where one path alone was left, or where neither cost nor latency tells those left apart.
        nearest: the path with the lowest p99, where none is shown to be within the wish.
        paragraph: the verdict in words.
        criteria: the original experiment's questions.
    """

    recommended: str | None
    decided_by: Decider | None
    nearest: str | None
    is_local: bool
    paragraph: str
    criteria: list[Criterion]

    def text(self) -> str:
        """Return the paragraph and the answers, a line each."""
        return "\n".join([self.paragraph, *(criterion.text(self.is_local) for criterion in self.criteria)])

    def content(self) -> dict[str, object]:
        """Return the verdict for other programs."""
        return {**asdict(self), "text": self.text()}


def advise(environment: Environment, sizes: Sequence[Size]) -> Verdict:
    """Return the verdict for the usual load; `bench`, `demo` and `report` print its `paragraph`.

    Where the cost model has no answer the paragraph says why.

    Args:
        environment: the stack that was measured; `console.results.environment.environment(client)` returns it.
        sizes: all that was measured; the largest counts.
    """
    try:
        return decide(Case.from_sizes(environment, sizes, prices.load(), {}))
    except ConsoleError as error:
        return Verdict(None, None, None, environment.is_local, f"No path can be recommended: {error}.", [])


def decide(case: Case, within_ms: float | None = None) -> Verdict:
    """Recommend a path.

    Args:
        within_ms: what the 99th percentile should meet.
    """
    is_local = case.environment.is_local
    known = _measured(case.size, case.workload)
    failing = [source for source, it in known.items() if _failed_share(it) > FAILED_SHARE]
    sound_usd = {source: usd for source, usd in case.study.totals_usd.items() if source not in failing}
    latencies = _latencies(known, is_local)
    choice = choose(sound_usd, latencies, within_ms)
    others = [source for source in sound_usd if source not in choice.paths]
    sentences = [
        words.advice(case.study, choice, is_local=is_local),
        words.cost(sound_usd, choice),
        words.speed(latencies, choice, is_local=is_local),
        words.wish(latencies, choice, within_ms, others, is_local=is_local),
        impossible(case.study),
        words.failures(known, failing, most=FAILED_SHARE),
        words.change(case.study, choice),
        words.row_bytes(case.study),
        elsewhere(case.study),
        words.LOCAL if is_local else "",
    ]
    paragraph = " ".join(filter(None, sentences))
    return Verdict(choice.path, choice.decided_by, choice.nearest, is_local, paragraph, criteria(case.size))


def _measured(size: Size, workload: MainWorkload) -> dict[str, Measurement]:
    """Return what was measured of each path, also where every request failed."""
    found = {source: size.measured(workload, source) for source in size.homes}
    return {source: it for source, it in found.items() if it}


def _failed_share(measurement: Measurement) -> float:
    failed = sum(measurement.errors.values())
    return failed / max(1, failed + measurement.requests)


def _latencies(known: dict[str, Measurement], is_local: bool) -> dict[str, Latency]:
    """Return the times that count: the client's on AWS; on this machine the function's own, without the emulator's,
    and with no upper end to the p99 that they let expect of AWS.
    """
    shown = {source: Latency.from_measurement(it, in_function=is_local) for source, it in known.items()}
    times = {source: it for source, it in shown.items() if it}
    if not is_local:
        return times
    return {source: it._replace(p99_interval=UNKNOWN) for source, it in times.items() if source != "ddb"}
