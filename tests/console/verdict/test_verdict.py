from __future__ import annotations

from dataclasses import replace

import pytest

from console.results.latency import Latency
from console.results.result import BenchResult, Measurement
from console.verdict.inputs import Case
from console.verdict.verdict import LOCAL, Verdict, decide, recommend
from handlers.routes import SOURCES
from tests.support.costs import PRICE_LIST, read, result_of
from tests.support.results import figures

EFS, TMP, DDB = SOURCES
USD = {EFS: 2.00, TMP: 3.00, DDB: 4.00}


def around(p50: float, spread: float) -> Latency:
    return Latency.from_distribution(figures(p50, spread), 300)


def exact(p50: float, requests: int = 300) -> Latency:
    """A distribution known to a hundredth; its p99 is three times its p50."""
    return Latency.from_distribution(figures(p50, 0.01), requests)


def failed(measurement: Measurement, good: int, **errors: int) -> Measurement:
    return replace(measurement, requests=good, errors={name.strip("_"): count for name, count in errors.items()})


def decided(result: BenchResult, within_ms: float | None = None, **given: float) -> Verdict:
    size = result.sizes[0]
    return decide(Case.from_size(result, size, PRICE_LIST, given), within_ms)


def test_without_a_wish_the_cheapest_is_taken() -> None:
    latencies = {EFS: exact(9), TMP: exact(5), DDB: exact(1)}
    assert recommend(USD, latencies, None) == (EFS, None)


def test_with_a_wish_the_cheapest_that_is_shown_to_meet_it_is_taken() -> None:
    latencies = {EFS: exact(20), TMP: exact(10), DDB: exact(5)}  # p99: 60, 30, 15 ms
    assert recommend(USD, latencies, 100) == (EFS, True)
    assert recommend(USD, latencies, 40) == (TMP, True)
    assert recommend(USD, latencies, 20) == (DDB, True)
    assert recommend(USD, latencies, 30) == (DDB, True)  # tmp's p99 may lie above


def test_where_none_meets_it_the_lowest_p99_is_taken() -> None:
    assert recommend(USD, {EFS: exact(20), TMP: exact(10), DDB: exact(5)}, 1) == (DDB, False)


def test_where_none_meets_it_and_no_difference_is_shown_the_cheaper_is_taken() -> None:
    latencies = {EFS: exact(20), TMP: around(5.2, 0.1), DDB: around(5.0, 0.1)}
    assert recommend(USD, latencies, 1) == (TMP, False)


def test_where_bills_are_alike_the_faster_is_taken() -> None:
    latencies = {EFS: exact(9), TMP: exact(5), DDB: exact(1)}
    assert recommend({EFS: 2.00, TMP: 2.01, DDB: 2.05}, latencies, None) == (TMP, None)


def test_where_bills_are_alike_and_no_difference_is_shown_the_cheaper_is_taken() -> None:
    latencies = {EFS: around(9, 0.1), TMP: around(8.5, 0.1), DDB: exact(30)}
    assert recommend({EFS: 2.00, TMP: 2.01, DDB: 2.05}, latencies, None) == (EFS, None)


def test_a_path_that_was_not_measured_is_not_recommended_before_those_that_were() -> None:
    assert recommend(USD, {TMP: exact(5), DDB: exact(1)}, None) == (TMP, None)
    assert recommend(USD, {}, 10) == (EFS, None)


def test_few_requests_show_neither_that_a_wish_is_met_nor_that_a_path_is_faster_or_slower() -> None:
    latencies = {EFS: exact(9, requests=4), TMP: exact(5), DDB: exact(1)}
    assert recommend(USD, latencies, 100) == (TMP, True)
    assert recommend(USD, latencies, 1) == (EFS, False)  # not shown to be slower than ddb, and cheaper
    same_cost = {EFS: 2.00, TMP: 2.01, DDB: 2.01}
    assert recommend(same_cost, latencies, None) == (EFS, None)
    few: dict[str, Latency] = {source: exact(9, requests=4) for source in SOURCES}
    assert recommend(USD, few, None) == (EFS, None)


def test_a_p99_without_an_upper_end_meets_no_wish() -> None:
    open_ended = exact(9)._replace(p99_interval=(25.0, None))
    assert recommend(USD, {EFS: open_ended, TMP: exact(10)}, 1e9) == (TMP, True)


def test_a_path_that_fails_is_not_recommended() -> None:
    latencies = {TMP: exact(5), DDB: exact(1)}
    assert recommend(USD, latencies, None, [EFS]) == (TMP, None)
    assert recommend(USD, {}, None, [EFS]) == (TMP, None)
    assert recommend(USD, {DDB: exact(1)}, 20, [EFS, TMP]) == (DDB, True)
    assert recommend(USD, {}, 20, SOURCES) == (None, None)


@pytest.mark.parametrize("is_local", [True, False])
def test_a_path_of_which_more_than_one_in_a_hundred_failed_is_left_out_and_named(is_local: bool) -> None:
    failing = failed(read(EFS), 1, _503=295)
    found = decided(result_of(failing, read(TMP), read(DDB), is_local=is_local), reads_per_month=1e7)
    assert found.recommended == DDB
    assert "Left out, as more than 1 % of the requests failed: sqlite-efs, 295 of 296 (503: 295)." in found.paragraph
    assert "against sqlite-efs" not in found.paragraph


