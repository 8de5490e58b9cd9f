"""The plan: all that is to be measured, and how much work that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import typer

from console.benchmark.closed_loop import Rounds
from console.benchmark.workloads import AT_A_RATE, READING, WORKLOADS, count_pages, list_sources, plan_rounds
from console.errors import ConsoleError
from console.results.result import Workload
from handlers.domain.bookmark import MAX_SEQ
from handlers.routes import MAX_INSERT_ROWS


@dataclass(frozen=True)
class BenchPlan:
    """A whole run.

    Args:
        workloads: in the order in which they are carried out.
        rounds: how often.
        rate_per_s: of the open loop, for each path; None leaves it out.
        rows: the sizes, ascending; empty measures what is there.
        seed: of ids, ranges and loaded rows.
    """

    workloads: tuple[Workload, ...]
    rounds: Rounds
    rate_per_s: float | None
    rows: tuple[int, ...]
    seed: int

    def check(self) -> None:
        """Raises ConsoleError where a path's open loop would take longer than it may."""
        iterations, limit_s = self.rounds.iterations, self.rounds.limit_s
        if self.rate_per_s is None or iterations / self.rate_per_s <= limit_s:
            return
        needed_s = math.ceil(iterations / self.rate_per_s)
        raise ConsoleError(
            f"{iterations} requests at {self.rate_per_s:g} a second take {needed_s} s, and --limit-s is {limit_s:g}",
            f"a higher --rate, fewer --iterations, or --limit-s {needed_s}",
        )

    def requests(self, rows_there: int, homes: Sequence[str]) -> int:
        """About how many requests it takes of an API with these homes, loading included."""
        sizes = self.rows or (rows_there,)
        loaded = max(0, sizes[-1] - rows_there)
        measured = sum(
            self._count_requests(workload, rows) * len(list_sources(workload, homes))
            for rows in sizes
            for workload in self.workloads
        )
        return math.ceil(loaded / MAX_INSERT_ROWS) + measured

    def _count_requests(self, workload: Workload, rows: int) -> int:
        """Count the requests to each source."""
        rounds = plan_rounds(workload, self.rounds, rows)
        once = count_pages(rows) if workload == "walk" else 1
        open_too = self.rounds.iterations if self.rate_per_s and workload in AT_A_RATE else 0
        return (rounds.warm_ups + rounds.iterations) * once + open_too


def finite(number: float | None) -> float | None:
    """Check an option's number. Raises typer.BadParameter for inf and nan, which pass every comparison or none."""
    if number is None or math.isfinite(number):
        return number
    raise typer.BadParameter(f"{number} is no number to count with")


def chosen_workloads(text: str, *, writes: bool) -> tuple[Workload, ...]:
    """Return the workloads that an option names, in the order in which they run: those that write come last.

    Args:
        text: names with commas between them; empty stands for all, those that write only with `writes`.

    Raises:
        typer.BadParameter: one of them is none.
    """
    if not text:
        return WORKLOADS if writes else READING
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in WORKLOADS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(WORKLOADS)}", param_hint="--workloads")
    return tuple(workload for workload in WORKLOADS if workload in names)


def chosen_rows(text: str) -> tuple[int, ...]:
    """Return the sizes that an option names, ascending. Raises typer.BadParameter."""
    sizes = {part.strip() for part in text.split(",")} if text else cast("set[str]", set())
    for size in sizes:
        if not (size.isascii() and size.isdigit() and 1 <= int(size) <= MAX_SEQ):
            raise typer.BadParameter(f"{size!r} is no number of rows; give some as 1000,10000", param_hint="--rows")
    return tuple(sorted(int(size) for size in sizes))
