"""The bills against arithmetic by hand, and the properties that any bill has."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.costs.bill import bill, bills, totals_usd
from console.costs.options.inputs import INPUTS
from console.costs.prices import Price, Prices, named
from console.costs.scenario import Scenario, vary
from handlers.routes import HOMES, SOURCES
from tests.support.costs import ALWAYS_THE_SAME, PRICES, price

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

# 100 MiB of snapshot (0.09765625 GB), published every minute of a month (43 200 times), a million reads.
EVERY_MINUTE = Scenario(
    rows=102_400,
    row_bytes=400,
    snapshot_row_bytes=1024,
    reads_per_month=1_000_000,
    reads_per_sandbox=1_000,
    writes_per_month=43_200,
    writes_per_sandbox=10,
    sandboxes=2,
    rows_per_read=100,
    memory_mb=2048,
    tracing=1,
    sqlite_efs_ms=4,
    sqlite_tmp_ms=3,
    ddb_ms=10,
    write_ms=50,
    init_ms=100,
    ddb_first_ms=200,
    projector_ms=30,
)
COMMON = {
    "HTTP API": 1.0432,  # 1 043 200 requests
    "Lambda requests": 0.20864,  # the same
    "DynamoDB writes": 0.135,  # 43 200 x (2 head + 2 row + 1 index) x 0.625 / 10^6
    "DynamoDB storage": 102_400 * 500 * 2 / 2**30 * 0.25,  # 400 + 100 bytes a row, table and index: 0.023842
    "DynamoDB recovery": 102_400 * 500 / 2**30 * 0.20,  # 0.009537
    "access log": 1_043_200 * 420 / 2**30 * 0.50,  # 0.204031
    "traces": 5.216,  # all of them: a month has 2 592 000 seconds
    **{"jobs": 0, "lake": 0, "notifications": 0, "edge": 0, "sessions": 0},
}
# What a publish of one row writes: six pages, and 76.97254 rows of 1 KiB on average (the merge rule, simulated).
SEGMENT = 24_576 + 76.97254 * 1024  # 103 396 bytes
SEGMENT_MS = SEGMENT / 2**20 / 500 * 1000  # 0.197212


def test_a_busy_month_on_sqlite_tmp() -> None:
    # Loads: 1 000 sandboxes, with 1 000 reads each: 100 MiB copied in steps, 13 x 32 KiB read where it is published.
    # Updates: 43 200 publishes seen by 2 sandboxes each.
    load_mib = 100 + 13 / 32
    seconds = (
        1_000_000 * 0.003  # warm reads: 3 000
        + 1_000 * 0.100  # starts: 100
        + 1_000 * (0.015 + load_mib / 500)  # 15 ms, and the bytes at 500 MiB/s: 215.8125
        + 86_400 * (0.005 + SEGMENT_MS / 1000)
        + 43_200 * 0.050  # appends: 2 160
        + 4_320 * 0.300  # starts of the command function: 1 296
        + 43_200 * (0.040 + 2 * SEGMENT_MS / 1000)  # publishes: what is merged, and what is made
        + 43_920 * 0.030  # the projector: after each append, and 720 times for maintenance: 1 317.6
        + (4_320 + 720) * 0.300  # its starts: 1 512
    )
    assert bill(PRICES, EVERY_MINUTE, "sqlite-tmp") == pytest.approx(
        COMMON
        | {
            "Lambda requests": 0.20864 + 43_920 * 0.20e-6,
            "traces": 5.216 + 43_920 * 5e-6,
            "Lambda time": seconds * 2 * 0.00001,
            "EFS storage": (0.09765625 + 60 * SEGMENT / 2**30) * 0.30,  # 60 segments of the last hour
            "EFS reads": (1_000 * load_mib / 1024 + (86_400 + 43_200) * SEGMENT / 2**30) * 0.03,
            "EFS writes": 43_200 * SEGMENT / 2**30 * 0.06,
            # Looks: 1 000 000 < 2 x 2 592 000, and one a run of the projector; 4 operations a load or update; 12 a
            # publish, at the price of writing.
            "EFS metadata": ((1_000_000 + 43_920 + 4 * 87_400) * 0.03 + 518_400 * 0.06) * 4096 / 2**30,  # 0.273096
            # Heads before 43 200 appends; a head and the new row (less than a unit) for each publish; a head a run.
            "DynamoDB reads": (129_600 + 43_920) * 0.125e-6,  # 0.02169
        }
    )


def test_a_busy_month_on_sqlite_efs_differs_in_what_opening_reads_and_in_the_time() -> None:
    tmp, efs = (bill(PRICES, EVERY_MINUTE, source) for source in ("sqlite-tmp", "sqlite-efs"))
    # Without 1 000 copies of 100 MiB, which took 200 s. And each read takes 1 ms more.
    assert efs == pytest.approx(
        tmp
        | {
            "Lambda time": tmp["Lambda time"] + (1_000 - 200) * 2 * 0.00001,
            "EFS reads": tmp["EFS reads"] - 1_000 * 100 / 1024 * 0.03,
        }
    )


def test_a_warm_read_of_sqlite_efs_that_needs_pages_pays_for_them() -> None:
    cold = replace(EVERY_MINUTE, efs_reads_per_read=0.5)
    more_usd = bill(PRICES, cold, "sqlite-efs")["EFS reads"] - bill(PRICES, EVERY_MINUTE, "sqlite-efs")["EFS reads"]
    assert more_usd == pytest.approx(1_000_000 * 0.5 * 32_768 / 2**30 * 0.03)  # 0.457764
    assert bill(PRICES, cold, "sqlite-tmp") == bill(PRICES, EVERY_MINUTE, "sqlite-tmp")


def test_a_busy_month_on_ddb() -> None:
    # 1 000 000 x 10 ms, 1 000 starts of 100 ms and first uses of 200 ms; appends 2 160 s, their starts 1 296 s.
    seconds = 10_000 + 100 + 200 + 2_160 + 1_296
    # The head, and 100 rows of 400 bytes: 40 000 / 4096 begun is 10. Each write makes 2 sandboxes read the rows again.
    units = 1_000_000 * 11 + 86_400 * 10 + 43_200
    assert bill(PRICES, EVERY_MINUTE, "ddb") == pytest.approx(
        COMMON
        | {
            "Lambda time": seconds * 2 * 0.00001,  # 0.27512
            "DynamoDB reads": units * 0.125e-6,  # 1.4884
            "EFS storage": 0,
            "EFS reads": 0,
            "EFS writes": 0,
            "EFS metadata": 0,
        }
    )


def test_an_idle_month_is_storage_and_maintenance() -> None:
    idle = Scenario(rows=100_000, row_bytes=115, reads_per_month=0, writes_per_month=0)
    # 21 500 000 bytes of items in table and index, and once for recovery: 0.010012 + 0.004005.
    # A snapshot of 31 050 000 bytes: 0.008675. 720 rounds of maintenance, with a request (0.000144), 20 ms and a start
    # of 310 ms (0.002376), a head (0.00009) and a look (0.000082) each.
    for source, usd in (("sqlite-efs", 0.025384), ("sqlite-tmp", 0.025384), ("ddb", 0.014016)):
        assert totals_usd(PRICES, idle)[source] == pytest.approx(usd, abs=1e-6)


def test_a_large_insert_takes_several_transactions_and_its_rows_are_read_back() -> None:
    # 1000 rows are 11 transactions of at most 98; a row of 1500 bytes: 2 units, three times over.
    bulk = Scenario(writes_per_month=10, rows_per_write=1000, row_bytes=1500, publishes_per_month=2, reads_per_month=0)
    lines = bill(PRICES, bulk, "sqlite-efs")
    assert lines["DynamoDB writes"] == pytest.approx(10 * (22 + 6_000) * 0.625e-6)
    # 10 heads, 2 of publishers, 730 of the projector, and 15 000 000 bytes of new rows at 4096 a unit.
    assert lines["DynamoDB reads"] == pytest.approx((742 + 15_000_000 / 4096) * 0.125e-6)


def test_rows_that_are_never_published_are_not_read_back() -> None:
    unpublished = Scenario(
        writes_per_month=1000,
        reads_per_month=0,
        publishes_per_month=0,
        projected_per_month=0,
        maintained_per_month=0,
    )
    assert bill(PRICES, unpublished, "sqlite-efs")["DynamoDB reads"] == pytest.approx(1000 * 0.125e-6)  # heads alone


def test_rows_are_read_again_on_ddb_at_most_once_a_read() -> None:
    rare = Scenario(reads_per_month=10, writes_per_month=1000, sandboxes=2, read_units=4)
    units = 1000 + 10 * 4 + 10 * 3  # each read finds the ledger grown; the head has been read for it already
    assert bill(PRICES, rare, "ddb")["DynamoDB reads"] == pytest.approx(units * 0.125e-6)


def test_an_answer_over_512_kb_counts_as_several_requests() -> None:
    large = Scenario(rows_per_read=1000, row_bytes=600, reads_per_month=1_000_000, writes_per_month=0)
    assert bill(PRICES, large, "ddb")["HTTP API"] == pytest.approx(2.0)  # 600 000 bytes are two times 524 288 begun


def test_traces_beyond_one_a_second_are_one_in_twenty() -> None:
    busy = Scenario(reads_per_month=10_000_000, writes_per_month=0, tracing=1)
    assert bill(PRICES, replace(busy, tracing=0), "ddb")["traces"] == 0
    assert bill(PRICES, busy, "ddb")["traces"] == pytest.approx((2_592_000 + 0.05 * 7_408_000) * 5e-6)  # 14.812


def test_each_function_has_its_traced_request_a_second() -> None:
    busy = Scenario(reads_per_month=2_000_000, writes_per_month=2_000_000, tracing=1)
    assert bill(PRICES, busy, "ddb")["traces"] == pytest.approx(4_000_000 * 5e-6)


def test_the_processors_have_a_price_each() -> None:
    arm, x86 = Scenario(), Scenario(architecture="x86")
    for source in SOURCES:
        assert bill(PRICES, x86, source)["Lambda time"] == pytest.approx(2 * bill(PRICES, arm, source)["Lambda time"])


def test_a_month_on_postgres_is_its_machine_its_feed_and_reads_that_take_no_units() -> None:
    quiet = Scenario(
        rows=1000,
        row_bytes=1024,
        rows_per_write=8,
        postgres=1,
        reads_per_month=2_000_000,
        writes_per_month=500,
        init_ms=100,
        ddb_first_ms=200,
        postgres_ms=5,
        postgres_first_ms=50,
        feed_ms=40,
        write_ms=20,
    )
    found = bill(PRICES, quiet, "postgres")
    # 500 writes and as many feeds, 720 rounds of maintenance, each with a sandbox of its own; 2,000 lives of readers.
    query_ms = 2_000_000 * 5 + 2000 * (100 + 50)
    append_ms = 500 * 20 + 50 * 300
    feed_ms = 1220 * 40 + (50 + 720) * 350
    assert found["Lambda requests"] == pytest.approx((2_000_500 + 1220) * 0.20e-6)
    assert found["Lambda time"] == pytest.approx((query_ms + append_ms + feed_ms) / 1000 * 0.00001)
    # The head before each write and in each run, and 4,000 new rows of 1 KiB, four a unit.
    assert found["DynamoDB reads"] == pytest.approx((500 + 1220 + 1000) * 0.125e-6)
    assert found["PostgreSQL"] == pytest.approx(720 * 0.016 + 20 * 0.10 + 0.40)
    assert all(found[line] == 0 for line in found if line.startswith("EFS"))
    for source in SOURCES:
        own = bill(PRICES, quiet, source)
        assert list(own) == list(found)
        assert own["PostgreSQL"] == 0


LESS_WITH_MORE = {"reads_per_sandbox", "writes_per_sandbox", "check_interval_ms"}
# The rows of a publish follow from these. What the merge rule writes of them falls where a size fits it better.
ROWS_OF_A_PUBLISH = ("writes_per_month", "rows_per_write", "publishes_per_month", "import_rows_per_s")
# A file beyond VERIFY_MAX_BYTES is not read in full: the bill falls there. Elsewhere it never does.
PROVEN_IN_FULL = st.just(2.0**60)


def numbers(name: str) -> st.SearchStrategy[float]:
    least, most = INPUTS[name].least, min(INPUTS[name].most, 1e7)
    return st.floats(least, most)


scenarios = st.builds(
    Scenario,
    verify_max_bytes=PROVEN_IN_FULL,
    postgres=st.just(1.0),
    **{name: numbers(name) for name in INPUTS if name not in ("verify_max_bytes", "snapshot_row_bytes", "postgres")},  # pyright: ignore[reportArgumentType]
)


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - {*ROWS_OF_A_PUBLISH, "postgres"}))
@settings(ALWAYS_THE_SAME, max_examples=30)
@given(scenarios, st.floats(1, 100), st.sampled_from(HOMES))
def test_more_of_anything_never_costs_less_but_of_what_spares_work(
    name: str, scenario: Scenario, factor: float, source: str
) -> None:
    low, high = scenario, vary(scenario, name, scenario.numbers()[name] * factor)
    if name in LESS_WITH_MORE and scenario.numbers()[name]:
        low, high = high, low
    if name == "check_interval_ms" and not scenario.check_interval_ms:
        return
    assert totals_usd(PRICES, low)[source] <= totals_usd(PRICES, high)[source] * (1 + 1e-12)


@pytest.mark.parametrize("name", ["writes_per_month", "rows_per_write"])
@ALWAYS_THE_SAME
@given(scenarios, st.floats(1, 100), st.sampled_from(HOMES))
def test_more_rows_a_publish_never_cost_a_third_less(name: str, scenario: Scenario, factor: float, source: str) -> None:
    more = vary(scenario, name, scenario.numbers()[name] * factor)
    assert totals_usd(PRICES, scenario)[source] * 2 / 3 <= totals_usd(PRICES, more)[source]


@ALWAYS_THE_SAME
@given(scenarios, st.floats(1, 100), st.sampled_from(["sqlite-efs", "sqlite-tmp"]))
def test_publishing_the_same_rows_more_often_never_writes_a_fifth_less(
    scenario: Scenario, factor: float, source: str
) -> None:
    """But each update is of fewer rows, so that the whole bill can fall."""
    more = replace(scenario, publishes_per_month=scenario.publishes * factor)
    once, often = (bill(PRICES, each, source)["EFS writes"] for each in (scenario, more))
    assert once * 4 / 5 <= often


def test_larger_inserts_that_publish_each_never_cost_a_tenth_less() -> None:
    totals = [totals_usd(PRICES, Scenario(rows_per_write=rows, writes_per_month=1e6)) for rows in range(1, 1001)]
    for source in SOURCES:
        highest_usd = 0.0
        for total in totals:
            highest_usd = max(highest_usd, total[source])
            assert total[source] >= highest_usd * 0.9


@ALWAYS_THE_SAME
@given(scenarios, st.sampled_from(sorted(named(PRICES))), st.floats(0, 100))
def test_a_bill_is_linear_in_each_price(scenario: Scenario, name: str, factor: float) -> None:
    known = named(PRICES)
    free = bills(replace_price(known, name, 0), scenario)
    once, often = bills(PRICES, scenario), bills(replace_price(known, name, known[name].usd * factor), scenario)
    for source in HOMES:
        for service, usd in once[source].items():
            least = free[source][service]
            assert often[source][service] == pytest.approx(least + (usd - least) * factor, rel=1e-9, abs=1e-12)


def replace_price(known: dict[str, Price], name: str, usd: float) -> Prices:
    return replace(PRICES, **{name: price(usd, known[name].per)})


@ALWAYS_THE_SAME
@given(scenarios, st.sampled_from(HOMES), st.floats(1, 1000))
def test_without_writes_and_below_one_a_second_a_bill_is_linear_in_reads(
    scenario: Scenario, source: str, factor: float
) -> None:
    quiet = replace(scenario, writes_per_month=0, publishes_per_month=0, check_interval_ms=0, edge=0, sessions=0)
    idle, once, often = (
        totals_usd(PRICES, vary(quiet, "reads_per_month", reads))[source] for reads in (0, 2000, 2000 * factor)
    )
    assert often - idle == pytest.approx((once - idle) * factor, rel=1e-6, abs=1e-9 + idle * 1e-12)


@ALWAYS_THE_SAME
@given(scenarios)
def test_every_line_of_a_bill_is_a_sum_of_money(scenario: Scenario) -> None:
    for lines in bills(PRICES, scenario).values():
        assert all(usd >= 0 and math.isfinite(usd) for usd in lines.values())


@ALWAYS_THE_SAME
@given(scenarios)
def test_all_paths_pay_the_same_for_the_ledger_s_writes_and_storage(scenario: Scenario) -> None:
    for service in ("DynamoDB writes", "DynamoDB storage", "DynamoDB recovery"):
        assert len({lines[service] for lines in bills(PRICES, scenario).values()}) == 1
