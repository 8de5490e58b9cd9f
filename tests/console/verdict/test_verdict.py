from __future__ import annotations

from dataclasses import replace

import pytest

from console.costs import prices
from console.results.result import BenchResult, Measurement
from console.verdict.inputs import Case
from console.verdict.verdict import Verdict, advise, decide
from console.verdict.words import LOCAL
from handlers.routes import SOURCES
from tests.support.costs import PRICE_LIST, read, result_of
from tests.support.results import figures

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

EFS, TMP, DDB = SOURCES


def failed(measurement: Measurement, good: int, **errors: int) -> Measurement:
    return replace(measurement, requests=good, errors={name.strip("_"): count for name, count in errors.items()})


def decided(result: BenchResult, within_ms: float | None = None, **given: float) -> Verdict:
    return decide(Case.from_sizes(result.environment, result.sizes, PRICE_LIST, given), within_ms)


@pytest.mark.parametrize("is_local", [True, False])
def test_a_path_of_which_more_than_one_in_a_hundred_failed_is_left_out_and_named(is_local: bool) -> None:
    failing = failed(read(EFS), 1, _503=295)
    found = decided(result_of(failing, read(TMP), read(DDB), is_local=is_local), reads_per_month=1e7)
    assert found.recommended == DDB
    assert "Left out, as more than 1 % of the requests failed: sqlite-efs, 295 of 296 (503: 295)." in found.paragraph
    assert found.paragraph.count(EFS) == 1  # not compared with, in cost or speed


def test_a_path_of_which_no_request_was_answered_is_left_out() -> None:
    failing = replace(failed(read(EFS), 0, connection=3, timeout=2), client_ms=None)
    found = decided(result_of(failing, read(TMP), read(DDB)), reads_per_month=1e7)
    assert found.recommended == DDB
    assert "failed: sqlite-efs, 5 of 5 (connection: 3, timeout: 2)." in found.paragraph


def test_one_in_a_hundred_may_fail_and_is_said() -> None:
    at_most = failed(read(EFS), 297, _503=3)
    found = decided(result_of(at_most, read(TMP), read(DDB)), reads_per_month=1e7, publishes_per_month=100)
    assert found.recommended == EFS
    assert "Some requests failed, and their times are not counted: sqlite-efs, 3 of 300 (503: 3)." in found.paragraph
    assert "Left out" not in found.paragraph


@pytest.mark.parametrize("within_ms", [None, 20])
def test_where_every_path_fails_none_is_recommended(within_ms: float | None) -> None:
    found = decided(result_of(*(failed(read(source), 1, _500=1) for source in SOURCES)), within_ms)
    assert (found.recommended, found.nearest) == (None, None)
    assert found.paragraph == (
        "For 100,000 rows, 1 million reads and 1,000 publishes a month: no path can be recommended. "
        "Left out, as more than 1 % of the requests failed: sqlite-efs, 1 of 2 (500: 1), sqlite-tmp, 1 of 2 (500: 1) "
        "and ddb, 1 of 2 (500: 1)."
    )


def test_where_cost_decides_its_price_in_milliseconds_is_said() -> None:
    found = decided(
        result_of(read(EFS), read(TMP), read(DDB, figures(5.0))), reads_per_month=1e7, publishes_per_month=100
    )
    assert (found.recommended, found.decided_by) == (EFS, "cost")
    assert found.paragraph == (
        "For 100,000 rows, 10 million reads and 100 publishes a month: read by sqlite-efs. "
        "It costs 14.72 USD a month, 8.00 less than sqlite-tmp and 5.48 less than ddb, so cost decides. "
        "A typical read (p50) takes 12.0 ms at the client, with no difference shown to sqlite-tmp and 7.00 more than "
        "on ddb. What would make ddb the cheapest: fewer than 19.5 reads in a sandbox's life (now 1,000)."
    )
    assert found.text().splitlines()[0] == found.paragraph
    assert len(found.text().splitlines()) == 4


def test_where_bills_are_about_the_same_latency_decides() -> None:
    found = decided(result_of(read(EFS), read(TMP, figures(2.0)), read(DDB)), publishes_per_month=0)
    assert (found.recommended, found.decided_by) == (TMP, "latency")
    assert found.paragraph == (
        "For 100,000 rows, 1 million reads and 0 publishes a month: read by sqlite-tmp. "
        "It costs 2.38 USD a month, with no real difference to sqlite-efs (1.58) and ddb (2.04), so latency decides. "
        "A typical read (p50) takes 2.00 ms at the client, 10.0 less than on sqlite-efs and 18.0 less than on ddb."
    )


def test_a_wish_is_answered() -> None:
    found = decided(result_of(), 40, reads_per_month=1e7, publishes_per_month=100)
    assert found.recommended == EFS
    assert "Its p99, 36.0 ms (32.4 to 39.6), is within 40 ms; not shown to be: ddb (60.0 ms (54.0 to 66.0))." in (
        found.paragraph
    )
    assert "than ddb" not in found.paragraph  # it is out of question
    assert "is within 70 ms." in decided(result_of(), 70).paragraph


