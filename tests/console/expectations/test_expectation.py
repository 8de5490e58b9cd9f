from __future__ import annotations

from dataclasses import replace

import pytest

from console.expectations.expectation import Expectation, TimePart, expect
from console.expectations.latencies import LatencyFigure, LatencyFigures, LatencyList
from console.results.result import Environment, Workload
from tests.support.costs import read, result_of
from tests.support.results import figures, size

pytestmark = pytest.mark.usefixtures("rows_as_shipped")


def figure(low: float, typical: float, slow: float) -> LatencyFigure:
    return LatencyFigure(low, typical, slow, "ms", "a page", "https://latencies.test/", "as it says")


LATENCIES = LatencyFigures(
    gateway=figure(1, 2, 4),
    sandbox_start=figure(100, 200, 400),
    efs_round_trip=figure(0.5, 1, 2),
    efs_transfer=figure(1, 4, 8),
    dynamodb_round_trip=figure(2, 4, 16),
    database_round_trip=figure(0.5, 1, 3),
    database_connection=figure(10, 20, 100),
    driver_first_use=figure(100, 110, 120),
    sdk_read=figure(1, 2, 4),
    sdk_first_use=figure(50, 60, 80),
    function_speed=figure(1, 1, 2),
)
OPENED = {"efs_metadata_operations": 2.0, "efs_reads": 1.0, "efs_bytes": 524_288.0}
OWN_MS = replace(figures(3.0), p99=5.0, p50_interval=(2.0, 4.0))


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.expectations.expectation.latencies", lambda: LatencyList("2026-01-02", LATENCIES))


def environment(*, is_local: bool) -> Environment:
    return result_of(is_local=is_local).environment


def own() -> TimePart:
    return TimePart("function", 1, 2, 3, 10)


@pytest.mark.parametrize(
    ("workload", "parts"),
    [
        ("newest-100", (TimePart("PostgreSQL round trips", 1, 0.5, 1, 6), own())),
        ("first-after-publish", (TimePart("PostgreSQL round trips", 2, 1, 2, 6), own())),
        (
            "first-in-sandbox",
            (
                TimePart("sandbox start", 1, 100, 200, 400),
                TimePart("connections to PostgreSQL", 1, 10, 20, 100),
                TimePart("PostgreSQL round trips", 2, 1, 2, 6),
                own(),
                TimePart("loading psycopg", 1, 100, 110, 240),
            ),
        ),
    ],
    ids=["warm", "after a publish", "new sandbox"],
)
def test_a_read_of_postgresql_waits_for_it_and_first_for_a_connection(
    workload: Workload, parts: tuple[TimePart, ...]
) -> None:
    it = read("postgres", workload=workload, server_ms=OWN_MS, consumed={"database_rows": 100.0})
    (found,) = expect(environment(is_local=True), size(it))
    assert (found.source, found.parts[1:]) == ("postgres", parts)


def test_a_first_read_adds_up_all_that_it_waits_for() -> None:
    it = read("sqlite-efs", workload="first-in-sandbox", server_ms=OWN_MS, consumed=OPENED)
    parts = (
        TimePart("HTTP API", 1, 1, 2, 4),
        TimePart("sandbox start", 1, 100, 200, 400),
        TimePart("EFS round trips", 5, 2.5, 5, 10),
        TimePart("MiB from EFS", 0.5, 0.5, 2, 4),
        own(),
    )
    assert expect(environment(is_local=True), size(it)) == [
        Expectation("sqlite-efs", "first-in-sandbox", False, 106, 212, 428, parts)
    ]


def test_a_warm_read_looks_for_a_newer_snapshot_now_and_then_and_the_slow_one_does() -> None:
    it = read("sqlite-tmp", server_ms=OWN_MS, consumed={"efs_metadata_operations": 0.25})
    (found,) = expect(environment(is_local=True), size(it))
    assert found.parts == (TimePart("HTTP API", 1, 1, 2, 4), TimePart("EFS round trips", 0.25, 0.125, 0.25, 2), own())
    assert (found.low_ms, found.p50_ms, found.slow_ms) == (3.125, 5.25, 16)


@pytest.mark.parametrize(
    ("workload", "trips", "loading", "p50_ms"),
    [
        ("newest-100", TimePart("", 1, 2, 4, 16), (), 8.0),
        ("first-after-publish", TimePart("", 2, 4, 8, 32), (), 12.0),
        (
            "first-in-sandbox",
            TimePart("", 2, 4, 8, 32),
            (TimePart("sandbox start", 1, 100, 200, 400), TimePart("loading boto3", 1, 50, 60, 160)),
            272.0,
        ),
    ],
)
def test_of_ddb_nothing_counts_that_an_emulator_took(
    workload: str, trips: TimePart, loading: tuple[TimePart, ...], p50_ms: float
) -> None:
    it = replace(read("ddb", server_ms=figures(1000.0)), workload=workload)
    if workload == "first-in-sandbox":
        it = replace(it, temperature="cold")
    (found,) = expect(environment(is_local=True), size(it))
    waits = trips._replace(name="DynamoDB round trips, 2 calls of 4 units")
    expected = (TimePart("HTTP API", 1, 1, 2, 4), *loading[:1], waits, *loading[1:], TimePart("boto3", 1, 1, 2, 8))
    assert found.parts == expected
    assert found.p50_ms == p50_ms


def test_what_was_measured_on_aws_takes_the_model_s_place() -> None:
    slow = replace(figures(20.0), p99=80.0, p50_interval=(18.0, 22.0))
    found = expect(environment(is_local=False), size(read("ddb", slow, server_ms=OWN_MS)))
    assert found == [Expectation("ddb", "newest-100", True, 18, 20, 80)]


def test_what_was_not_asked_or_not_answered_is_left_out() -> None:
    assert expect(environment(is_local=True), size(read("sqlite-efs"))) == []  # the function's own time is not known
    failed = replace(read("sqlite-efs", server_ms=OWN_MS), client_ms=None)
    assert expect(environment(is_local=False), size(failed)) == []


def test_cases_follow_each_other_and_paths_within_them() -> None:
    measured = [read(source, server_ms=OWN_MS) for source in ("ddb", "sqlite-tmp", "sqlite-efs")]
    measured += [read("sqlite-tmp", server_ms=OWN_MS, workload="first-in-sandbox")]
    found = expect(environment(is_local=True), size(*measured))
    assert [(it.case, it.source) for it in found] == [
        *(("newest-100", source) for source in ("sqlite-efs", "sqlite-tmp", "ddb")),
        ("first-in-sandbox", "sqlite-tmp"),
    ]
