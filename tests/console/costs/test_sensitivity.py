from __future__ import annotations

from dataclasses import replace

import pytest

from console.costs.bill import totals_usd
from console.costs.scenario import INPUTS, Scenario
from console.costs.sensitivity import swings
from tests.support.costs import PRICES

# sqlite-efs is a little cheaper than ddb.
NEAR = Scenario(writes_per_month=200)


def test_each_value_is_halved_and_doubled() -> None:
    (swing,) = swings(PRICES, NEAR, ["sqlite_efs_ms"])
    assert (swing.halved, swing.doubled) == (1.5, 6)
    assert swing.halved_usd == totals_usd(PRICES, replace(NEAR, sqlite_efs_ms=1.5))["sqlite-efs"]
    assert swing.doubled_usd == totals_usd(PRICES, replace(NEAR, sqlite_efs_ms=6))["sqlite-efs"]
    assert swing.spread_usd == pytest.approx(1_000_000 * 0.0045 * 0.00001)  # 4.5 ms of 1 GB


def test_a_value_that_follows_from_others_is_varied_from_what_follows() -> None:
    by_name = {swing.name: swing for swing in swings(PRICES, NEAR, ["publishes_per_month", "read_units"])}
    assert (by_name["publishes_per_month"].halved, by_name["publishes_per_month"].doubled) == (100, 400)
    assert (by_name["read_units"].halved, by_name["read_units"].doubled) == (2, 8)


def test_a_value_stays_within_its_limits() -> None:
    (swing,) = swings(PRICES, NEAR, ["sandboxes"])
    assert (swing.halved, swing.doubled) == (1, 2)


def test_what_changes_the_cheapest_path_comes_first_however_little_the_sum_moves() -> None:
    first, second = swings(PRICES, NEAR, ["memory_mb", "rows_per_read"])
    assert (first.name, first.halved_cheapest, first.doubled_cheapest) == ("rows_per_read", ("ddb",), ("sqlite-efs",))
    assert (first.changes_cheapest, second.changes_cheapest) == (True, False)
    assert first.spread_usd < second.spread_usd


def test_what_changes_no_path_is_sorted_by_how_far_the_sum_moves() -> None:
    found = swings(PRICES, NEAR, INPUTS)
    unchanged = [swing.spread_usd for swing in found if not swing.changes_cheapest]
    assert len(unchanged) > 5
    assert unchanged == sorted(unchanged, reverse=True)


def test_the_sum_is_that_of_the_path_that_is_cheapest_now() -> None:
    (swing,) = swings(PRICES, Scenario(), ["publishes_per_month"])
    now = totals_usd(PRICES, Scenario())["ddb"]
    assert (swing.halved_usd, swing.doubled_usd) == (pytest.approx(now), pytest.approx(now))


def test_the_processors_cannot_be_halved() -> None:
    assert swings(PRICES, NEAR, ["architecture"]) == []
