"""The open loop over all paths: blocks of a schedule, the paths taking turns with them.

One path at a time: at a rate that one of them cannot hold, the others would queue behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from console.benchmark.closed_loop import turns
from console.benchmark.open_loop import MAX_UNANSWERED, Block, Pace, Schedule, pace_of
from console.benchmark.workloads import Reads

LEAST_IN_BLOCK = 10

Keep = Callable[[str, Block, Pace], None]


def paced(reads: Reads, iterations: int, rate_per_s: float, sources: Sequence[str], keep: Keep) -> None:
    """Send so many requests of each source at a rate, in blocks: as many as there are orders of the sources.

    Args:
        keep: gets a source, its next block, and what all its blocks say of the rate. A source is left alone once a
            block of it had to be broken off.
    """
    done: dict[str, list[Block]] = {source: [] for source in sources}
    size = max(LEAST_IN_BLOCK, math.ceil(iterations / math.factorial(len(sources))))

    def keep_of(source: str, block: Block) -> None:
        done[source].append(block)
        keep(source, block, pace_of(done[source], rate_per_s))

    with ThreadPoolExecutor(MAX_UNANSWERED) as pool:
        schedule = Schedule(rate_per_s, pool)
        for number, source in turns(sources, math.ceil(iterations / size)):
            if all(block.is_whole for block in done[source]):
                numbers = range(number * size, min((number + 1) * size, iterations))
                schedule.run([partial(reads.exchange, source, each) for each in numbers], partial(keep_of, source))
