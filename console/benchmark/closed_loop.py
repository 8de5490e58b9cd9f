"""The closed loop: the next request is sent when the last one's answer is there, the paths taking turns.

The paths take turns in all orders: a request is a little slower after a slow neighbour, and machines and networks
drift, so each path has to follow each other one and all have to share every minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, permutations

from console.benchmark.samples import Sample

LEAST = 5  # requests of a path that answers, however long they take
FAILURES = 10  # in a row, after which a path is not asked any more

Take = Callable[[str, int], Sample]
Keep = Callable[[str, Sample], None]
Recycle = Callable[[], None]  # ends all sandboxes: the next read is the first of a new one


@dataclass(frozen=True)
class Rounds:
    """The number of times that each path is asked, and the longest that it is asked.

    Args:
        warm_ups: how many requests before those that count.
        limit_s: when a path has taken so long, it is not asked any more.
    """

    warm_ups: int
    iterations: int
    limit_s: float


def turns(sources: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Give every source its turn once a round, in another order each; yields the round's number and the source."""
    for number, order in enumerate(islice(cycle(permutations(sources)), rounds)):
        for source in order:
            yield number, source


class ClosedLoop:
    """A closed loop over some sources.

    Args:
        sources: what takes turns.
        take: carries out the request of a source with this number.
        keep: gets what counts, and warm-ups that failed.
        clock: in seconds.
    """

    def __init__(
        self, sources: Sequence[str], take: Take, keep: Keep, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.notes: dict[str, str] = {}
        self._sources = sources
        self._take = take
        self._keep = keep
        self._clock = clock
        self._spent_s = dict.fromkeys(sources, 0.0)
        self._counted = dict.fromkeys(sources, 0)
        self._failures = dict.fromkeys(sources, 0)

    def run(self, rounds: Rounds) -> None:
        """Carry out the rounds. `notes` then says of each source that was not asked until the end why."""
        for number, source in turns(self._sources, rounds.warm_ups + rounds.iterations):
            if source in self.notes:
                continue
            started_s = self._clock()
            sample = self._take(source, number)
            self._spent_s[source] += self._clock() - started_s
            self._count(source, sample, is_warm_up=number < rounds.warm_ups)
            self._judge(source, rounds)

    def _count(self, source: str, sample: Sample, *, is_warm_up: bool) -> None:
        """Keep what counts: all but warm-ups that went well."""
        self._counted[source] += not is_warm_up
        self._failures[source] = 0 if sample.error is None else self._failures[source] + 1
        if not is_warm_up or sample.error is not None:
            self._keep(source, sample)

    def _judge(self, source: str, rounds: Rounds) -> None:
        """Note it if a source is not to be asked any more."""
        counted = self._counted[source]
        if counted == rounds.iterations:
            return
        if self._failures[source] == FAILURES:
            self.notes[source] = f"given up after {FAILURES} failures in a row"
        elif self._spent_s[source] > rounds.limit_s and (self._failures[source] or counted >= LEAST):
            self.notes[source] = f"{counted} of {rounds.iterations}: {rounds.limit_s:g} s were over"
