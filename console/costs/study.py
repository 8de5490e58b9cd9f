"""A scenario looked at from all sides: the bills, the cheapest path, where that changes, and what matters most.

Also plain series for a chart: dollars against reads a month on each path, with the changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

from console.costs.activity import most_looks
from console.costs.bill import Bill, bills, totals_usd
from console.costs.crossover import Crossing, cheapest, crossings, steps
from console.costs.database.instance import database_bill
from console.costs.feasibility import obstacles
from console.costs.options.inputs import INPUTS
from console.costs.prices import PriceList, Prices
from console.costs.scenario import Assembled, Scenario, vary
from console.costs.work import work_bills
from handlers.routes import POSTGRES

FACTORS = (0.5, 2.0)  # by which each assumption is varied
LOAD = {  # yours to say: more costs more
    *("rows", "reads_per_month", "writes_per_month", "publishes_per_month"),
    *("imports_per_month", "rows_per_import", "rebuilds_per_month", "notified_addresses"),
    *("page_views_per_month", "sessions_per_month"),
}
REAL_USD, REAL_SHARE = 1.0, 0.10  # a month: bills less far apart decide nothing


class Span(NamedTuple):
    """Between which numbers a value of the scenario is varied, and what it counts."""

    low: float
    high: float
    noun: str


RANGES: dict[str, Span] = {
    "reads_per_month": Span(1e3, 1e10, "reads a month"),
    "reads_per_sandbox": Span(1, 1e6, "reads in a sandbox's life"),
    "rows": Span(100, 1e9, "rows"),
    "publishes_per_month": Span(1, 1e6, "publishes a month"),
}


@dataclass(frozen=True)
class Swing:
    """The effect of one value on the bills.

    Args:
        halved, doubled: the value, within its limits.
        halved_usd, doubled_usd: what the path that is cheapest now would cost.
        halved_cheapest, doubled_cheapest: which path would be cheapest.
        changes_cheapest: whether that is another than now.
    """

    name: str
    halved: float
    doubled: float
    halved_usd: float
    doubled_usd: float
    halved_cheapest: tuple[str, ...]
    doubled_cheapest: tuple[str, ...]
    changes_cheapest: bool

    @property
    def spread_usd(self) -> float:
        """Return how far the sum moves."""
        return abs(self.doubled_usd - self.halved_usd)


@dataclass(frozen=True)
class Study:
    """The costs of a scenario in a month.

    Args:
        stack_region: where the stack is that was measured; None where that is not known.
        cannot_run: the paths that cannot, with the reason; they have no bill.
        bills: dollars by path and service.
        totals_usd: dollars by path.
        cheapest: the path that costs least; several where they cost the same.
        crossings: where that changes, by what is varied while all else stays.
        work: dollars by what nobody waits for or stands in front, and service; in the bills of all paths already.
        database: dollars of PostgreSQL by what it is for, whatever is read; in its bill already.
        postgres_from: reads a month from which it is cheaper than `ddb`: 0 where always; None: never, or none is there.
        swings: what each assumption does, the load left out; the one that matters most first.
    """

    price_list: PriceList
    assembled: Assembled
    stack_region: str | None
    cannot_run: dict[str, str]
    bills: dict[str, Bill]
    totals_usd: dict[str, float]
    cheapest: tuple[str, ...]
    crossings: dict[str, Sequence[Crossing]]
    swings: list[Swing]
    work: dict[str, Bill]
    database: Bill
    postgres_from: float | None

    @classmethod
    def from_assembled(cls, price_list: PriceList, assembled: Assembled, stack_region: str | None = None) -> Self:
        """Look at a scenario from all sides.

        Args:
            stack_region: where the stack is that was measured.
        """
        prices, scenario = price_list.prices, assembled.scenario
        cannot_run = obstacles(scenario)
        paid = {source: lines for source, lines in bills(prices, scenario).items() if source not in cannot_run}
        totals = {source: math.fsum(lines.values()) for source, lines in paid.items()}
        assumed = [name for name, origin in assembled.origins.items() if origin == "assumed" and name not in LOAD]
        return cls(
            price_list,
            assembled,
            stack_region,
            cannot_run,
            paid,
            totals,
            cheapest(totals),
            {name: find_crossings(prices, scenario, name) for name in RANGES},
            swings(prices, scenario, assumed),
            work_bills(prices, scenario),
            database_bill(prices, scenario),
            find_postgres_from(prices, scenario) if scenario.postgres else None,
        )

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether the prices are known to be those of another region than the stack's."""
        return self.stack_region not in (None, self.price_list.region)


