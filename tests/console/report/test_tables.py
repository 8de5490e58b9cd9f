from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from console.report.comparison import Compared
from console.report.tables import (
    TextTable,
    by_name,
    compared,
    details,
    glances,
    label,
    notes,
    verdicts,
)
from handlers.routes import SOURCES
from tests.support.results import figures, measurement, size

EFS = measurement("newest-100", "sqlite-efs", client_ms=figures(1.0))
TMP = measurement("newest-100", "sqlite-tmp", client_ms=figures(1.15))
DDB = measurement("newest-100", "ddb", client_ms=figures(12.5))


def test_a_table_is_markdown_and_a_table_for_the_terminal() -> None:
    table = TextTable(("what", "one", "two"), [("a", "1", "2"), ("b", "", "30")])
    assert table.markdown() == "| what | one | two |\n| --- | --: | --: |\n| a | 1 | 2 |\n| b |  | 30 |"
    console = Console(width=40)
    with console.capture() as capture:
        console.print(table.table())
    heading, _, *rows = (line.split() for line in capture.get().splitlines())
    assert (heading, rows) == (["what", "one", "two"], [["a", "1", "2"], ["b", "30"]])


def test_at_a_glance_each_workload_has_a_line_and_each_path_a_column() -> None:
    failed = measurement("stats", "ddb", note="no request was answered")
    (table,) = glances(size(EFS, DDB, measurement("stats", "sqlite-efs"), failed))
    assert table.header == ["ms: p50 [interval]", "sqlite-efs", "ddb"]
    assert table.rows == [
        ["newest-100", "1.00 [0.900..1.10]", "12.5 [11.2..13.8]"],
        ["stats", "1.00 [0.900..1.10]", "-"],
    ]


def test_writes_have_a_table_of_their_own() -> None:
    read, written = glances(size(EFS, measurement("write", "ledger")))
    assert (read.header[1:], [row[0] for row in read.rows]) == (["sqlite-efs"], ["newest-100"])
    assert (written.header[1:], written.rows) == (["ledger"], [["write", "1.00 [0.900..1.10]"]])


def test_at_a_glance_fits_100_columns() -> None:
    wide = replace(figures(1000.0), p50=0.111, p50_interval=(0.111, 0.222))
    few = replace(figures(1000.0), p50=1234.0, p50_interval=(0.0, None))
    sources = (*SOURCES, "ledger")
    every = [measurement("first-after-publish", source, client_ms=it) for it in (wide, few) for source in sources]
    console = Console(width=100, markup=False)
    with console.capture() as capture:
        for table in glances(size(*every[:4])) + glances(size(*every[4:])):
            console.print(table.table())
    shown = capture.get()
    assert len(shown.splitlines()) == 4 * 3
    assert shown.count("1,234 [too few requests]") == len(sources)


def test_the_details_have_every_figure() -> None:
    it = replace(DDB, errors={"503": 2, "timeout": 1}, server_ms=figures(10.0))
    table = details(size(it, measurement("stats", "ddb", note="none")))
    assert dict(zip(table.header, table.rows[0], strict=True)) == {
        "workload": "newest-100",
        "path": "ddb",
        "requests": "300",
        "errors": "503: 2, timeout: 1",
        "p50": "12.5",
        "p50 [95 % interval]": "[11.2..13.8]",
        "p99 [95 % interval]": "[33.8..41.3]",
        "p90": "25.0",
        "p99": "37.5",
        "max": "50.0",
        "mean": "13.8",
        "p50 in the function": "10.0",
        "p99 in the function": "30.0",
    }
    assert table.rows[1] == ["stats", "ddb", "300", "0", *"---------"]


def test_where_there_is_no_upper_bound_it_is_said() -> None:
    tail = replace(figures(10.0), p99_interval=(25.0, None))
    few = replace(figures(10.0), p50_interval=(0.0, None), p99_interval=(9.0, None))
    shown = [details(size(measurement(client_ms=it))).rows[0][7:9] for it in (tail, few)]
    assert shown == [["[9.00..11.0]", "[≥ 25.0]"], ["[too few requests]", "[≥ 9.00]"]]


