from __future__ import annotations

from dataclasses import replace

import pytest

from console.costs.bill import totals_usd
from console.costs.levers import Lever, levers, tiering_usd
from console.costs.scenario import Scenario
from handlers.routes import SOURCES
from tests.support.costs import PRICES

pytestmark = pytest.mark.usefixtures("rows_as_shipped")


def named(scenario: Scenario) -> dict[str, Lever]:
    return {lever.name: lever for lever in levers(PRICES, scenario)}


def test_a_saving_is_the_difference_of_two_bills() -> None:
    scenario = Scenario(reads_per_month=1e7)
    now, traced = (totals_usd(PRICES, each) for each in (scenario, replace(scenario, tracing=1)))
    lever = named(scenario)["`tracing` off"]
    assert lever.is_shipped
    assert lever.saved_usd == {source: pytest.approx(traced[source] - now[source]) for source in SOURCES}
    looks = named(scenario)["a look for a newer snapshot once a second at most"].saved_usd
    assert looks["sqlite-efs"] == pytest.approx((1e7 - 2_592_000) * 4096 / 2**30 * 0.03)
    assert looks["ddb"] == 0


def test_every_lever_has_a_saving_on_each_path_and_none_costs_money_as_shipped() -> None:
    for lever in levers(PRICES, Scenario()):
        assert set(lever.saved_usd) == set(SOURCES)
        assert all(usd > -1e-12 for usd in lever.saved_usd.values()), lever.name


def test_tiering_saves_nothing_for_small_pages_less_for_middling_ones_and_something_for_large_ones() -> None:
    large = Scenario(rows=1e6, lake_row_bytes=1000)
    assert tiering_usd(PRICES, replace(large, lake_row_bytes=131)) == 0
    assert tiering_usd(PRICES, replace(large, lake_row_bytes=132)) < 0
    assert tiering_usd(PRICES, replace(large, lake_row_bytes=141)) < 0
    assert tiering_usd(PRICES, replace(large, lake_row_bytes=142)) > 0
    assert tiering_usd(PRICES, large) == pytest.approx(1000 * (1e6 / 2**30 * 0.019 - 0.0025e-3))


def test_what_postgresql_goes_without_is_a_lever_where_it_is_there() -> None:
    saved = {lever.name: lever.saved_usd for lever in levers(PRICES, Scenario(postgres=1))}
    assert saved["PostgreSQL without RDS Proxy"] == {**dict.fromkeys(SOURCES, 0.0), "postgres": pytest.approx(21.60)}
    machine_and_disk_usd = 720 * 0.016 + 20 * 0.10
    assert saved["PostgreSQL in one zone, not two"]["postgres"] == pytest.approx(machine_and_disk_usd)
    assert not any("PostgreSQL" in lever.name for lever in levers(PRICES, Scenario()))
