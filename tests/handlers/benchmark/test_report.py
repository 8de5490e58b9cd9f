from __future__ import annotations

import csv
import io

import pytest

from handlers.benchmark.report import COLUMNS, csv_of, report_of, trends_of
from handlers.benchmark.session import Benchmark, LaneFigures, LaneResult
from tests.handlers.benchmark.test_store import NOW_MS, benchmark_at


def result(workload: str, source: str, p50: float | None, p99: float = 2.0) -> LaneResult:
    figures = None if p50 is None else LaneFigures(p50=p50, p90=1.5, p99=p99, max=9.0, mean=1.25)
    errors = {"503": 2, "500": 1} if p50 is None else dict[str, int]()
    return LaneResult(
        workload=workload,
        source=source,
        requests=0 if p50 is None else 4,
        errors=errors,
        server_ms=figures,
        consumed={} if p50 is None else {"read_units": None, "efs_reads": 6, "efs_counted_by": "nfs", "billed_ms": 4},
    )


def benchmark(at_ms: int, *results: LaneResult, complete: bool = True) -> Benchmark:
    made = benchmark_at(NOW_MS + at_ms)
    made["results"] = list(results)
    made["complete"] = complete
    made["settings"]["workloads"] = ["by-id", "stats"]
    return made


SOME = (result("by-id", "sqlite-efs", 0.5), result("by-id", "ddb", 8.0), result("stats", "ddb", None))


def test_the_report_has_a_table_for_each_workload_and_names_the_environment() -> None:
    text = report_of(benchmark(0, *SOME))
    assert text.startswith(f"# Benchmark {NOW_MS}\n\n2027-01-15T08:00:00.000Z, 3 rows at bookmark 7.3; ")
    assert "in 0.0 s: complete." in text
    by_id, stats = text.index("## by-id"), text.index("## stats")
    row = "| sqlite-efs | 4 | 0 | 0.5 | 1.5 | 2.0 | 9.0 | 1.25 | efs_reads 1.5, billed_ms 1 |"
    assert by_id < text.index(row) < stats
    assert text.index("| ddb | 0 | 500: 1; 503: 2 | - | - | - | - | - | - |") > stats
    assert "| version | 1 |\n| region | - |\n" in text


def test_every_table_of_the_report_is_one() -> None:
    tables = [block for block in report_of(benchmark(0, *SOME)).split("\n\n") if block.startswith("|")]
    assert len(tables) == 3
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert set(table.splitlines()[1]) == set("| -")


def test_a_session_that_was_cut_short_says_so() -> None:
    assert "stopped early, for time." in report_of(benchmark(0, *SOME, complete=False))


def test_the_csv_has_a_line_for_each_result_and_nothing_where_nothing_was_measured() -> None:
    text = csv_of(benchmark(0, *SOME))
    assert text.count("\r\n") == 4
    header, *lines = csv.reader(io.StringIO(text))
    assert tuple(header) == COLUMNS
    first, _, last = (dict(zip(header, line, strict=True)) for line in lines)
    assert (first["workload"], first["source"], first["requests"], first["errors"]) == ("by-id", "sqlite-efs", "4", "0")
    assert [first[f"{name}_ms"] for name in ("p50", "p90", "p99", "max", "mean")] == [
        "0.5",
        "1.5",
        "2.0",
        "9.0",
        "1.25",
    ]
    assert (first["read_units"], first["efs_reads"], first["efs_counted_by"], first["billed_ms"]) == (
        "",
        "6",
        "nfs",
        "4",
    )
    assert (last["requests"], last["errors"], last["p50_ms"], last["billed_ms"]) == ("0", "3", "", "")


def test_trends_go_from_the_oldest_to_the_newest_with_the_change_against_the_one_before() -> None:
    newest = benchmark(3, result("by-id", "ddb", 9.0, 10.0))
    without = benchmark(2, result("by-id", "ddb", None), result("stats", "ddb", 1.0))
    oldest = benchmark(1, result("by-id", "ddb", 10.0, 8.0))
    by_id, stats = trends_of([newest, without, oldest])
    assert (by_id["workload"], by_id["source"]) == ("by-id", "ddb")
    first, last = by_id["points"]
    assert first == {
        "id": str(NOW_MS + 1),
        "started_at": "2027-01-15T08:00:00.000Z",
        "rows": 3,
        "p50_ms": 10.0,
        "p90_ms": 1.5,
        "p99_ms": 8.0,
        "p50_interval": None,
        "p99_interval": None,
        "p50_change": None,
        "p99_change": None,
    }
    assert (last["id"], last["p50_change"], last["p99_change"]) == (str(NOW_MS + 3), -0.1, 0.25)
    assert [point["p50_change"] for point in stats["points"]] == [None]


@pytest.mark.parametrize(
    "unlike",
    [{"rows": 4}, {"version": "2"}, {"memory_mb": 2048}, {"architecture": "aarch64"}, {"region": "eu-central-1"}],
)
def test_a_change_against_a_session_of_other_rows_or_another_environment_is_not_known(
    unlike: dict[str, object],
) -> None:
    first, second, third = (benchmark(at_ms, result("by-id", "ddb", 10.0)) for at_ms in (1, 2, 3))
    for changed in (second, third):
        changed["environment"] |= unlike
        changed["rows"] = 4 if "rows" in unlike else 3
    (trend,) = trends_of([third, second, first])
    assert [point["p50_change"] for point in trend["points"]] == [None, None, 0.0]
    assert [point["p99_change"] for point in trend["points"]] == [None, None, 0.0]


def test_another_python_or_sqlite_still_compares() -> None:
    first, second = (benchmark(at_ms, result("by-id", "ddb", 10.0)) for at_ms in (1, 2))
    second["environment"] |= {"python": "3.14.0", "sqlite": "3.50.0"}
    (trend,) = trends_of([second, first])
    assert trend["points"][1]["p50_change"] == 0.0


def test_a_trend_has_the_intervals_that_tell_a_change_from_noise() -> None:
    measured = benchmark(1, result("by-id", "ddb", 10.0))
    figures = measured["results"][0]["server_ms"]
    assert figures
    figures |= {"p50_interval": [9.0, 11.0], "p99_interval": [12.0, None]}
    (trend,) = trends_of([measured])
    assert (trend["points"][0]["p50_interval"], trend["points"][0]["p99_interval"]) == ([9.0, 11.0], [12.0, None])


def test_a_change_against_nothing_is_not_known() -> None:
    (trend,) = trends_of([benchmark(2, result("by-id", "ddb", 1.0)), benchmark(1, result("by-id", "ddb", 0.0))])
    assert trend["points"][1]["p50_change"] is None


def test_without_sessions_there_is_no_trend() -> None:
    assert trends_of([]) == []


def test_the_report_says_if_rows_came_in_meanwhile() -> None:
    made = benchmark(0, *SOME)
    assert "at the end" not in report_of(made)
    made["last_bookmark"] = "7.9"
    assert "3 rows at bookmark 7.3 (at the end 7.9); up to" in report_of(made)
