from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.costs.bill import bills, totals_usd
from console.costs.crossover import Crossing, cheapest
from console.costs.options.inputs import INPUTS
from console.costs.prices import named
from console.costs.scenario import Scenario, vary
from console.costs.study import (
    LOAD,
    RANGES,
    Study,
    cost_series,
    find_crossings,
    find_postgres_from,
    is_real_difference,
    runnable_usd,
    swings,
)
from handlers.routes import HOMES, SOURCES
from tests.support.costs import ALWAYS_THE_SAME, PRICE_LIST, PRICES, assumed, price

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

# sqlite-efs is a little cheaper than ddb.
NEAR = Scenario(row_bytes=115, writes_per_month=40_000)


def test_a_study_looks_from_all_sides() -> None:
    given_values = assumed(writes_per_month=100.0)
    found = Study.from_assembled(PRICE_LIST, given_values)
    assert found.bills == bills(PRICES, given_values.scenario)
    assert found.totals_usd == totals_usd(PRICES, given_values.scenario)
    assert found.cheapest == cheapest(found.totals_usd)
    assert list(found.crossings) == list(RANGES)
    varied_names = {swing.name for swing in found.swings}
    assert "init_ms" in varied_names
    assert not varied_names & LOAD
    given_too = Study.from_assembled(PRICE_LIST, assumed(init_ms=100.0))
    assert "init_ms" not in {swing.name for swing in given_too.swings}


def test_the_reads_from_which_on_publishing_pays_by_hand() -> None:
    # Nothing in sandboxes' lives, 10 publishes of one row, 730 runs of the projector. A read on ddb: 4 units and 9 ms
    # of 1 GB more; one on sqlite-efs: a look at 4 KiB of metadata.
    plain = Scenario(writes_per_month=10, reads_per_sandbox=1e9, init_ms=0, ddb_first_ms=0)
    more_a_read = 4 * 0.125e-6 + 0.009 * 0.00001 - 4096 / 2**30 * 0.03
    segment_bytes = 24_576 + 76.97254 * 310.5  # six pages, and what the merge rule writes of inserts of one row
    segment_gb, segment_s = segment_bytes / 2**30, segment_bytes / (500 * 2**20)
    fixed = (
        31_050_000 / 2**30 * 0.30  # the snapshot
        + 10 * 3600 / 2_592_000 * segment_gb * 0.30  # superseded segments, an hour each
        + 10 * segment_gb * 0.06  # written
        + 20 * segment_gb * 0.03  # read by the publisher, and by the one warm sandbox
        + (10 * 4 * 0.03 + 10 * 12 * 0.06) * 4096 / 2**30
        + 20 * 0.125e-6  # a head and the new row for each publish
        + 730 * (0.20e-6 + 0.020 * 0.00001 + 0.125e-6 + 4096 / 2**30 * 0.03)  # a request, its time, a head, a look
        - 10 * 3 * 0.125e-6  # ddb reads its rows again after each write
        + (10 * (0.040 + 2 * segment_s) + 10 * (0.005 + segment_s)) * 0.00001
    )
    (found,) = find_crossings(PRICES, plain, "reads_per_month")
    assert (found.below, found.above, found.is_jump) == (("ddb",), ("sqlite-efs",), False)
    assert found.at == pytest.approx(fixed / more_a_read, rel=1e-4)  # 19 400


def test_proving_a_file_in_full_or_not_is_a_jump() -> None:
    found = find_crossings(PRICES, Scenario(writes_per_month=10_000), "rows")
    (jump,) = [it for it in found if it.is_jump]
    assert (jump.below, jump.above) == (("ddb",), ("sqlite-efs",))
    assert jump.at == pytest.approx(16 * 2**20 / 310.5, rel=1e-6)


FREE = {"writes_per_month": 0.0, "reads_per_month": 1e9, "read_units": 100.0, "reads_per_sandbox": 1e9}


@pytest.mark.parametrize("tmp_mb", [512.0, 1024.0])
def test_beyond_the_largest_snapshot_that_tmp_holds_copying_is_never_the_cheapest(tmp_mb: float) -> None:
    scenario = assumed(tmp_mb=tmp_mb, sqlite_tmp_ms=0.0, **FREE).scenario
    last = find_crossings(PRICES, scenario, "rows")[-1]
    assert (last.below, last.above, last.is_jump) == (("sqlite-tmp",), ("sqlite-efs",), True)
    assert last.at * 310.5 == pytest.approx(tmp_mb * 2**20)


