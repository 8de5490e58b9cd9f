"""A result, or several, as a Markdown document with its charts.

Everything is made from the results alone, so a document can be made again at any time, and is then the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from console.costs import prices
from console.costs.study import cost_series
from console.errors import ConsoleError
from console.report.charts import distribution, latency_by_rows, save, shown_at
from console.report.comparison import compare, differences
from console.report.cost_chart import cost_by_reads
from console.report.tables import by_name, compared, details, glance, notes, verdicts
from console.results.environment import NOT_AWS
from console.results.result import BenchResult, Size
from console.verdict.inputs import Case
from console.verdict.verdict import Verdict, advise
from console.wording import megabytes, three_digits

METHOD = (
    "Times are the client's, until the answer was there in full, over connections that are kept alive; no request "
    "was sent twice. Intervals hold with 95 % confidence, whatever the distribution; where two overlap, "
    "no difference is shown. docs/benchmarking.md has the method."
)


class Kept(NamedTuple):
    """A result and its file."""

    path: Path
    result: BenchResult

    @property
    def name(self) -> str:
        """The file's name without its suffix, which the files that belong to it share."""
        return self.path.stem


def write_report(kept: Sequence[Kept], folder: Path, name: str) -> list[Path]:
    """Write the document `<name>.md` and its charts.

    Args:
        kept: at least one result; exactly two are compared as well.

    Raises:
        OSError: something cannot be written.
        ConsoleError: a histogram cannot be read.
    """
    charts: list[Path] = []
    verdicts = [advise(each.result.environment, each.result.sizes) for each in kept]
    parts = [f"# {_title(kept)}", *_advice(kept, verdicts)]
    sizes = _sizes(kept)
    if len({size.rows for size in sizes}) > 1:
        charts.append(folder / f"{name}.svg")
        save(latency_by_rows(sizes), charts[-1])
        parts += ["## Latency by rows", _image(charts[-1], "latency against rows")]
    for each, verdict in zip(kept, verdicts, strict=True):
        drawn = _draw(each, folder)
        costs = _draw_costs(each, folder)
        charts += [*drawn.values(), *costs]
        parts += [*_result_parts(each, drawn, folder), *_questions(verdict)]
        parts += [f"### Costs\n\n{_image(chart, 'cost against reads a month')}" for chart in costs]
    if len(kept) == 2:
        parts += _comparison(*kept)
    document = folder / f"{name}.md"
    document.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return [document, *charts]


def summarise(sizes: Sequence[Size]) -> list[str]:
    """Say for people what the figures come to, and what else there is to say."""
    lines: list[str] = []
    for size in sizes:
        lines += [*verdicts(size), *notes(size)]
    return lines


def _title(kept: Sequence[Kept]) -> str:
    if len(kept) == 1:
        return f"Benchmark of {_moment(kept[0].result)}"
    return f"{len(kept)} benchmarks, {_moment(kept[0].result)} to {_moment(kept[-1].result)}"


def _moment(result: BenchResult) -> str:
    return f"{result.started_at[:10]} {result.started_at[11:16]} UTC"


def _sizes(kept: Sequence[Kept]) -> list[Size]:
    """Return the sizes of all results, ascending; of two of the same number of rows the later one."""
    by_rows = {size.rows: size for each in kept for size in each.result.sizes}
    return [by_rows[rows] for rows in sorted(by_rows)]


def _draw(kept: Kept, folder: Path) -> dict[int, Path]:
    """Draw one chart for each size with latencies, by rows. The chart of a single size has the result's own name."""
    drawn: dict[int, Path] = {}
    for size in kept.result.sizes:
        if shown_at([size]):
            suffix = f"-{size.rows}-rows" if len(kept.result.sizes) > 1 else ""
            drawn[size.rows] = folder / f"{kept.name}{suffix}.svg"
            save(distribution(size), drawn[size.rows])
    return drawn


