"""The read paths of a local stack side by side, warm and first in a new sandbox, in a sentence.

No path is called so many times as fast as another: `ddb` is an emulator's, and the SQLite paths differ by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from console.benchmark.probe import Numbers
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.results.result import EMULATED, Distribution, Measurement, Size, Workload
from console.wording import joined, megabytes, three_digits


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
    return [PathTimes.from_size(size, source) for source in size.homes]


def sentence(paths: Sequence[PathTimes]) -> str:
    """Say what was measured here of the SQLite paths, in the function, whichever is the faster one."""
    own = [path for path in paths if path.source not in EMULATED]
    inside = joined([f"{three_digits(path.phases_ms['total'])} ms on {path.source}" for path in own])
    copied = joined([f"{path.source} copies {megabytes(path.copied_bytes)}" for path in own if path.copied_bytes])
    return (
        f"On this machine a warm read takes the function {inside}. "
        f"For the first read in a new sandbox {copied or 'nothing is copied'}."
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