def test_a_path_of_which_no_request_was_answered_is_left_out() -> None:
    failing = replace(failed(read(EFS), 0, connection=3, timeout=2), client_ms=None)
    found = decided(result_of(failing, read(TMP), read(DDB)), reads_per_month=1e7)
    assert found.recommended == DDB
    assert "failed: sqlite-efs, 5 of 5 (connection: 3, timeout: 2)." in found.paragraph


def test_one_in_a_hundred_may_fail_and_is_said() -> None:
    at_most = failed(read(EFS), 297, _503=3)
    found = decided(result_of(at_most, read(TMP), read(DDB)), reads_per_month=1e7)
    assert found.recommended == EFS
    assert "Some requests failed, and their times are not counted: sqlite-efs, 3 of 300 (503: 3)." in found.paragraph
    assert "Left out" not in found.paragraph


def test_where_every_path_fails_none_is_recommended() -> None:
    found = decided(result_of(*(failed(read(source), 1, _500=1) for source in SOURCES)), 20)
    assert (found.recommended, found.meets) == (None, None)
    assert found.paragraph == (
        "For 100,000 rows, 1 million reads and 1,000 publishes a month: no path can be recommended. "
        "Left out, as more than 1 % of the requests failed: sqlite-efs, 1 of 2 (500: 1), sqlite-tmp, 1 of 2 (500: 1) "
        "and ddb, 1 of 2 (500: 1)."
    )


def test_the_verdict_in_words() -> None:
    found = decided(result_of(), reads_per_month=1e7, publishes_per_month=100)
    assert found.recommended == EFS
    assert found.paragraph == (
        "For 100,000 rows, 10 million reads and 100 publishes a month: read by sqlite-efs. "
        "It costs 14.99 USD a month, 8.08 less than sqlite-tmp and 5.21 less than ddb. "
        "Its p50 at the client is 12.0 ms (10.8 to 13.2), no difference shown against sqlite-tmp (9.00 to 11.0) "
        "and 8.00 ms faster than ddb. "
        "What would make ddb the cheapest: fewer than 605,000 reads a month (now 10 million)."
    )
    assert found.text().splitlines()[0] == found.paragraph
    assert len(found.text().splitlines()) == 4


def test_a_wish_is_answered() -> None:
    assert "Its p99, 36.0 ms (32.4 to 39.6), meets 40 ms." in decided(result_of(), 40, reads_per_month=1e7).paragraph
    unmet = decided(result_of(), 10)
    assert (unmet.recommended, unmet.meets) == (
        EFS,
        False,
    )  # the p99 of sqlite-tmp, 27 to 33 ms, is not shown to be lower
    assert (
        "No path is shown to meet 10 ms at p99; its p99, 36.0 ms (32.4 to 39.6), is not shown to be above the lowest."
        in unmet.paragraph
    )


def test_what_was_measured_on_this_machine_cannot_decide() -> None:
    slow = [read(source, server_ms=figures(ms, 0.01)) for source, ms in ((EFS, 0.1), (TMP, 0.1), (DDB, 36.0))]
    found = decided(result_of(*slow, is_local=True), 1, reads_per_month=1e5, writes_per_month=1e4)
    assert found.paragraph.startswith(LOCAL)
    assert (found.recommended, found.meets, found.is_local) == (DDB, None, True)  # by cost alone
    assert "Whether a path meets 1 ms on AWS was not measured; cost alone decides." in found.paragraph
    assert "Its p50 in the function is 36.0 ms" in found.paragraph
    assert "this machine's disk" in found.text()


def test_prices_of_another_region_are_said_to_be() -> None:
    usual = result_of()
    other = replace(usual.environment, function=replace(usual.environment.function, region="eu-central-1"))
    said = "These are prices of us-test-1, but the stack is in eu-central-1: use --prices."
    assert said in decided(replace(usual, environment=other)).paragraph
    assert "prices" not in decided(usual).paragraph
    assert "prices" not in decided(replace(usual, environment=replace(other, is_local=True))).paragraph
    unknown = replace(other, function=replace(other.function, region=None))
    assert "prices" not in decided(replace(usual, environment=unknown)).paragraph


def test_what_a_row_takes_is_said_to_be_assumed_where_snapshots_are_too_small_to_tell() -> None:
    said = "The snapshots are too small to tell what a row takes in one: 310 bytes are assumed."
    small = result_of(rows=300)
    assert said in decided(small).paragraph
    assert "too small" not in decided(small, snapshot_row_bytes=280.0).paragraph
    assert "too small" not in decided(result_of()).paragraph


def test_a_path_without_a_latency_is_said_to_have_none() -> None:
    nothing = result_of(read(EFS, workload="by-id"))
    assert "No latency of ddb was measured." in decided(nothing).paragraph


@pytest.mark.parametrize("is_local", [True, False])
def test_no_measurement_at_all_still_gives_a_verdict_by_cost(is_local: bool) -> None:
    empty = replace(result_of(is_local=is_local), sizes=(replace(result_of().sizes[0], measurements=()),))
    assert decided(empty, reads_per_month=1e5, writes_per_month=1e4).recommended == DDB