def is_real_difference(one_usd: float, other_usd: float) -> bool:
    """Tell whether two monthly bills are so far apart that one would choose by them: by 1 USD and by 10 %."""
    apart_usd = abs(one_usd - other_usd)
    return apart_usd >= REAL_USD and apart_usd >= REAL_SHARE * min(one_usd, other_usd)


@dataclass(frozen=True)
class Series:
    """Lines of a chart.

    Args:
        points: (reads a month, dollars a month) by path.
        crossings: where the cheapest changes.
        looks_end_at: so many reads a month make a warm sandbox look for a newer snapshot as often as it ever does, so
            that the SQLite paths' bills have a bend there; None where every read looks.
    """

    points: dict[str, list[tuple[float, float]]]
    crossings: Sequence[Crossing]
    looks_end_at: float | None = None


@lru_cache(maxsize=64)  # a report asks for those of each result several times
def find_crossings(prices: Prices, scenario: Scenario, name: str) -> tuple[Crossing, ...]:
    """Find where the cheapest path changes as one value of the scenario grows."""
    low, high, _ = RANGES[name]
    found = crossings(lambda value: runnable_usd(prices, vary(scenario, name, value)), low, high)
    return tuple(found)


def find_postgres_from(prices: Prices, scenario: Scenario) -> float | None:
    """Find the reads a month from which `postgres` costs less than `ddb`: 0 where it always does; None: never."""

    def costs(reads: float) -> dict[str, float]:
        usd = totals_usd(prices, vary(scenario, "reads_per_month", reads))
        return {source: usd[source] for source in (POSTGRES, "ddb")}

    low, high, _ = RANGES["reads_per_month"]
    if cheapest(costs(low)) == (POSTGRES,):
        return 0.0
    return next((found.at for found in crossings(costs, low, high) if found.above == (POSTGRES,)), None)


def runnable_usd(prices: Prices, scenario: Scenario) -> dict[str, float]:
    """Add up each path's bill; no sum is enough for one that cannot run."""
    return totals_usd(prices, scenario) | dict.fromkeys(obstacles(scenario), math.inf)


def cost_series(prices: Prices, scenario: Scenario, low: float = 1e4, high: float = 1e8) -> Series:
    """Dollars against reads a month on each path that can run.

    Args:
        low, high: reads a month at the chart's ends.
    """
    reads = steps(low, high)
    totals = [totals_usd(prices, vary(scenario, "reads_per_month", count)) for count in reads]
    able = [source for source in scenario.homes if source not in obstacles(scenario)]
    points = {source: [(count, found[source]) for count, found in zip(reads, totals, strict=True)] for source in able}
    changes = find_crossings(prices, scenario, "reads_per_month")
    looks = most_looks(scenario)
    if looks is not None:
        looks = looks / scenario.origin_share if scenario.origin_share else None
    inside = tuple(change for change in changes if low <= change.at <= high)
    has_bend = looks is not None and low <= looks <= high and len(able) > 1
    return Series(points, inside, looks if has_bend else None)


def swings(prices: Prices, scenario: Scenario, names: Iterable[str]) -> list[Swing]:
    """Vary each of these values; the one that matters most comes first.

    One that changes which path is cheapest matters more than any that does not; then the sum decides.
    """
    found = [_swing(prices, scenario, name) for name in names if name in INPUTS]
    return sorted(found, key=lambda swing: (not swing.changes_cheapest, -swing.spread_usd))


def _swing(prices: Prices, scenario: Scenario, name: str) -> Swing:
    now = cheapest(runnable_usd(prices, scenario))
    allowed = INPUTS[name]
    value = scenario.numbers()[name]
    halved, doubled = (min(allowed.most, max(allowed.least, value * factor)) for factor in FACTORS)
    low, high = (vary(scenario, name, changed) for changed in (halved, doubled))
    there = [cheapest(runnable_usd(prices, each)) for each in (low, high)]
    return Swing(
        name,
        halved,
        doubled,
        totals_usd(prices, low)[now[0]],
        totals_usd(prices, high)[now[0]],
        *there,
        changes_cheapest=any(not set(now) & set(each) for each in there),
    )