@pytest.mark.parametrize("tmp_mb", [512.0, 1024.0])
def test_beyond_the_largest_segment_that_tmp_holds_a_sqlite_path_is_never_the_cheapest(tmp_mb: float) -> None:
    scenario = assumed(tmp_mb=tmp_mb, sqlite_efs_ms=0.0, snapshot_row_bytes=8192.0, **FREE).scenario
    last = find_crossings(PRICES, scenario, "rows")[-1]
    assert (last.below, last.above, last.is_jump) == (("sqlite-efs",), ("ddb",), True)
    assert last.at * 8192 == pytest.approx(tmp_mb * 2**20)


def test_what_cannot_run_has_no_bill_and_is_never_the_cheapest() -> None:
    quiet = {"rows": 5e6, "reads_per_month": 1e9, "writes_per_month": 0.0}
    uncopied = Study.from_assembled(PRICE_LIST, assumed(**quiet, sqlite_tmp_ms=0.0))
    assert list(uncopied.cannot_run) == ["sqlite-tmp"]
    assert list(uncopied.bills) == list(uncopied.totals_usd) == ["sqlite-efs", "ddb"]
    assert uncopied.cheapest == ("sqlite-efs",)
    unbuilt = Study.from_assembled(PRICE_LIST, assumed(**quiet, snapshot_row_bytes=3000.0))
    assert list(unbuilt.cannot_run) == ["sqlite-efs", "sqlite-tmp"]
    assert list(unbuilt.bills) == list(unbuilt.totals_usd) == ["ddb"]
    assert unbuilt.cheapest == ("ddb",)
    priced = Study.from_assembled(PRICE_LIST, assumed(**quiet, snapshot_row_bytes=3000.0, tmp_mb=1024))
    assert (list(priced.cannot_run), priced.cheapest) == (["sqlite-tmp"], ("sqlite-efs",))


def test_a_value_that_makes_a_path_impossible_changes_the_cheapest_and_still_has_a_finite_sum() -> None:
    scenario = Scenario(rows=1e6, reads_per_month=1e9, reads_per_sandbox=1e9, writes_per_month=0, sqlite_tmp_ms=0)
    (swing,) = swings(PRICES, scenario, ["row_bytes"])
    assert (swing.halved_cheapest, swing.doubled_cheapest) == (("sqlite-tmp",), ("sqlite-efs",))
    assert swing.doubled_usd == totals_usd(PRICES, replace(scenario, row_bytes=230))["sqlite-tmp"]
    assert swing.changes_cheapest


def test_what_cannot_run_has_no_line_in_a_chart() -> None:
    uncopied = cost_series(PRICES, Scenario(rows=5e6))
    assert list(uncopied.points) == ["sqlite-efs", "ddb"]
    assert uncopied.looks_end_at == 2_592_000
    unbuilt = cost_series(PRICES, Scenario(rows=5e6, snapshot_row_bytes=3000))
    assert list(unbuilt.points) == ["ddb"]
    assert (unbuilt.crossings, unbuilt.looks_end_at) == ((), None)


@pytest.mark.parametrize(
    ("one_usd", "other_usd", "is_real"),
    [
        (20.0, 20.99, False),
        (20.0, 21.99, False),
        (20.0, 22.0, True),
        (22.0, 20.0, True),
        (22.0, 20.01, False),
        (0.0, 0.99, False),
        (0.0, 1.0, True),
        (5.0, 6.0, True),
    ],
)
def test_a_real_difference_is_one_of_a_dollar_and_of_a_tenth(one_usd: float, other_usd: float, is_real: bool) -> None:
    assert is_real_difference(one_usd, other_usd) == is_real


def test_rows_are_varied_up_to_a_billion() -> None:
    # From so many rows on it costs more to store them on EFS than it spares to read them there.
    quiet = Scenario(writes_per_month=0, reads_per_sandbox=1e9)
    (within,) = find_crossings(PRICES, replace(quiet, reads_per_month=140_000_000), "rows")[-1:]
    assert (within.below, within.above) == (("sqlite-efs",), ("ddb",))
    assert 0.8e9 < within.at < 1e9
    assert all(it.above != ("ddb",) for it in find_crossings(PRICES, replace(quiet, reads_per_month=2e8), "rows"))


def test_the_series_of_a_chart_are_what_each_path_costs() -> None:
    scenario = Scenario(writes_per_month=30_000)
    series = cost_series(PRICES, scenario, 1e5, 1e7)
    for source in SOURCES:
        reads = [at for at, _ in series.points[source]]
        assert (reads[0], reads[-1]) == (1e5, 1e7)
        for at, usd in series.points[source]:
            assert usd == totals_usd(PRICES, vary(scenario, "reads_per_month", at))[source]
    assert series.crossings == find_crossings(PRICES, scenario, "reads_per_month") != ()
    assert cost_series(PRICES, scenario, 1e6, 1e7).crossings == ()


