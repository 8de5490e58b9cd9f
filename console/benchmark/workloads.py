"""The workloads, how often each is carried out, and the requests that they are made of.

Every path is asked the same in the same round. Two workloads write: `first-after-publish` and `write`.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

from console.benchmark.closed_loop import LEAST, Rounds
from console.benchmark.data import BenchData
from console.benchmark.probe import Exchange, Probe
from console.benchmark.samples import Kind, Sample
from console.client.client import Client, read_members
from console.data.loading import generate_drafts
from console.results.result import LEDGER, Workload
from handlers.domain.paging import MAX_LIMIT
from handlers.routes import HOMES
from handlers.rows import MODEL

WORKLOADS: tuple[Workload, ...] = get_args(Workload)
WRITING: tuple[Workload, ...] = ("first-after-publish", "write")
READING: tuple[Workload, ...] = tuple(workload for workload in WORKLOADS if workload not in WRITING)
AT_A_RATE: tuple[Workload, ...] = ("newest-100", "by-id", "range", "stats")  # one request each, and no state before it
SELDOM: tuple[Workload, ...] = ("first-in-sandbox", "first-after-publish", "write")
SELDOM_SHARE = 10  # a tenth of the iterations
RANGE_SHARE = 0.01  # of all values
NEWEST = {"limit": "100"}


@dataclass(frozen=True)
class Ask:
    """A read that each path understands: what stands behind the path's name."""

    suffix: str
    parameters: dict[str, str]


class Draw(Protocol):
    """The part of a random.Random that is used."""

    def choice(self, seq: Sequence[str], /) -> str: ...
    def random(self) -> float: ...


def list_sources(workload: Workload, homes: Sequence[str]) -> tuple[str, ...]:
    """Return the sources that take turns in a workload, of an API with these homes."""
    return (LEDGER,) if workload == "write" else tuple(homes)


def place(kind: Kind) -> tuple[int, str, int]:
    """Return the place of a kind in a result: by workload, loop and source."""
    return WORKLOADS.index(kind.workload), kind.loop, (*HOMES, LEDGER).index(kind.source)


def plan_rounds(workload: Workload, asked: Rounds, rows: int) -> Rounds:
    """Plan how often a workload is carried out: those that cost much less often than was asked for, but LEAST times.

    Walks are so many that their pages come to the iterations asked for.
    """
    if workload in SELDOM:
        share, warm_ups = SELDOM_SHARE, int(workload != "first-in-sandbox")
    elif workload == "walk":
        share, warm_ups = count_pages(rows), 1
    else:
        share, warm_ups = 1, asked.warm_ups
    iterations = min(asked.iterations, max(LEAST, math.ceil(asked.iterations / share)))
    return Rounds(min(warm_ups, asked.warm_ups), iterations, asked.limit_s)


def count_pages(rows: int) -> int:
    """Count the requests of one walk."""
    return max(1, math.ceil(rows / MAX_LIMIT))


def asks(workload: Workload, data: BenchData, count: int, seed: int) -> list[Ask]:
    """Return the reads of a workload, equal for equal seeds and data."""
    draw = random.Random(seed)  # noqa: S311 - test data, no secret
    return [_ask(workload, data, draw) for _ in range(count)]


class Reads:
    """Carries out a workload's reads.

    Args:
        asked: the request of each round.
    """

    def __init__(self, probe: Probe, asked: Sequence[Ask]) -> None:
        self._probe = probe
        self._asked = asked

    def exchange(self, source: str, number: int) -> Exchange:
        """Send one request."""
        ask = self._asked[number]
        return self._probe.get(f"/{source}{ask.suffix}", ask.parameters)

    def take(self, source: str, number: int) -> Sample:
        """Send one request; returns it as a sample."""
        return Sample.from_exchange(self.exchange(source, number))


class Walks:
    """Walks over all rows, as far as there are more."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe

    def take(self, source: str, _: int) -> Sample:
        """Walk over all pages; ends early where one fails."""
        pages: list[Sample] = []
        cursor: object = None
        while not pages or (cursor and pages[-1].error is None):
            parameters = {"limit": str(MAX_LIMIT)} | ({"cursor": str(cursor)} if cursor else {})
            exchange = self._probe.get(f"/{source}", parameters)
            cursor = exchange.members.get("next")
            pages.append(Sample.from_exchange(exchange))
        return Sample.from_several(pages)


class Writes:
    """The workloads that write: each round appends one row and publishes a snapshot."""

    def __init__(self, probe: Probe, client: Client, seed: int) -> None:
        self._probe = probe
        self._client = client
        self._drafts = generate_drafts(seed)

    def take(self, _source: str, _number: int) -> Sample:
        """Insert a row, and wait until its snapshot is published."""
        return Sample.from_exchange(self._probe.post("/insert", self._body(), _once()))

    def take_after(self, source: str, _: int) -> Sample:
        """Insert a row; returns the first read that shows it, whoever publishes it, by a client that asks for it."""
        bookmark = str(read_members(self._client.post("/insert", self._body(), _once())).get("bookmark"))
        return Sample.from_exchange(self._probe.get(f"/{source}", NEWEST, {"min-bookmark": bookmark}))

    def _body(self) -> dict[str, object]:
        return {"items": [MODEL.draft_fields(next(self._drafts))]}


def _once() -> dict[str, str]:
    """Return the headers of an insert that nobody else has made."""
    return {"idempotency-key": f"bench-{uuid.uuid4()}"}


def _ask(workload: Workload, data: BenchData, draw: Draw) -> Ask:
    if workload == "by-id":
        return Ask(f"/{draw.choice(data.ids)}", {})
    if workload == "stats":
        return Ask("/stats", {})
    if workload == "range":
        _, at_least, at_most = MODEL.range
        last = len(data.values) - 1
        width = min(last, math.ceil(RANGE_SHARE * last))
        low = round(draw.random() * (last - width))
        return Ask("", NEWEST | {at_least: str(data.values[low]), at_most: str(data.values[low + width])})
    return Ask("", NEWEST)
