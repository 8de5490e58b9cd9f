from __future__ import annotations

from dataclasses import replace

import pytest

from console.errors import ConsoleError
from console.results.result import BenchResult, FunctionBuild
from console.verdict.inputs import Case, MainWorkload, billed_ms, choose_size, data_values, measured_values
from tests.support.costs import PRICE_LIST, read, result_of
from tests.support.results import figures, measurement, sample_result, size

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

FIRST = "first-in-sandbox"
OPENED = {"efs_metered_bytes": 401_408.0, "efs_metadata_operations": 2.0}
MEASURED = [
    read("sqlite-efs", consumed={"billed_ms": 3.5, "efs_metered_bytes": 20_480.0, "efs_metadata_operations": 1.0}),
    read("sqlite-tmp", consumed={"billed_ms": 2.5}),
    read("ddb", consumed={"billed_ms": 9.0, "read_units": 3.5}),
    read(
        "sqlite-efs",
        workload=FIRST,
        consumed={"init_ms": 100.0, "efs_metered_bytes": 401_408.0, "efs_metadata_operations": 2.0},
    ),
    read("sqlite-tmp", workload=FIRST, consumed={"init_ms": 110.0}),
    read("ddb", workload=FIRST, consumed={"init_ms": 120.0, "billed_ms": 159.0}),
]


def values(result: BenchResult, workload: MainWorkload = "newest-100") -> dict[str, float | str]:
    chosen = choose_size(result.sizes, None)
    return measured_values(result.environment, result.sizes, chosen, workload, chosen.rows)


def test_what_was_measured_on_aws_takes_the_place_of_what_is_assumed() -> None:
    assert values(result_of(*MEASURED)) == {
        "rows": 100_000,
        "row_bytes": pytest.approx(286 / 2.7),
        "snapshot_row_bytes": 286,
        "rows_per_read": 100,
        "memory_mb": 1024,
        "architecture": "arm64",
        "sqlite_efs_ms": 3.5,
        "sqlite_tmp_ms": 2.5,
        "ddb_ms": 9.0,
        "init_ms": 110.0,
        "ddb_first_ms": 150.0,
        "read_units": 3.5,
        "efs_reads_per_read": 0.5,  # 20 480 metered, 4096 of it for the look: half of 32 KiB
        "cold_efs_reads": 12.0,  # 401 408 less 8 192
    }


def test_a_row_in_the_ledger_is_as_large_as_it_was_measured() -> None:
    small, large = (replace(size(rows=rows), row_bytes=200.0) for rows in (1000, 100_000))
    known = {"rows": 1000, "row_bytes": 200, "snapshot_row_bytes": 286}
    assert data_values([small], small, 1000) == known
    assert data_values([small], small, 5000) == {"rows": 1000, "row_bytes": 200}
    assert data_values([large], large, 5000) == known | {"rows": 100_000}


def test_what_was_measured_on_this_machine_tells_only_how_much_data_there_is() -> None:
    local = result_of(*MEASURED, is_local=True)
    known = {"rows": 100_000, "row_bytes": pytest.approx(286 / 2.7), "snapshot_row_bytes": 286, "rows_per_read": 100}
    assert values(local) == known


def test_what_a_small_file_read_in_full_takes_says_nothing_of_large_ones() -> None:
    assert "cold_efs_reads" not in values(result_of(*MEASURED, rows=10_000))


def test_what_was_not_measured_is_left_to_assumptions() -> None:
    bare = sample_result(sizes=(size(measurement("write", "ledger")),))
    function = FunctionBuild(memory_mb=None, architecture=None)
    unknown = replace(bare, environment=replace(bare.environment, function=function))
    assert values(unknown) == {"rows": 1000, "snapshot_row_bytes": 286, "rows_per_read": 100}


def of_sizes(*each: tuple[int, int], rows: float = 7.0) -> tuple[object, object]:
    """What a row takes in a snapshot and in the ledger, by sizes of (rows, bytes); the question is near the last."""
    sizes = tuple(replace(size(rows=rows), snapshot_bytes=size_bytes) for rows, size_bytes in each)
    known = measured_values(sample_result().environment, sizes, sizes[-1], "newest-100", rows)
    return known.get("snapshot_row_bytes"), known.get("row_bytes")


def test_a_row_takes_by_how_much_a_snapshot_grows_not_what_every_snapshot_has() -> None:
    expected = (275, pytest.approx(275 / 2.7))
    assert of_sizes((300, 114_688), (10_300, 2_864_688)) == expected
    assert of_sizes((10_300, 2_864_688), (5_000, 1_400_000), (300, 114_688)) == expected  # the smallest and the largest


def test_a_snapshot_that_was_measured_is_as_large_as_it_is() -> None:
    assert of_sizes((300, 114_688), (10_300, 2_864_688), rows=10_300) == (2_864_688 / 10_300, pytest.approx(275 / 2.7))
    assert of_sizes((300, 114_688), rows=300) == (114_688 / 300, None)