def _result_parts(kept: Kept, drawn: dict[int, Path], folder: Path) -> list[str]:
    result = kept.result
    parts = [f"## {kept.name}"]
    if not result.complete:
        parts.append("**Incomplete: the run was cut short.** What follows is what was measured until then.")
    if result.environment.is_local:
        parts.append(f"> {NOT_AWS}")
    for size in result.sizes:
        parts += _size_parts(size, drawn)
    raw = kept.path.with_suffix(".csv")
    has_raw = raw.exists() and raw.parent.resolve() == folder.resolve()
    return [*parts, METHOD, *([f"[Every request]({raw.name})"] if has_raw else []), *_environment(result)]


def _size_parts(size: Size, drawn: dict[int, Path]) -> list[str]:
    parts = [
        f"### {size.rows:,} rows, a snapshot of {megabytes(size.snapshot_bytes)}",
        glance(size).markdown(),
        "\n".join(f"- {line}" for line in summarise([size])),
        *([_image(drawn[size.rows], f"latency by percentile at {size.rows:,} rows")] if size.rows in drawn else []),
        "All figures, in milliseconds:",
        details(size).markdown(),
    ]
    titles = {
        "phases_ms": "What the function spent its time on, medians in milliseconds:",
        "consumed": "What a request consumed, means:",
    }
    for member, title in titles.items():
        table = by_name(size, member)
        if table is not None:
            parts += [title, table.markdown()]
    return [part for part in parts if part]


def _advice(kept: Sequence[Kept], verdicts: Sequence[Verdict]) -> list[str]:
    """Say which path to use; of several results each by its name."""
    if len(kept) == 1:
        return [verdicts[0].paragraph]
    return [f"**{each.name}**: {verdict.paragraph}" for each, verdict in zip(kept, verdicts, strict=True)]


def _questions(verdict: Verdict) -> list[str]:
    answers = [f"- {it.text(verdict.is_local)}" for it in verdict.criteria]
    return ["### The questions of the experiment", "\n".join(answers)] if answers else []


def _draw_costs(kept: Kept, folder: Path) -> list[Path]:
    """Draw dollars against reads a month for the largest size and the usual load, if the cost model has an answer."""
    try:
        case = Case.from_sizes(kept.result.environment, kept.result.sizes, prices.load(), {})
    except ConsoleError:
        return []
    known = case.study.price_list
    title = f"{case.size.rows:,} rows, 100 a read, at prices of {known.region}, {known.date}"
    chart = folder / f"{kept.name}-cost.svg"
    save(cost_by_reads(cost_series(known.prices, case.study.assembled.scenario), title), chart)
    return [chart]


def _environment(result: BenchResult) -> list[str]:
    settings = result.settings
    asked = (
        f"{settings.iterations} iterations after {settings.warm_ups} warm-ups, at most {settings.limit_s:g} s a path"
    )
    rate = "" if settings.rate_per_s is None else f", open loop at {settings.rate_per_s:g} a second"
    lines = [
        f"- API: {result.environment.url}",
        f"- function: {_named(asdict(result.environment.function))}",
        f"- client: {_named(asdict(result.environment.client))}",
        f"- {asked}{rate}; seed {result.seed}; {three_digits(result.duration_s)} s in all",
    ]
    return ["Where and how:", "\n".join(lines)]


def _named(members: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in members.items() if value is not None)


def _comparison(before: Kept, after: Kept) -> list[str]:
    parts = ["## The two runs compared", f"Before is {before.name}, after is {after.name}."]
    differing = differences(before.result.environment, after.result.environment)
    if differing:
        parts.append(f"**Not the same environment:** {'; '.join(differing)}.")
    pairs = compare(before.result, after.result)
    if not pairs:
        return [*parts, "They have no measurement in common."]
    return [*parts, compared(pairs).markdown()]


def _image(path: Path, text: str) -> str:
    return f"![{text}]({path.name})"
