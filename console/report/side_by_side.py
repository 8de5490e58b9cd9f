"""The read paths side by side, warm and first in a new sandbox, as a table and in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from console.benchmark.probe import Numbers
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.report.tables import TextTable
from console.results.result import Distribution, Measurement, Size, Workload
from console.wording import joined, megabytes, three_digits
from handlers.routes import SOURCES


@dataclass(frozen=True)
class PathTimes:
    """One path. Phases are medians; the first read is that of a new sandbox."""

    source: str
    p50_ms: float
    p99_ms: float
    phases_ms: Numbers
    first_ms: float
    first_phases_ms: Numbers
    copied_bytes: int

    @classmethod
    def from_size(cls, size: Size, source: str) -> Self:
        """Take a path's figures out of a result. Raises ConsoleError where reads failed."""
        warm, warm_ms = _measured(size, "newest-100", source)
        first, first_ms = _measured(size, "first-in-sandbox", source)
        copied_bytes = round(first.consumed.get("copied_bytes", 0))
        return cls(source, warm_ms.p50, warm_ms.p99, warm.phases_ms, first_ms.p50, first.phases_ms, copied_bytes)


def path_times(size: Size) -> list[PathTimes]:
    """Return the figures of each path. Raises ConsoleError where reads failed: then there is nothing to compare."""
    return [PathTimes.from_size(size, source) for source in SOURCES]


def times_table(paths: Sequence[PathTimes]) -> TextTable:
    """Return the figures as a table, in milliseconds where nothing else is said."""
    copied = [three_digits(path.copied_bytes / 1e6) if path.copied_bytes else "-" for path in paths]
    rows = [
        ["warm read, p50", *(three_digits(path.p50_ms) for path in paths)],
        *_phases([path.phases_ms for path in paths]),
        ["warm read, p99", *(three_digits(path.p99_ms) for path in paths)],
        ["first read in a new sandbox", *(three_digits(path.first_ms) for path in paths)],
        *_phases([path.first_phases_ms for path in paths]),
        ["MB copied by the first read", *copied],
    ]
    return TextTable(["milliseconds", *(path.source for path in paths)], rows)


def sentence(paths: Sequence[PathTimes]) -> str:
    """Say what the table shows."""
    fastest, *others = sorted(paths, key=lambda path: path.p50_ms)
    slower = joined([f"{path.source} {three_digits(path.p50_ms / fastest.p50_ms)}" for path in others])
    first = min(paths, key=lambda path: path.first_ms)
    copied_bytes = sum(path.copied_bytes for path in paths)
    return (
        f"Warm, {fastest.source} gives the newest 100 rows in {three_digits(fastest.p50_ms)} ms (p50); "
        f"{slower.replace(' ', ' takes ', 1)} times as long. "
        f"The first read in a new sandbox is fastest on {first.source}, {three_digits(first.first_ms)} ms; "
        f"sqlite-tmp copies {megabytes(copied_bytes)} before it answers."
    )


def _measured(size: Size, workload: Workload, source: str) -> tuple[Measurement, Distribution]:
    found = size.measured(workload, source)
    if found is None or found.errors or found.client_ms is None:
        raise ConsoleError(f"{workload} on {source} failed: {_reason(found)}", f"{PROGRAM} demo")
    return found, found.client_ms


def _reason(found: Measurement | None) -> str | None:
    if found is None:
        return "it was never asked"
    return ", ".join(f"{error}: {count}" for error, count in found.errors.items()) or found.note


def _phases(paths: Sequence[Numbers]) -> list[list[str]]:
    """Return a line for each phase that any path has, in the order of the path that has most of them."""
    named = [name for name in max(paths, key=len) if name != "total"]
    return [
        [f"  in the function: {phase}", *(three_digits(path[phase]) if phase in path else "-" for path in paths)]
        for phase in (*named, "total")
    ]
