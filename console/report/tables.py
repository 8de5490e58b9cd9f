"""A result as tables of text, for the terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.table import Table

from console.results.latency import LEAST_COMPARED, TOO_FEW, overlap
from console.results.result import LEDGER, Distribution, Interval, Measurement, Size, expect_temperature
from console.wording import three_digits

if TYPE_CHECKING:
    from console.report.comparison import Compared  # with numpy, which the demo does without

NO_DIFFERENCE = "no difference shown"
INTERVALS = ("p50 [95 % interval]", "p99 [95 % interval]")


class TextTable(NamedTuple):
    """A table: the first `texts` columns hold words, the others numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1

    def markdown(self) -> str:
        """Write the table in Markdown."""
        rule = ["---"] * self.texts + ["--:"] * (len(self.header) - self.texts)
        return "\n".join(f"| {' | '.join(line)} |" for line in (self.header, rule, *self.rows))

    def table(self) -> Table:
        """Make a table for the terminal."""
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for number, title in enumerate(self.header):
            table.add_column(title, justify="left" if number < self.texts else "right")
        for row in self.rows:
            table.add_row(*row)
        return table


def glances(size: Size) -> list[TextTable]:
    """Show the medians with their intervals: the read paths side by side, and what was written by itself.

    In one table they would not fit 100 columns.
    """
    measured = [it for it in size.measurements if it.temperature == expect_temperature(it.workload)]
    groups = ([it for it in measured if it.source != LEDGER], [it for it in measured if it.source == LEDGER])
    return [_glance(group) for group in groups if group]


def _glance(measured: Sequence[Measurement]) -> TextTable:
    """Show a line for each workload, a column for each source."""
    sources = list(dict.fromkeys(it.source for it in measured))
    lines = dict.fromkeys(label(it) for it in measured)
    shown = {(label(it), it.source): _median(it) for it in measured}
    rows = [[line, *(shown.get((line, source), "") for source in sources)] for line in lines]
    return TextTable(["ms: p50 [interval]", *sources], rows)


def details(size: Size) -> TextTable:
    """Show all figures, a line for each measurement."""
    header = ("workload", "path", "requests", "errors", "p50", "p90", "p99", *INTERVALS, "max", "mean")
    rows = [
        [label(it), it.source, f"{it.requests:,}", _errors(it), *_figures(it.client_ms), *_server(it.server_ms)]
        for it in size.measurements
    ]
    return TextTable([*header, "p50 in the function", "p99 in the function"], rows, texts=2)


def by_name(size: Size, member: str) -> TextTable | None:
    """Show the numbers of one member, `phases_ms` or `consumed`, a column for each name; None where there are none."""
    each: list[tuple[Measurement, dict[str, float]]] = [(it, getattr(it, member)) for it in size.measurements]
    names = list(dict.fromkeys(name for _, numbers in each for name in numbers))
    rows = [
        [label(it), it.source, *(three_digits(numbers[name]) if name in numbers else "" for name in names)]
        for it, numbers in each
        if numbers
    ]
    return TextTable(["workload", "path", *names], rows, texts=2) if rows else None


def notes(size: Size) -> list[str]:
    """Return what the measuring has to say."""
    return [f"{label(it)}, {it.source}: {it.note}" for it in size.measurements if it.note]


def verdicts(size: Size) -> list[str]:
    """Say for each workload that several paths have in common which is fastest, and by how much."""
    lines = dict.fromkeys(label(it) for it in size.measurements)
    groups = [[it for it in size.measurements if label(it) == line] for line in lines]
    return [
        f"{label(group[0])}: {_verdict(group)}" for group in groups if sum(it.client_ms is not None for it in group) > 1
    ]


def compared(pairs: Iterable[Compared]) -> TextTable:
    """Show two runs side by side."""
    header = ("workload", "path", "rows before", "rows after", "p50 before", "p50 after", "ratio [95 % interval]")
    rows = [
        [
            label(it.after),
            it.after.source,
            f"{it.rows_before:,}",
            f"{it.rows_after:,}",
            three_digits(it.p50_before),
            three_digits(it.p50_after),
            _ratio(it),
        ]
        for it in pairs
    ]
    return TextTable(header, rows, texts=2)


def label(measurement: Measurement) -> str:
    """Name the workload, with what is not a matter of course."""
    words = [measurement.workload]
    if measurement.rate_per_s is not None:
        words.append(f"at {measurement.rate_per_s:g}/s")
    if measurement.temperature == "cold" and measurement.workload != "first-in-sandbox":
        words.append("(first in a sandbox)")
    return " ".join(words)


def _median(measurement: Measurement) -> str:
    if measurement.client_ms is None:
        return "-"
    return f"{three_digits(measurement.client_ms.p50)} {_interval(measurement.client_ms.p50_interval)}"


def _interval(interval: Interval) -> str:
    low, high = interval
    if high is None:
        return f"[≥ {three_digits(low)}]" if low else "[too few requests]"
    return f"[{three_digits(low)}..{three_digits(high)}]"


def _errors(measurement: Measurement) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in measurement.errors.items()) or "0"


def _figures(it: Distribution | None) -> list[str]:
    if it is None:
        return ["-"] * 7
    intervals = map(_interval, (it.p50_interval, it.p99_interval))
    return [*map(three_digits, (it.p50, it.p90, it.p99)), *intervals, three_digits(it.max), three_digits(it.mean)]


def _server(it: Distribution | None) -> list[str]:
    return ["-", "-"] if it is None else [three_digits(it.p50), three_digits(it.p99)]


def _verdict(group: Sequence[Measurement]) -> str:
    known = [(it, it.client_ms) for it in group if it.client_ms is not None]
    best, *others = sorted(known, key=lambda each: each[1].p50)
    said = [f"{other[0].source}: {_difference(best, other)}" for other in others]
    return f"{best[0].source} {three_digits(best[1].p50)} ms; {'; '.join(said)}"


def _difference(best: tuple[Measurement, Distribution], other: tuple[Measurement, Distribution]) -> str:
    if min(best[0].requests, other[0].requests) < LEAST_COMPARED:
        return TOO_FEW
    if overlap(best[1].p50_interval, other[1].p50_interval):
        return NO_DIFFERENCE
    return f"{three_digits(other[1].p50 / best[1].p50)} times as long"


def _ratio(pair: Compared) -> str:
    low, high = pair.ratio_interval
    if pair.requests < LEAST_COMPARED:
        return TOO_FEW
    if low <= 1 <= high:
        return NO_DIFFERENCE
    return f"{three_digits(pair.p50_after / pair.p50_before)} {_interval(pair.ratio_interval)}"