def test_one_size_tells_what_a_row_takes_only_if_it_is_large() -> None:
    assert of_sizes((4_000, 1_100_000)) == (275, pytest.approx(275 / 2.7))
    assert of_sizes((300, 114_688)) == (None, None)  # 382 bytes a row, most of the rest in pages that are always there
    assert of_sizes((4_000, 1_000_000)) == (None, None)


def test_sizes_that_lie_close_together_tell_no_growth() -> None:
    assert of_sizes((300, 114_688), (600, 200_000)) == (None, None)
    # the same rows twice: the one asked about
    assert of_sizes((4_000, 1_100_000), (4_000, 2_200_000)) == (550, pytest.approx(550 / 2.7))


@pytest.mark.parametrize("is_local", [True, False])
def test_the_room_for_copies_is_not_measured_but_given(is_local: bool) -> None:
    large = replace(size(rows=2_000_000), snapshot_bytes=572_000_000)
    there = replace(sample_result().environment, is_local=is_local)
    assert set(Case.from_sizes(there, (large,), PRICE_LIST, {}).study.cannot_run) == {"sqlite-tmp"}
    assert Case.from_sizes(there, (large,), PRICE_LIST, {"tmp_mb": 546.0}).study.cannot_run == {}


def test_a_first_use_is_never_faster_than_a_warm_one() -> None:
    slow = [read("ddb", consumed={"billed_ms": 9.0}), read("ddb", workload=FIRST, consumed={"billed_ms": 8.0})]
    assert values(result_of(*slow))["ddb_first_ms"] == 0
    assert "ddb_first_ms" not in values(result_of(slow[1]))


def test_a_result_with_postgresql_is_of_a_stack_that_has_it() -> None:
    reads = [
        read("postgres", consumed={"billed_ms": 4.0}),
        read("postgres", workload=FIRST, consumed={"init_ms": 300.0, "billed_ms": 44.0}),
    ]
    found = values(result_of(*MEASURED, *reads))
    assert (found["postgres"], found["postgres_ms"], found["postgres_first_ms"]) == (1.0, 4.0, 40.0)
    assert found["init_ms"] == 110  # that of the query function, which has no driver to load
    assert values(result_of(*reads, is_local=True))["postgres"] == 1.0
    assert "postgres" not in values(result_of(*MEASURED))


@pytest.mark.parametrize(("said", "meant"), [("arm64", "arm64"), ("aarch64", "arm64"), ("x86_64", "x86")])
def test_processors_have_several_names(said: str, meant: str) -> None:
    found = result_of()
    function = replace(found.environment.function, architecture=said)
    assert values(replace(found, environment=replace(found.environment, function=function)))["architecture"] == meant


@pytest.mark.parametrize(("workload", "rows"), [("newest-100", 100), ("by-id", 1), ("range", None)])
def test_a_workload_says_how_many_rows_an_answer_has(workload: MainWorkload, rows: float | None) -> None:
    assert values(result_of(), workload).get("rows_per_read") == rows


def test_lambda_bills_what_the_receipt_says_else_the_function_s_own_time() -> None:
    server_ms = figures(5.0)
    assert billed_ms(read("ddb", server_ms=server_ms, consumed={"billed_ms": 7.0})) == 7.0
    assert billed_ms(read("ddb", server_ms=server_ms)) == server_ms.mean
    assert billed_ms(read("ddb")) is None
    assert billed_ms(None) is None


def test_the_size_is_the_nearest_one_else_the_largest() -> None:
    sizes = tuple(size(rows=rows) for rows in (1000, 100_000, 10_000))
    assert [choose_size(sizes, rows).rows for rows in (None, 0.0, 3000.0, 4000.0, 1e9)] == [
        100_000, 1000, 1000, 10_000, 100_000,
    ]  # fmt: skip


def test_a_case_is_about_the_size_nearest_to_the_rows_that_are_given() -> None:
    found = sample_result(sizes=tuple(size(rows=rows) for rows in (1000, 100_000)))
    cases = [Case.from_sizes(found.environment, found.sizes, PRICE_LIST, given) for given in ({}, {"rows": 2000.0})]
    assert [(case.size.rows, case.study.assembled.scenario.rows) for case in cases] == [
        (100_000, 100_000),
        (1000, 2000),
    ]


def test_a_snapshot_of_other_rows_than_were_measured_is_not_that_of_the_measured() -> None:
    small = (replace(size(rows=300), snapshot_bytes=114_688),)
    origins = [
        Case.from_sizes(sample_result().environment, small, PRICE_LIST, given).study.assembled.origins
        for given in ({}, {"rows": 300.0}, {"rows": 600.0})
    ]
    assert [it["snapshot_row_bytes"] for it in origins] == ["measured", "measured", "assumed"]


def test_without_rows_there_is_nothing_to_say() -> None:
    with pytest.raises(ConsoleError, match="nothing was measured of any rows"):
        choose_size((size(rows=0),), None)
