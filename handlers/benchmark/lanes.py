"""A benchmark inside the function: the same requests on every read path, by turns, and no network before them.

Every request is an event given to the function's own router, so what is timed is a whole answer, from the event to the
gateway's dictionary. The same data set always gives the same requests. A slow path cannot use up the time of the
others: whoever has had its share waits until those that have not are through.
"""

from __future__ import annotations

import json
import time
from random import Random
from typing import TYPE_CHECKING

from handlers.api.request import event_of_get
from handlers.benchmark.session import Consumed, Result, figures_of
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.reads.page import PageQuery
from handlers.routes import SOURCES
from handlers.rows import VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Ask = Callable[[Mapping[str, Any], object], Mapping[str, Any]]

SAMPLES = 50  # rows spread over the whole data set, for ids and for the bounds of ranges
WARM_UPS = 1
Suffix = tuple[str, str]  # what follows a source in a path, and the query


class DataSet:
    """What the requests are made from: the newest snapshot's bookmark, and some rows of it. Raises Problem."""

    def __init__(self, ask: Ask) -> None:
        first = _asked(ask, "/sqlite-efs", "limit=1")
        self.bookmark = Bookmark.parse(first["bookmark"])
        if not self.bookmark.seq:
            raise Problem("no-rows", "There is nothing to measure in an empty data set: insert some rows")
        positions = {number * self.bookmark.seq // SAMPLES for number in range(SAMPLES)}
        self._rows = [self._row_after(ask, position) for position in sorted(positions)]
        Random(1).shuffle(self._rows)  # noqa: S311 - no secret: neighbours would share pages of the file

    def _row_after(self, ask: Ask, position: int) -> Mapping[str, Any]:
        cursor = f"&cursor={PageQuery({'order': 'asc'}).cursor(self.bookmark, position)}" if position else ""
        return _asked(ask, "/sqlite-efs", f"limit=1&order=asc{cursor}")["data"][0]

    def newest_100(self) -> list[Suffix]:
        """The page that everybody asks for."""
        return [("", "limit=100")]

    def by_id(self) -> list[Suffix]:
        """Rows from everywhere in the data set."""
        return [(f"/{row['id']}", "") for row in self._rows]

    def range(self) -> list[Suffix]:
        """Between two neighbouring values of the sample lies about one row in fifty."""
        values = sorted(float(row[VALUE]) for row in self._rows)
        bounds = zip(values, values[1:] or values, strict=False)
        return [("", f"min_value={low}&max_value={high}".replace("+", "%2B")) for low, high in bounds]

    def stats(self) -> list[Suffix]:
        """All rows, without a transfer of any."""
        return [("/stats", "")]


WORKLOADS: dict[str, Callable[[DataSet], list[Suffix]]] = {
    "newest-100": DataSet.newest_100,
    "by-id": DataSet.by_id,
    "range": DataSet.range,
    "stats": DataSet.stats,
}


class Lane:
    """One workload on one source: its requests, by turns, and what came of them."""

    def __init__(self, workload: str, source: str, suffixes: list[Suffix]) -> None:
        self.workload = workload
        self.source = source
        self.done = 0
        self.spent_s = 0.0
        self.slowest_s = 0.0
        self._events = [event_of_get(f"/{source}{suffix}", raw_query) for suffix, raw_query in suffixes]
        self._times_ms: list[float] = []
        self._receipts: list[Consumed] = []
        self._errors: dict[str, int] = {}

    def warm_up(self, ask: Ask, clock: Callable[[], float]) -> None:
        """A request that does not count, but tells how long the next one may take."""
        self._timed(ask, clock)

    def run(self, ask: Ask, clock: Callable[[], float]) -> None:
        """The next request."""
        response, took_s = self._timed(ask, clock)
        self.done += 1
        self.spent_s += took_s
        if response["statusCode"] != 200:
            status = str(response["statusCode"])
            self._errors[status] = self._errors.get(status, 0) + 1
            return
        self._times_ms.append(took_s * 1000)
        self._receipts.append(consumed_of(response["headers"]["consumed"]))

    def result(self) -> Result:
        """What came of it so far."""
        return Result(
            workload=self.workload,
            source=self.source,
            requests=len(self._times_ms),
            errors=self._errors,
            server_ms=figures_of(self._times_ms),
            consumed=total_of(self._receipts),
        )

    def _timed(self, ask: Ask, clock: Callable[[], float]) -> tuple[Mapping[str, Any], float]:
        event = self._events[self.done % len(self._events)]
        begun_s = clock()
        response = ask(event, None)
        took_s = clock() - begun_s
        self.slowest_s = max(self.slowest_s, took_s)
        return response, took_s


def lanes_of(workloads: Sequence[str], data: DataSet) -> list[Lane]:
    """A lane for each workload on each source."""
    return [Lane(workload, source, WORKLOADS[workload](data)) for workload in workloads for source in SOURCES]


def measure(
    lanes: list[Lane], iterations: int, ask: Ask, end_s: float, clock: Callable[[], float] = time.perf_counter
) -> bool:
    """Run every lane so many times, after a warm-up, in rounds.

    Args:
        end_s: when it has to be over, by the clock; no request is begun that would not be done by then.

    Returns:
        Whether all of it was done.
    """
    order = Random(1)  # noqa: S311 - no secret: a lane that always followed the same one would find its caches
    share_s = (end_s - clock()) / len(lanes)
    for lane in lanes:
        if clock() < end_s:
            lane.warm_up(ask, clock)
    while waiting := [lane for lane in lanes if lane.done < iterations]:
        fitting = [lane for lane in waiting if clock() + lane.slowest_s < end_s]
        if not fitting:
            return False
        round_ = [lane for lane in fitting if lane.spent_s < share_s] or fitting
        order.shuffle(round_)
        for lane in round_:
            if clock() + lane.slowest_s < end_s:
                lane.run(ask, clock)
    return True


def consumed_of(header: str) -> Consumed:
    """What the header `Consumed` says, by the body's names. Read units that it leaves out are None."""
    members = (member.split("=") for member in header.split(", "))
    consumed = {name.replace("-", "_"): value if value.isalpha() else json.loads(value) for name, value in members}
    consumed.pop("init_ms", None)  # of a sandbox, not of a request
    return {"read_units": None} | consumed


def total_of(receipts: list[Consumed]) -> Consumed:
    """Receipts added up. What one of them does not know, the sum does not know; a text is the same on all."""
    total: Consumed = {}
    for name in receipts[0] if receipts else ():
        amounts = [receipt[name] for receipt in receipts]
        numbers = [amount for amount in amounts if isinstance(amount, int | float)]
        total[name] = amounts[0] if isinstance(amounts[0], str) else sum(numbers) if None not in amounts else None
    return total


def finish_copy(ask: Ask, end_s: float, clock: Callable[[], float]) -> None:
    """Let `sqlite-tmp` come to its copy, while there is time: a large one grows only by a step at each read.

    One that does not grow in two reads (the first only begins it) will not come: `/tmp` has no room for it.
    """
    reads_without_a_step = 0
    while clock() < end_s and reads_without_a_step < 2:
        copy = _asked(ask, "/sqlite-tmp", "limit=1")["copy"]
        if copy is None or not copy["remaining_bytes"]:
            return
        reads_without_a_step = 0 if copy["bytes"] else reads_without_a_step + 1


def check_ledger(ask: Ask) -> None:
    """Raises Problem (503) where the ledger cannot be read: then nothing could be kept either."""
    _asked(ask, "/ddb", "limit=1")


def _asked(ask: Ask, path: str, raw_query: str) -> Mapping[str, Any]:
    response = ask(event_of_get(path, raw_query), None)
    if response["statusCode"] != 200:
        raise unavailable(f"GET {path} answers {response['statusCode']}: {json.loads(response['body'])['detail']}")
    return json.loads(response["body"])
