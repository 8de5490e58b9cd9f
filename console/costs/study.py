"""A scenario looked at from all sides: the bills, the cheapest path, where that changes, and what matters most.

Also plain series for a chart: dollars against reads a month on each path, with the changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.costs.bill import Bill, bills, totals_usd
from console.costs.crossover import Crossing, cheapest, crossings, steps
from console.costs.prices import PriceList, Prices
from console.costs.scenario import LARGEST_SNAPSHOT_BYTES, Assembled, Scenario, values_of, varied
from console.costs.sensitivity import Swing, swings
from handlers.routes import SOURCES

RANGES: dict[str, tuple[float, float]] = {
    "reads_per_month": (1e3, 1e10),
    "reads_per_sandbox": (1, 1e6),
    "rows": (100, 1e9),
    "publishes_per_month": (1, 1e6),
}


@dataclass(frozen=True)
class Study:
    """What a scenario costs in a month.

    Args:
        stack_region: where the stack is that was measured; None where that is not known.
        bills: dollars by path and service.
        totals_usd: dollars by path.
        cheapest: the path that costs least; several where they cost the same.
        crossings: where that changes, by what is varied while all else stays.
        swings: what each assumption does, the one that matters most first.
    """

    price_list: PriceList
    assembled: Assembled
    stack_region: str | None
    bills: dict[str, Bill]
    totals_usd: dict[str, float]
    cheapest: tuple[str, ...]
    crossings: dict[str, list[Crossing]]
    swings: list[Swing]

    @property
    def is_elsewhere(self) -> bool:
        """Whether the prices are known to be those of another region than the stack's."""
        return self.stack_region not in (None, self.price_list.region)


@dataclass(frozen=True)
class Series:
    """Lines of a chart: (reads a month, dollars a month) by path, and where the cheapest changes."""

    points: dict[str, list[tuple[float, float]]]
    crossings: list[Crossing]


def study(price_list: PriceList, assembled: Assembled, stack_region: str | None = None) -> Study:
    """Look at a scenario from all sides.

    Args:
        stack_region: where the stack is that was measured.
    """
    prices, scenario = price_list.prices, assembled.scenario
    totals = totals_usd(prices, scenario)
    assumed = [name for name, origin in assembled.origins.items() if origin == "assumed"]
    return Study(
        price_list,
        assembled,
        stack_region,
        bills(prices, scenario),
        totals,
        cheapest(totals),
        {name: crossings_of(prices, scenario, name) for name in RANGES},
        swings(prices, scenario, assumed),
    )


def crossings_of(prices: Prices, scenario: Scenario, name: str) -> list[Crossing]:
    """Where the cheapest path changes as one value of the scenario grows."""
    low, high = RANGES[name]
    if name == "rows":  # as many as still make a snapshot that fits into /tmp twice
        high = LARGEST_SNAPSHOT_BYTES / values_of(scenario)["snapshot_row_bytes"]
    return crossings(lambda value: totals_usd(prices, varied(scenario, name, value)), low, high)


def cost_series(prices: Prices, scenario: Scenario, low: float = 1e4, high: float = 1e8) -> Series:
    """Dollars against reads a month on each path.

    Args:
        low, high: reads a month at the chart's ends.
    """
    reads = steps(low, high)
    totals = [totals_usd(prices, varied(scenario, "reads_per_month", count)) for count in reads]
    points = {
        source: [(count, found[source]) for count, found in zip(reads, totals, strict=True)] for source in SOURCES
    }
    changes = crossings_of(prices, scenario, "reads_per_month")
    return Series(points, [change for change in changes if low <= change.at <= high])
