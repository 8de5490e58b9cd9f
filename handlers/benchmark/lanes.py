"""A benchmark inside the function: the same requests on every read path, by turns, and no network before them.

Every request goes to the function's own router, so what is timed is a whole answer, from the event to the gateway's
dictionary. A slow path cannot use up the time of the others: whoever has had its share waits until those that have not
are through.
"""

from __future__ import annotations

import json
import time
from random import Random
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.benchmark.session import Consumed, LaneResult, figures_of
from handlers.benchmark.workloads import WORKLOADS, asked
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.routes import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from handlers.benchmark.workloads import Ask, DataSet, Suffix

WARM_UPS = 1
LONGEST_S = {"ddb": Deadline.LIMIT_S}  # what a request on a path may take at most
USUAL_S = 1.0  # on a path without such a limit


class Lane:
    """One workload on one source: its requests, by turns, and what came of them.

    Attributes:
        newest: the newest bookmark of its answers.
    """

    def __init__(self, workload: str, source: str, suffixes: list[Suffix]) -> None:
        self.workload = workload
        self.source = source
        self.done = 0
        self.spent_s = 0.0
        self.slowest_s = LONGEST_S.get(source, USUAL_S)  # until the first request has told
        self.is_warm = False
        self.newest = NOTHING
        self._requests = [(f"/{source}{suffix}", raw_query) for suffix, raw_query in suffixes]
        self._times_ms: list[float] = []
        self._receipts: list[Consumed] = []
        self._errors: dict[str, int] = {}

    def warm_up(self, ask: Ask, clock: Callable[[], float]) -> None:
        """Send a request that does not count, but tells how long the next one may take."""
        _, self.slowest_s = self._timed(ask, clock)
        self.is_warm = True

    def run(self, ask: Ask, clock: Callable[[], float]) -> None:
        """Send the next request."""
        response, took_s = self._timed(ask, clock)
        self.slowest_s = max(self.slowest_s, took_s)
        self.done += 1
        self.spent_s += took_s
        if response["statusCode"] != 200:
            status = str(response["statusCode"])
            self._errors[status] = self._errors.get(status, 0) + 1
            return
        self.newest = max(self.newest, Bookmark.parse(response["headers"]["snapshot-bookmark"]))
        self._times_ms.append(took_s * 1000)
        self._receipts.append(consumed_of(response["headers"]["consumed"]))

    def result(self) -> LaneResult:
        """Return what came of it so far."""
        return LaneResult(
            workload=self.workload,
            source=self.source,
            requests=len(self._times_ms),
            errors=self._errors,
            server_ms=figures_of(self._times_ms),
            consumed=total_of(self._receipts),
        )

    def _timed(self, ask: Ask, clock: Callable[[], float]) -> tuple[Mapping[str, Any], float]:
        request = self._requests[self.done % len(self._requests)]
        begun_s = clock()
        response = ask(*request)
        return response, clock() - begun_s


def lanes_of(workloads: Sequence[str], data: DataSet) -> list[Lane]:
    """Make a lane for each workload on each source."""
    return [Lane(workload, source, WORKLOADS[workload](data)) for workload in workloads for source in SOURCES]


def measure(
    lanes: list[Lane], iterations: int, ask: Ask, end_s: float, clock: Callable[[], float] = time.perf_counter
) -> bool:
    """Run every lane so many times, after a warm-up, in rounds.

    Args:
        end_s: when it has to be over, by the clock; no request is begun that may not be done by then. A lane whose
            warm-up may not be done in time is left out; those that may take long are warmed up last.

    Returns:
        Whether all of it was done.
    """
    order = Random(1)  # noqa: S311 - no secret: a lane that always followed the same one would find its caches
    share_s = (end_s - clock()) / len(lanes)
    for lane in sorted(lanes, key=lambda lane: lane.slowest_s):
        if clock() + lane.slowest_s < end_s:
            lane.warm_up(ask, clock)
    while waiting := [lane for lane in lanes if lane.done < iterations]:
        fitting = [lane for lane in waiting if lane.is_warm and clock() + lane.slowest_s < end_s]
        if not fitting:
            return False
        round_ = [lane for lane in fitting if lane.spent_s < share_s] or fitting
        order.shuffle(round_)
        for lane in round_:
            if clock() + lane.slowest_s < end_s:
                lane.run(ask, clock)
    return True


def consumed_of(header: str) -> Consumed:
    """Return what the header `Consumed` says, by the body's names. Read units that it leaves out are None."""
    members = (member.split("=") for member in header.split(", "))
    consumed = {name.replace("-", "_"): value if value.isalpha() else json.loads(value) for name, value in members}
    consumed.pop("init_ms", None)  # of a sandbox, not of a request
    return {"read_units": None} | consumed


def total_of(receipts: list[Consumed]) -> Consumed:
    """Add up receipts. What one of them does not know, the sum does not know; a text is the same on all."""
    total: Consumed = {}
    for name in receipts[0] if receipts else ():
        amounts = [receipt[name] for receipt in receipts]
        numbers = [amount for amount in amounts if isinstance(amount, int | float)]
        total[name] = amounts[0] if isinstance(amounts[0], str) else sum(numbers) if None not in amounts else None
    return total


def finish_copy(ask: Ask, end_s: float, clock: Callable[[], float]) -> None:
    """Let `sqlite-tmp` come to its copies, while there is time: a large one grows only by a step at each read.

    Statistics are asked for, since they need all segments. What does not grow in two reads will not come: `/tmp` has
    no room for it.
    """
    reads_without_a_step = 0
    while clock() < end_s and reads_without_a_step < 2:
        copy = asked(ask, "/sqlite-tmp/stats", "")["copy"]
        if copy is None or not copy["remaining_bytes"]:
            return
        reads_without_a_step = 0 if copy["bytes"] else reads_without_a_step + 1


def check_ledger(ask: Ask) -> None:
    """Raise Problem (503) where the ledger cannot be read: then nothing could be kept either."""
    asked(ask, "/ddb", "limit=1")
