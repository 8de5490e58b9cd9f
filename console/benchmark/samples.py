"""The samples measured, one a request, kept in memory for the figures and written to a file as they come."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

from console.benchmark.probe import Exchange, Numbers
from console.interrupts import hold_interrupts
from console.results.result import Loop, Temperature, Workload

COLUMNS = (
    *("rows", "workload", "source", "loop", "temperature", "at_s", "client_ms", "server_ms", "error", "http_requests"),
    *("phases_ms", "consumed"),
)


@dataclass(frozen=True)
class Sample:
    """One request of a workload.

    Args:
        at_s: when it was sent, on the clock of the run; of an open loop, when it was due.
        client_ms: until the answer was there.
        error: as of an `Exchange`.
        http_requests: how many it took: a walk takes one for each page.
        phases_ms: as the function says, with its total.
        consumed: the numbers of the receipt.
    """

    at_s: float
    client_ms: float
    error: str | None
    http_requests: int
    phases_ms: Numbers
    consumed: Numbers

    @classmethod
    def from_exchange(cls, exchange: Exchange, since_s: float | None = None) -> Self:
        """Make the sample of one exchange.

        Args:
            since_s: where its time begins, if not when it was handed over.
        """
        begin_s = exchange.started_s if since_s is None else since_s
        client_ms = (exchange.ended_s - begin_s) * 1000
        return cls(begin_s, client_ms, exchange.error, 1, exchange.phases_ms, exchange.consumed)

    @classmethod
    def from_several(cls, samples: Sequence[Sample]) -> Self:
        """Make one sample of several requests in a row; with the last one's error."""
        return cls(
            samples[0].at_s,
            sum(sample.client_ms for sample in samples),
            samples[-1].error,
            sum(sample.http_requests for sample in samples),
            added([sample.phases_ms for sample in samples]) if samples[-1].error is None else {},
            added([sample.consumed for sample in samples]),
        )

    @property
    def server_ms(self) -> float | None:
        """The function's own total; None with an error."""
        return self.phases_ms.get("total")

    @property
    def temperature(self) -> Temperature:
        """Cold is what was the first request of its sandbox, by the receipt."""
        return "cold" if "init_ms" in self.consumed else "warm"


class Kind(NamedTuple):
    """The kind that a sample is of."""

    workload: Workload
    source: str
    loop: Loop


def added(each: Sequence[Numbers]) -> Numbers:
    """Add up numbers of the same names."""
    total: Numbers = defaultdict(float)
    for numbers in each:
        for name, value in numbers.items():
            total[name] += value
    return dict(total)


class Raw(Protocol):
    """A taker of lines of text."""

    def write(self, line: str, /) -> object: ...


class Samples:
    """The samples of one number of rows, by kind.

    Args:
        raw: gets a line of CSV for each sample at once, so that nothing is lost whatever happens later.
        rows: how many the data set had.
        start_s: when the run began, on its clock.
    """

    def __init__(self, raw: Raw, rows: int, start_s: float) -> None:
        self.by_kind: dict[Kind, list[Sample]] = defaultdict(list)
        self._writer = csv.writer(raw, lineterminator="\n")
        self._rows = rows
        self._start_s = start_s

    def add(self, kind: Kind, sample: Sample) -> None:
        """Keep a sample and write its line; a Ctrl-C meanwhile waits until both are done, so that they agree."""
        server_ms = "" if sample.server_ms is None else f"{sample.server_ms:.3f}"
        time_ms = (f"{sample.at_s - self._start_s:.6f}", f"{sample.client_ms:.3f}", server_ms)
        texts = [json.dumps(numbers) if numbers else "" for numbers in (sample.phases_ms, sample.consumed)]
        what = (self._rows, *kind, sample.temperature, *time_ms, sample.error or "", sample.http_requests)
        with hold_interrupts():
            self.by_kind[kind].append(sample)
            self._writer.writerow((*what, *texts))
