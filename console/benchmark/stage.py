"""One number of rows: all workloads on all paths, and the figures of what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

from console.benchmark.bursts import WIDEST, bursts
from console.benchmark.closed_loop import ClosedLoop, Recycle, Take
from console.benchmark.data import BenchData
from console.benchmark.figures import NO_REMARK, Remark, measurements
from console.benchmark.open_loop import Block, Pace, run_open_loop
from console.benchmark.plan import BenchPlan
from console.benchmark.probe import Probe
from console.benchmark.samples import Kind, Sample, Samples
from console.benchmark.workloads import (
    AT_A_RATE,
    NEWEST,
    WRITING,
    Reads,
    Walks,
    Writes,
    asks,
    list_sources,
    place,
    plan_rounds,
)
from console.client.client import Client
from console.results.result import Size, Workload
from console.terminal import Advance


class Stage:
    """The measurements at one number of rows.

    Args:
        client: of the API that is measured.
        data: what is there.
        samples: gets what is measured.
        advance: is told of requests done.
    """

    def __init__(self, client: Client, plan: BenchPlan, data: BenchData, samples: Samples, advance: Advance) -> None:
        self.samples = samples
        self._client = client
        self._homes = client.homes()
        self._probe = Probe(client)
        self._plan = plan
        self._data = data
        self._advance = advance
        self._rows = data.published.bookmark.seq
        self._remarks: dict[Kind, Remark] = {}

    def measure(self, workload: Workload, recycle: Recycle | None) -> None:
        """Measure one workload on all its sources. Raises ConsoleError where a write before it is refused."""
        if workload in WRITING:
            self._client.post("/snapshots", {})
        if workload == "first-in-sandbox" and recycle is None:
            self._in_bursts()
            return
        self._closed(workload, self._take(workload, recycle))
        if self._plan.rate_per_s is not None and workload in AT_A_RATE:
            self._open(workload, self._plan.rate_per_s)

    def figures(self) -> Size:
        """Return all figures of what was measured until now."""
        made = [
            measurement
            for kind in sorted(self.samples.by_kind, key=place)
            for measurement in measurements(kind, self.samples.by_kind[kind], self._remarks.get(kind, NO_REMARK))
        ]
        published = self._data.published
        return Size(self._rows, published.size_bytes, str(published.bookmark), tuple(made), self._data.row_bytes)

    def _take(self, workload: Workload, recycle: Recycle | None) -> Take:
        """Return what carries out a request of a workload."""
        if workload == "walk":
            return Walks(self._probe).take
        writes = Writes(self._probe, self._client, self._plan.seed)
        if workload == "write":
            return writes.take
        if workload == "first-after-publish":
            return writes.take_after
        read = self._reads(workload).take
        return _recycled(recycle, read) if recycle and workload == "first-in-sandbox" else read

    def _reads(self, workload: Workload) -> Reads:
        rounds = plan_rounds(workload, self._plan.rounds, self._rows)
        return Reads(self._probe, asks(workload, self._data, rounds.warm_ups + rounds.iterations, self._plan.seed))

    def _closed(self, workload: Workload, take: Take) -> None:
        def keep(source: str, sample: Sample) -> None:
            self.samples.add(Kind(workload, source, "closed"), sample)

        def counted(source: str, number: int) -> Sample:
            sample = take(source, number)
            self._advance(sample.http_requests)
            return sample

        loop = ClosedLoop(list_sources(workload, self._homes), counted, keep)
        try:
            loop.run(plan_rounds(workload, self._plan.rounds, self._rows))
        finally:
            self._note(workload, loop.notes)

    def _in_bursts(self) -> None:
        def keep(source: str, sample: Sample) -> None:
            self.samples.add(Kind("first-in-sandbox", source, "closed"), sample)

        wanted = plan_rounds("first-in-sandbox", self._plan.rounds, self._rows).iterations
        with ThreadPoolExecutor(WIDEST) as pool:

            def burst(source: str, width: int) -> Iterator[Sample]:
                futures = [pool.submit(self._probe.get, f"/{source}", NEWEST) for _ in range(width)]
                for future in as_completed(futures):
                    exchange = future.result()
                    # Opening a connection is no part of a sandbox's start, and a burst opens many.
                    yield Sample.from_exchange(exchange, exchange.sent_s)

            self._note("first-in-sandbox", bursts(self._homes, wanted, burst, keep))
        self._advance(wanted * len(self._homes))

    def _open(self, workload: Workload, rate_per_s: float) -> None:
        def keep(source: str, block: Block, pace: Pace) -> None:
            kind = Kind(workload, source, "open")
            self._remarks[kind] = Remark(pace.complaint, pace)
            for due_s, exchange in block.timed:
                self.samples.add(kind, Sample.from_exchange(exchange, due_s))
            self._advance(len(block.timed))

        run_open_loop(self._reads(workload), self._plan.rounds.iterations, rate_per_s, self._homes, keep)

    def _note(self, workload: Workload, notes: Mapping[str, str]) -> None:
        for source, note in notes.items():
            self._remarks[Kind(workload, source, "closed")] = Remark(note)


def _recycled(recycle: Recycle, take: Take) -> Take:
    """Carry out each request in a new sandbox."""

    def take_first(source: str, number: int) -> Sample:
        recycle()
        return take(source, number)

    return take_first
