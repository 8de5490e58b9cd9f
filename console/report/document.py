"""A result, or several, as a Markdown document with its charts.

Everything is made from the results alone, so a document can be made again at any time, and is then the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from console.costs import prices
from console.costs.study import cost_series
from console.errors import ConsoleError
from console.report.charts import save, shown_at
from console.report.comparison import compare, differences, is_one_size, nothing_to_compare
from console.report.cost_chart import cost_by_reads
from console.report.growth_chart import latency_by_rows, points_by_rows
from console.report.percentile_chart import latency_by_percentile
from console.report.sections import image, result_parts
from console.report.tables import TextTable, compared
from console.results.result import BenchResult
from console.verdict.inputs import Case
from console.verdict.verdict import Verdict, advise


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
    if _has_grown([at.rows for each in kept for at in points_by_rows(each.result.sizes)]):
        charts.append(folder / f"{name}.svg")
        save(latency_by_rows([each.result.sizes for each in kept]), charts[-1])
        parts += ["## Latency by rows", image(charts[-1], "latency against rows")]
    for each, verdict in zip(kept, verdicts, strict=True):
        drawn = _draw(each, folder)
        costs = _draw_costs(each, folder)
        charts += [*drawn.values(), *costs]
        parts += [f"## {each.name}", *result_parts(each.result, drawn, _raw(each, folder)), *_questions(verdict)]
        parts += [f"### Costs\n\n{image(chart, 'cost against reads a month')}" for chart in costs]
    if len(kept) == 2:
        found = comparison(*kept)
        parts += ["## The two runs compared", *found.said, *([found.table.markdown()] if found.table else [])]
    document = folder / f"{name}.md"
    document.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return [document, *charts]


class Comparison(NamedTuple):
    """Two runs side by side: what there is to say of them, and a table if they have measurements in common."""

    said: list[str]
    table: TextTable | None


def comparison(before: Kept, after: Kept) -> Comparison:
    """Compare two runs. Raises ConsoleError where a histogram cannot be read."""
    said = [f"Before is {before.name}, after is {after.name}."]
    differing = differences(before.result.environment, after.result.environment)
    if differing:
        said.append(f"Not the same environment: {'; '.join(differing)}.")
    pairs = compare(before.result, after.result)
    if not pairs:
        return Comparison([*said, nothing_to_compare(before.result, after.result)], None)
    return Comparison(said, compared(pairs))


def _title(kept: Sequence[Kept]) -> str:
    if len(kept) == 1:
        return f"Benchmark of {_moment(kept[0].result)}"
    return f"{len(kept)} benchmarks, {_moment(kept[0].result)} to {_moment(kept[-1].result)}"


def _moment(result: BenchResult) -> str:
    return f"{result.started_at[:10]} {result.started_at[11:16]} UTC"


def _has_grown(rows: Sequence[int]) -> bool:
    """Tell whether several sizes were measured, and not one that has grown a little."""
    return any(not is_one_size(rows[0], other) for other in rows[1:])


def _draw(kept: Kept, folder: Path) -> dict[int, Path]:
    """Draw one chart for each size with latencies, by rows. The chart of a single size has the result's own name."""
    drawn: dict[int, Path] = {}
    for size in kept.result.sizes:
        if shown_at([size]):
            suffix = f"-{size.rows}-rows" if len(kept.result.sizes) > 1 else ""
            drawn[size.rows] = folder / f"{kept.name}{suffix}.svg"
            save(latency_by_percentile(size), drawn[size.rows])
    return drawn


def _raw(kept: Kept, folder: Path) -> Path | None:
    """Return the file with every request, if it lies where the document does."""
    raw = kept.path.with_suffix(".csv")
    return raw if raw.exists() and raw.parent.resolve() == folder.resolve() else None


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
