"""A benchmark's plan, carried out: every size, every workload, the closed loop and then the open one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from console.benchmark.data import grow, known
from console.benchmark.plan import Plan
from console.benchmark.samples import Raw, Samples
from console.benchmark.stage import Recycle, Stage
from console.client.client import Client
from console.results.result import Size
from console.terminal import Advance
from handlers.routes import MAX_INSERT_ROWS


class Session:
    """Carries out a plan.

    Args:
        client: of the API that is measured.
        recycle: ends all sandboxes; None where they cannot be ended.
        raw: gets every sample as CSV.
    """

    def __init__(self, client: Client, plan: Plan, recycle: Recycle | None, raw: Raw) -> None:
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
            data = known(self._client, self._plan.workloads)
            samples = Samples(self._raw, data.published.bookmark.seq, self._start_s)
            stage = Stage(self._client, self._plan, data, samples, advance)
            self._stages.append(stage)
            for workload in self._plan.workloads:
                stage.measure(workload, self._recycle)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The figures of what was measured until now."""
        return tuple(stage.figures() for stage in self._stages if stage.samples.by_kind)


def _as_requests(advance: Advance) -> Callable[[int], None]:
    """Told of rows loaded, tell of requests done."""
    return lambda rows: advance(math.ceil(rows / MAX_INSERT_ROWS))