scenarios = st.builds(
    Scenario,
    rows=st.floats(100, 1e6),
    reads_per_month=st.floats(1e3, 1e9),
    writes_per_month=st.floats(0, 1e5),
    reads_per_sandbox=st.floats(1, 1e5),
    sqlite_efs_ms=st.floats(1, 100),
    sqlite_tmp_ms=st.floats(1, 100),
    ddb_ms=st.floats(1, 100),
    efs_reads_per_read=st.floats(0, 10),
)


def test_at_every_crossing_both_paths_cost_the_same_unless_one_jumps() -> None:
    looked_at: list[Crossing] = []

    @settings(ALWAYS_THE_SAME, max_examples=60)
    @given(scenarios, st.sampled_from(sorted(RANGES)))
    def check(scenario: Scenario, name: str) -> None:
        found = find_crossings(PRICES, scenario, name)
        looked_at.extend(found)
        check_crossings(scenario, name, found)

    check()
    assert len(looked_at) > 20


def check_crossings(scenario: Scenario, name: str, crossings: tuple[Crossing, ...]) -> None:
    for found in crossings:
        at = runnable_usd(PRICES, vary(scenario, name, found.at))
        if not found.is_jump:
            assert at[found.below[0]] == pytest.approx(at[found.above[-1]], rel=1e-4)
        for side, names in ((1 - 1e-5, found.below), (1 + 1e-5, found.above)):
            beside = runnable_usd(PRICES, vary(scenario, name, found.at * side))
            assert beside[names[0]] <= min(beside.values()) * (1 + 1e-4)


def test_each_value_is_halved_and_doubled() -> None:
    (swing,) = swings(PRICES, NEAR, ["sqlite_efs_ms"])
    assert (swing.halved, swing.doubled) == (1.5, 6)
    assert swing.halved_usd == totals_usd(PRICES, replace(NEAR, sqlite_efs_ms=1.5))["sqlite-efs"]
    assert swing.doubled_usd == totals_usd(PRICES, replace(NEAR, sqlite_efs_ms=6))["sqlite-efs"]
    assert swing.spread_usd == pytest.approx(1_000_000 * 0.0045 * 0.00001)  # 4.5 ms of 1 GB


def test_a_value_that_follows_from_others_is_varied_from_what_follows() -> None:
    by_name = {swing.name: swing for swing in swings(PRICES, NEAR, ["publishes_per_month", "read_units"])}
    assert (by_name["publishes_per_month"].halved, by_name["publishes_per_month"].doubled) == (20_000, 80_000)
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
    busy = Scenario(writes_per_month=60_000)
    (swing,) = swings(PRICES, busy, ["publishes_per_month"])
    totals = totals_usd(PRICES, busy)
    now = totals["ddb"]
    assert now < totals["sqlite-efs"]
    assert (swing.halved_usd, swing.doubled_usd) == (pytest.approx(now), pytest.approx(now))


def test_the_processors_cannot_be_halved() -> None:
    assert swings(PRICES, NEAR, ["architecture"]) == []


def test_postgresql_has_a_bill_where_it_is_there_and_says_from_how_many_reads_on_it_beats_ddb() -> None:
    there = Study.from_assembled(PRICE_LIST, assumed(postgres=1.0, reads_per_month=1e6))
    assert tuple(there.bills) == HOMES
    assert there.database["machine"] == pytest.approx(720 * 0.016)
    assert there.postgres_from is not None
    for factor, cheapest_of_both in ((0.99, "ddb"), (1.01, "postgres")):
        usd = totals_usd(PRICES, Scenario(postgres=1, reads_per_month=there.postgres_from * factor))
        assert min(("ddb", "postgres"), key=lambda source: usd[source]) == cheapest_of_both
    without = Study.from_assembled(PRICE_LIST, assumed())
    assert (tuple(without.bills), without.database, without.postgres_from) == (SOURCES, {}, None)


def test_postgresql_may_always_or_never_be_cheaper_than_ddb() -> None:
    free = {name: price(0) for name in named(PRICES) if name.startswith(("database_", "secret"))}
    assert find_postgres_from(replace(PRICES, **free), Scenario(postgres=1, read_units=1000, writes_per_month=0)) == 0
    assert find_postgres_from(PRICES, Scenario(postgres=1, read_units=0, ddb_ms=0, ddb_first_ms=0)) is None
