"""The open loop: requests are sent on schedule, whatever the answers do.

A closed loop waits while the service stalls and so never sees most of what its users would (coordinated omission).
Here request k is due at k / rate; its time counts from then, however late it could be sent. A rate that cannot be held
has no latency: it only has a queue that grows. The paths take turns with blocks of a schedule, one path at a time: at a
rate that one of them cannot hold, the others would queue behind it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Self

from console.benchmark.closed_loop import turns
from console.benchmark.probe import Exchange
from console.benchmark.workloads import Reads
from console.results.latency import overlap
from console.wording import three_digits
from handlers.domain.bounds import bounds
from handlers.domain.percentiles import nearest_rank

HELD = 0.95  # of the rate that was asked for
MAX_UNANSWERED = 64

LEAST_IN_BLOCK = 10

SendOnce = Callable[[], Exchange]


class Timed(NamedTuple):
    """A request of a schedule: when it was due, and what came of it."""

    due_s: float
    exchange: Exchange

    @property
    def latency_s(self) -> float:
        return self.exchange.ended_s - self.due_s


class Block(NamedTuple):
    """One schedule carried out. It is not whole where it was given up: too many requests were without an answer."""

    timed: list[Timed]
    is_whole: bool


@dataclass(frozen=True)
class Pace:
    """The outcome of a rate.

    Args:
        achieved_per_s: the good answers that the service keeps up with.
        is_whole: whether all was sent.
    """

    asked_per_s: float
    achieved_per_s: float
    is_whole: bool

    @classmethod
    def from_blocks(cls, blocks: Sequence[Block], rate_per_s: float) -> Self:
        """Work out what the blocks of one rate say about it.

        The service keeps up with the rate at which requests were sent, times the share of good answers, divided by how
        much faster answers came late than time passed: where a queue grows, latency grows with it, steadily.
        """
        timed = [each for block in blocks for each in block.timed]
        good = sum(each.exchange.error is None for each in timed)
        sent_per_s = min(rate_per_s, _sent_per_s(blocks))
        achieved_per_s = sent_per_s * good / len(timed) / (1 + max(0.0, _growth(blocks)))
        return cls(rate_per_s, achieved_per_s, all(block.is_whole for block in blocks))

    @property
    def is_held(self) -> bool:
        """Tell whether the times say something of this rate."""
        return self.is_whole and self.achieved_per_s >= HELD * self.asked_per_s

    @property
    def complaint(self) -> str | None:
        """Return the reason why the times say nothing of this rate; None where they do."""
        if self.is_held:
            return None
        reason = (
            f"{three_digits(self.achieved_per_s)} is what it came to"
            if self.is_whole
            else "too many were without an answer"
        )
        return f"{self.asked_per_s:g} a second could not be held: {reason}"


KeepBlock = Callable[[str, Block, Pace], None]


class Schedule:
    """Sends requests at a fixed rate.

    Args:
        rate_per_s: how many a second.
        pool: where requests wait for their answers, each in a thread.
        clock: the exchanges' own, in seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        rate_per_s: float,
        pool: Executor,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate_per_s = rate_per_s
        self._pool = pool
        self._clock = clock
        self._sleep = sleep

    def run(self, requests: Sequence[SendOnce], keep: Callable[[Block], None]) -> None:
        """Send all requests in time, and wait for the answers.

        Args:
            keep: gets the block; when the waiting is cut short, what was answered until then, if anything.
        """
        sent: list[tuple[float, Future[Exchange]]] = []
        is_whole = True
        try:
            is_whole = self._send(requests, sent)
            for _, future in sent:
                future.result()
        finally:
            timed = [Timed(due_s, future.result()) for due_s, future in sent if future.done()]
            if timed:
                keep(Block(timed, is_whole))

    def _send(self, requests: Sequence[SendOnce], sent: list[tuple[float, Future[Exchange]]]) -> bool:
        """Send all; returns whether that could be done."""
        start_s = self._clock()
        for number, send in enumerate(requests):
            due_s = start_s + number / self._rate_per_s
            self._sleep(max(0.0, due_s - self._clock()))
            if sum(not future.done() for _, future in sent) >= MAX_UNANSWERED:
                return False
            sent.append((due_s, self._pool.submit(send)))
        return True


def run_open_loop(reads: Reads, iterations: int, rate_per_s: float, sources: Sequence[str], keep: KeepBlock) -> None:
    """Send so many requests of each source at a rate, in blocks: as many as there are orders of the sources.

    Args:
        keep: gets a source, its next block, and what all its blocks say of the rate. A source is left alone once a
            block of it had to be broken off.
    """
    done: dict[str, list[Block]] = {source: [] for source in sources}
    size = max(LEAST_IN_BLOCK, math.ceil(iterations / math.factorial(len(sources))))

    def keep_block(source: str, block: Block) -> None:
        done[source].append(block)
        keep(source, block, Pace.from_blocks(done[source], rate_per_s))

    with ThreadPoolExecutor(MAX_UNANSWERED) as pool:
        schedule = Schedule(rate_per_s, pool)
        for number, source in turns(sources, math.ceil(iterations / size)):
            if all(block.is_whole for block in done[source]):
                numbers = range(number * size, min((number + 1) * size, iterations))
                schedule.run([partial(reads.exchange, source, each) for each in numbers], partial(keep_block, source))


def _sent_per_s(blocks: Sequence[Block]) -> float:
    """Return how many requests a second the client sent, by when they really were."""
    spans_s = [block.timed[-1].exchange.started_s - block.timed[0].exchange.started_s for block in blocks]
    gaps = sum(len(block.timed) - 1 for block in blocks)
    return gaps / sum(spans_s) if sum(spans_s) > 0 else math.inf


def _growth(blocks: Sequence[Block]) -> float:
    """Return by how many seconds a second the latency grew, from the first third of the blocks to the last.

    It did not where the intervals of the two medians overlap: then its own spread explains the difference.
    """
    first: list[tuple[float, float]] = []
    last: list[tuple[float, float]] = []
    for timed, _ in blocks:
        times = [(each.due_s - timed[0].due_s, each.latency_s) for each in timed]
        third = max(1, len(timed) // 3)
        first += times[:third]
        last += times[-third:]
    if overlap(*(bounds([latency_s for _, latency_s in each], 50) for each in (first, last))):
        return 0.0
    passed_s, grown_s = (_median(last, at) - _median(first, at) for at in (0, 1))
    return grown_s / passed_s


def _median(times: list[tuple[float, float]], at: int) -> float:
    return nearest_rank(sorted(each[at] for each in times), 50)
