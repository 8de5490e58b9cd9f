"""Which assumption matters most: each is halved and doubled, and the bills are looked at again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.costs.bill import totals_usd
from console.costs.crossover import cheapest
from console.costs.prices import Prices
from console.costs.scenario import INPUTS, Scenario, values_of, varied

FACTORS = (0.5, 2.0)


@dataclass(frozen=True)
class Swing:
    """What one value does to the bills.

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
        """How far the sum moves."""
        return abs(self.doubled_usd - self.halved_usd)


def swings(prices: Prices, scenario: Scenario, names: Iterable[str]) -> list[Swing]:
    """What each of these values does; the one that matters most comes first.

    One that changes which path is cheapest matters more than any that does not; then the sum decides.
    """
    found = [_swing(prices, scenario, name) for name in names if name in INPUTS]
    return sorted(found, key=lambda swing: (not swing.changes_cheapest, -swing.spread_usd))


def _swing(prices: Prices, scenario: Scenario, name: str) -> Swing:
    now = cheapest(totals_usd(prices, scenario))
    allowed = INPUTS[name]
    value = values_of(scenario)[name]
    halved, doubled = (min(allowed.most, max(allowed.least, value * factor)) for factor in FACTORS)
    low, high = (totals_usd(prices, varied(scenario, name, changed)) for changed in (halved, doubled))
    return Swing(
        name,
        halved,
        doubled,
        low[now[0]],
        high[now[0]],
        cheapest(low),
        cheapest(high),
        changes_cheapest=not set(now) & set(cheapest(low)) or not set(now) & set(cheapest(high)),
    )
