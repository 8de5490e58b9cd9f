"""A benchmark's plan, carried out: every size, every workload, the closed loop and then the open one."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from console.benchmark.closed_loop import Recycle, Rounds
from console.benchmark.data import grow, inspect_data
from console.benchmark.plan import BenchPlan
from console.benchmark.samples import Raw, Samples
from console.benchmark.stage import Stage
from console.client.client import Client
from console.results.result import Size, Workload
from console.terminal import Advance
from handlers.routes import MAX_INSERT_ROWS

WARM_UPS = 5
FIRST_READS = 3
PUBLISHES = 3


class BenchSession:
    """Carries out a plan.

    Args:
        client: of the API that is measured.
        recycle: ends all sandboxes; None where they cannot be ended.
        raw: gets every sample as CSV.
    """

    def __init__(self, client: Client, plan: BenchPlan, recycle: Recycle | None, raw: Raw) -> None:
        self._client = client
        self._plan = plan
        self._recycle = recycle
        self._raw = raw
        self._start_s = time.perf_counter()
        self._stages: list[Stage] = []

    def run(self, advance: Advance) -> None:
        """Measure everything.

        Args:
            advance: is told of requests done.

        Raises:
            ConsoleError: it cannot go on.
            OSError: the raw data cannot be written.
        """
        for rows in self._plan.rows or (None,):
            if rows is not None:
                grow(self._client, rows, self._plan.seed, _as_requests(advance))
            data = inspect_data(self._client, self._plan.workloads)
            samples = Samples(self._raw, data.published.bookmark.seq, self._start_s)
            stage = Stage(self._client, self._plan, data, samples, advance)
            self._stages.append(stage)
            for workload in self._plan.workloads:
                stage.measure(workload, self._recycle)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The figures of what was measured until now."""
        return tuple(stage.figures() for stage in self._stages if stage.samples.by_kind)


def count_newest(client: Client, reads: int) -> int:
    """Count the requests of `measure_newest`."""
    return (FIRST_READS + WARM_UPS + reads) * len(client.homes())


def measure_newest(client: Client, reads: int, recycle: Recycle, advance: Advance) -> Size:
    """Measure the newest 100 rows on each path: as the first reads of new sandboxes, then warm.

    Args:
        reads: warm reads on each path.
        recycle: ends all sandboxes.
        advance: is told of requests done.

    Raises:
        ConsoleError: there is nothing to measure.
    """
    chosen: tuple[tuple[Workload, Rounds], ...] = (
        ("first-in-sandbox", Rounds(0, FIRST_READS, math.inf)),
        ("newest-100", Rounds(WARM_UPS, reads, math.inf)),
    )
    sizes: list[Size] = []
    for workload, rounds in chosen:
        session = BenchSession(client, BenchPlan((workload,), rounds, None, (), 0), recycle, io.StringIO())
        session.run(advance)
        sizes += session.sizes
    return joined_sizes(sizes)


def count_published(client: Client) -> int:
    """Count the requests of `measure_published`."""
    return (1 + PUBLISHES) * len(client.homes())


def measure_published(client: Client, advance: Advance) -> Size:
    """Measure the newest 100 rows as the first reads after a publish; each appends a row. Raises ConsoleError."""
    plan = BenchPlan(("first-after-publish",), Rounds(1, PUBLISHES, math.inf), None, (), 0)
    session = BenchSession(client, plan, None, io.StringIO())
    session.run(advance)
    return session.sizes[0]


def joined_sizes(sizes: Sequence[Size]) -> Size:
    """Return the first of several measurements of one size, with the figures of all."""
    return replace(sizes[0], measurements=tuple(it for size in sizes for it in size.measurements))


def _as_requests(advance: Advance) -> Callable[[int], None]:
    """Turn what is told of rows loaded into requests done."""
    return lambda rows: advance(math.ceil(rows / MAX_INSERT_ROWS))