def test_numbers_by_name_have_a_column_each() -> None:
    one = replace(EFS, consumed={"read_units": 0.0, "efs_reads": 1.5})
    other = replace(DDB, consumed={"read_units": 6.5})
    table = by_name(size(one, other, replace(TMP, consumed={})), "consumed")
    assert table is not None
    assert table.header == ["workload", "path", "read_units", "efs_reads"]
    assert table.rows == [["newest-100", "sqlite-efs", "0.00", "1.50"], ["newest-100", "ddb", "6.50", ""]]
    assert by_name(size(replace(EFS, consumed={})), "consumed") is None


def test_names_say_what_is_no_matter_of_course() -> None:
    assert label(EFS) == "newest-100"
    assert label(measurement("by-id", "ddb", loop="open", rate_per_s=20.0)) == "by-id at 20/s"
    assert label(measurement("by-id", "ddb", temperature="cold")) == "by-id (first in a sandbox)"
    assert label(measurement("first-in-sandbox", "ddb", temperature="cold")) == "first-in-sandbox"


def test_where_intervals_overlap_no_difference_is_shown() -> None:
    assert verdicts(size(EFS, TMP, DDB)) == [
        "newest-100: sqlite-efs 1.00 ms; sqlite-tmp: no difference shown; ddb: 12.5 times as long"
    ]


def test_the_fastest_is_so_by_the_median_whatever_the_99th_percentile_says() -> None:
    slow_tail = replace(figures(1.0), p99=900.0, p99_interval=(800.0, 1000.0))
    told_apart = replace(figures(2.0), p99_interval=slow_tail.p99_interval)
    assert verdicts(size(measurement(client_ms=slow_tail), measurement(source="ddb", client_ms=told_apart))) == [
        "newest-100: sqlite-efs 1.00 ms; ddb: 2.00 times as long"
    ]


def test_few_requests_show_nothing_however_far_apart_they_are() -> None:
    few = replace(DDB, requests=5)
    assert verdicts(size(EFS, few)) == ["newest-100: sqlite-efs 1.00 ms; ddb: too few requests to tell"]


def test_first_requests_of_sandboxes_are_left_out_at_a_glance() -> None:
    stray = measurement("newest-100", "ddb", temperature="cold")
    assert [row[0] for table in glances(size(EFS, stray)) for row in table.rows] == ["newest-100"]


def test_what_stands_alone_is_compared_with_nothing() -> None:
    failed = measurement("stats", "ddb", note="none")
    assert verdicts(size(measurement("write", "ledger"), failed, measurement("stats", "sqlite-efs"))) == []


def test_notes_name_the_workload_and_the_path() -> None:
    assert notes(size(EFS, measurement("walk", "ddb", note="7 of 30: 60 s were over"))) == [
        "walk, ddb: 7 of 30: 60 s were over"
    ]


def test_two_runs_side_by_side_show_a_ratio_or_no_difference() -> None:
    pairs = [Compared(1000, 1010, EFS, 9, 2.0, 1.0, (0.4, 0.6)), Compared(1000, 1010, DDB, 9, 12.0, 12.5, (0.99, 1.2))]
    pairs.append(Compared(1000, 1010, TMP, 5, 2.0, 1.0, (0.4, 0.6)))
    pairs += [Compared(1000, 1010, EFS, 9, 2.0, 1.9, interval) for interval in ((0.9, 1.0), (1.0, 1.1))]
    assert [row[2:] for row in compared(pairs).rows] == [
        ["1,000", "1,010", "2.00", "1.00", "0.500 [0.400..0.600]"],
        ["1,000", "1,010", "12.0", "12.5", "no difference shown"],
        ["1,000", "1,010", "2.00", "1.00", "too few requests to tell"],
        *[["1,000", "1,010", "2.00", "1.90", "no difference shown"]] * 2,
    ]