def test_a_wish_that_nothing_meets_recommends_nothing_and_names_the_nearest() -> None:
    found = decided(result_of(), 10, reads_per_month=1e7)
    assert (found.recommended, found.nearest) == (None, TMP)
    assert found.paragraph == (
        "For 100,000 rows, 10 million reads and 1,000 publishes a month: no path can be recommended. "
        "None is shown to be within 10 ms at p99: the nearest is sqlite-tmp with 30.0 ms (27.0 to 33.0) at the client."
    )


def test_times_of_the_emulator_decide_nothing() -> None:
    quick = [read(source, server_ms=figures(ms, 0.01)) for source, ms in ((EFS, 0.3), (TMP, 0.1), (DDB, 0.001))]
    found = decided(result_of(*quick, is_local=True), publishes_per_month=0)
    assert (found.recommended, found.decided_by, found.is_local) == (TMP, "latency", True)
    assert "read by sqlite-tmp, as far as this machine can tell. " in found.paragraph
    assert "takes 0.100 ms in the function, 0.200 less than on sqlite-efs. " in found.paragraph
    assert found.paragraph.endswith(LOCAL)
    assert "this machine's disk" in found.text()


def test_ddb_is_recommended_on_this_machine_only_where_it_is_really_cheaper() -> None:
    slow = [read(source, server_ms=figures(ms, 0.01)) for source, ms in ((EFS, 0.1), (TMP, 0.1), (DDB, 36.0))]
    found = decided(result_of(*slow, is_local=True), reads_per_month=1e5, writes_per_month=2e5)
    assert (found.recommended, found.decided_by) == (DDB, "cost")
    assert "36.0" not in found.paragraph
    assert "typical read" not in found.paragraph
    hardly = decided(result_of(*slow, is_local=True), reads_per_month=1e5, writes_per_month=9e4)  # by 0.84 USD
    assert (hardly.recommended, hardly.decided_by) == (EFS, None)


def test_nothing_measured_on_this_machine_shows_that_a_wish_is_met_on_aws() -> None:
    quick = [read(source, server_ms=figures(ms, 0.01)) for source, ms in ((EFS, 0.3), (TMP, 0.1), (DDB, 0.001))]
    found = decided(result_of(*quick, is_local=True), 100)
    assert (found.recommended, found.nearest) == (None, TMP)
    assert (
        "Measured on this machine, which shows nothing about a latency on AWS (here in the function: 0.300 ms on "
        "sqlite-tmp). Measure there, or leave out --within-ms." in found.paragraph
    )
    assert "nearest" not in found.paragraph


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
    said = "The snapshots are too small to tell what a row takes: 115 bytes in the ledger are assumed."
    small = result_of(rows=300)
    assert said in decided(small).paragraph
    assert "too small" not in decided(small, row_bytes=200.0).paragraph
    assert "too small" not in decided(result_of()).paragraph


def test_a_path_that_cannot_run_is_not_recommended_and_its_reason_said() -> None:
    load = {"rows": 5e6, "reads_per_month": 1e9, "writes_per_month": 0.0}
    uncopied = decided(result_of(), **load)
    assert (uncopied.recommended, uncopied.decided_by) == (EFS, "cost")
    assert "sqlite-tmp cannot run: a copy of 1,430 MB does not fit in 512 MB" in uncopied.paragraph
    assert uncopied.paragraph.count(TMP) == 1
    assert "cannot run" not in decided(result_of(), **load, tmp_mb=2048.0).paragraph
    unbuilt = decided(result_of(), **load, snapshot_row_bytes=3000.0)
    assert (unbuilt.recommended, unbuilt.decided_by) == (DDB, None)
    assert "sqlite-efs and sqlite-tmp cannot run: a segment of 750 MB cannot be built" in unbuilt.paragraph
    assert unbuilt.paragraph.count(EFS) == 1


def test_a_path_without_a_latency_is_said_to_have_none() -> None:
    nothing = result_of(read(EFS, workload="by-id"))
    assert "No latency of sqlite-efs was measured." in decided(nothing, publishes_per_month=0).paragraph
    assert "None is shown to be within 5 ms at p99: no latency was measured." in decided(nothing, 5).paragraph
    half = decided(result_of(read(EFS), read(TMP)), 40, publishes_per_month=0)
    assert "is within 40 ms; not shown to be: ddb (not measured)." in half.paragraph


@pytest.mark.parametrize("is_local", [True, False])
def test_no_measurement_at_all_still_gives_a_verdict_by_cost(is_local: bool) -> None:
    empty = replace(result_of(is_local=is_local), sizes=(replace(result_of().sizes[0], measurements=()),))
    assert decided(empty, reads_per_month=1e5, writes_per_month=1e4).recommended == DDB


def test_the_usual_load_needs_nothing_but_what_was_measured() -> None:
    found = result_of()
    case = Case.from_sizes(found.environment, found.sizes, prices.load(), {})
    assert advise(found.environment, found.sizes) == decide(case)
    assert advise(found.environment, found.sizes).content()["text"] == decide(case).text()


def test_where_there_is_nothing_to_say_that_is_said() -> None:
    found = advise(result_of(is_local=True).environment, ())
    assert found.paragraph == "No path can be recommended: nothing was measured of any rows."
    assert (found.recommended, found.is_local, found.criteria) == (None, True, [])
