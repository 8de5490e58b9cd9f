"""The parts of a document that are about one result: its figures, size by size, and where they were measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from console.expectations.expectation import expect
from console.report.expected import TITLE, expected_table, explain, parts_table
from console.report.tables import TextTable, by_name, details, glances, notes, verdicts
from console.results.environment import NOT_AWS
from console.results.result import EMULATED, BenchResult, Environment, Size
from console.wording import joined, megabytes, three_digits

METHOD = (
    "Times are the client's, until the answer was there in full, over connections that are kept alive; no request "
    "was sent twice. Intervals hold with 95 % confidence, whatever the distribution; where two overlap, "
    "no difference is shown. docs/benchmarking.md has the method."
)


def result_parts(result: BenchResult, drawn: Mapping[int, Path], raw: Path | None) -> list[str]:
    """Write what was measured and how.

    Args:
        drawn: the chart of each size that has one, by rows.
        raw: the file that holds every request, if it lies beside the document.
    """
    parts: list[str] = []
    if not result.complete:
        parts.append("**Incomplete: the run was cut short.** What follows is what was measured until then.")
    if result.environment.is_local:
        parts.append(f"> {NOT_AWS}")
    for size in result.sizes:
        parts += _size_parts(size, result.environment, drawn)
    return [*parts, METHOD, *([f"[Every request]({raw.name})"] if raw else []), *_environment(result)]


def heading(size: Size) -> str:
    """Name a size."""
    return f"{size.rows:,} rows, a snapshot of {megabytes(size.snapshot_bytes)}"


def glance_at(size: Size, environment: Environment) -> list[TextTable]:
    """Show the medians, without an emulator's."""
    return glances(_without_emulator(size, environment))


def summarise(size: Size, environment: Environment) -> list[str]:
    """Say for people what the figures come to, and what else there is to say, without an emulator's."""
    own = _without_emulator(size, environment)
    return [*verdicts(own), *notes(own)]


def _without_emulator(size: Size, environment: Environment) -> Size:
    return size.without(EMULATED) if environment.is_local else size


def _size_parts(size: Size, environment: Environment, drawn: Mapping[int, Path]) -> list[str]:
    emulated = f"; those of {joined(EMULATED)} are an emulator's" if environment.is_local else ""
    parts = [
        f"### {heading(size)}",
        *_expected(size, environment),
        *(table.markdown() for table in glance_at(size, environment)),
        "\n".join(f"- {line}" for line in summarise(size, environment)),
        *([image(drawn[size.rows], f"latency by percentile at {size.rows:,} rows")] if size.rows in drawn else []),
        f"All figures, in milliseconds{emulated}:",
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


def _expected(size: Size, environment: Environment) -> list[str]:
    """Write what to expect on AWS, and what a model's times are made of; nothing where no read was asked that tells."""
    found = expect(environment, size)
    if not found:
        return []
    parts = parts_table(found)
    made_of = ["Milliseconds that the model adds up:", parts.markdown()] if parts else []
    return [f"{TITLE}. {explain(found)}", expected_table(found).markdown(), *made_of]


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


def image(path: Path, text: str) -> str:
    """Write a picture that lies beside the document."""
    return f"![{text}]({path.name})"
