from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from console.errors import ConsoleError
from console.paths import PROGRAM
from console.report.side_by_side import PathTimes, path_times, sentence, times_table
from console.results.result import Measurement
from tests.support.costs import read
from tests.support.results import figures, size

FIRST = "first-in-sandbox"
EFS = PathTimes(
    "sqlite-efs", 2.0, 4.0, {"check": 0.5, "query": 1.0, "total": 1.5}, 40.0, {"open": 3.0, "total": 3.0}, 0
)
TMP = PathTimes(
    "sqlite-tmp", 1.0, 3.0, {"check": 0.25, "total": 0.25}, 50.0, {"copy": 9.0, "open": 1.0, "total": 10.0}, 2_500_000
)
DDB = PathTimes("ddb", 10.0, 30.0, {"query": 8.0, "total": 8.0}, 200.0, {"total": 8.0}, 0)


def measured(times: PathTimes) -> tuple[Measurement, Measurement]:
    """What a benchmark says of a path with these times."""
    warm = replace(figures(times.p50_ms), p99=times.p99_ms)
    consumed = {"init_ms": 80.0, "copied_bytes": float(times.copied_bytes)}
    return (
        read(times.source, warm, phases_ms=times.phases_ms),
        read(times.source, figures(times.first_ms), workload=FIRST, phases_ms=times.first_phases_ms, consumed=consumed),
    )


def test_a_path_has_the_benchmark_s_own_figures() -> None:
    every = [it for times in (EFS, TMP, DDB) for it in measured(times)]
    assert path_times(size(*every)) == [EFS, TMP, DDB]


@pytest.mark.parametrize(
    ("place", "change", "said"),
    [
        (0, {"errors": {"503": 2, "timeout": 1}}, "newest-100 on sqlite-efs failed: 503: 2, timeout: 1"),
        (3, {"client_ms": None, "note": "no request was answered"}, f"{FIRST} on sqlite-tmp failed: no request was"),
    ],
)
def test_where_reads_failed_there_is_nothing_to_compare(place: int, change: dict[str, object], said: str) -> None:
    every = [it for times in (EFS, TMP, DDB) for it in measured(times)]
    every[place] = replace(every[place], **change)
    with pytest.raises(ConsoleError, match=said) as error:
        path_times(size(*every))
    assert error.value.hint == f"{PROGRAM} demo"


def test_a_path_that_was_not_asked_is_not_compared() -> None:
    with pytest.raises(ConsoleError, match="newest-100 on sqlite-efs failed: it was never asked"):
        path_times(size())


def test_the_table_shows_every_phase_of_any_path() -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(times_table([EFS, TMP, DDB]).table())
    cells = [line.rsplit(None, 3) for line in capture.get().splitlines() if not line.startswith("─")]
    assert [(label.strip(), *rest) for label, *rest in cells] == [
        ("milliseconds", "sqlite-efs", "sqlite-tmp", "ddb"),
        ("warm read, p50", "2.00", "1.00", "10.0"),
        ("in the function: check", "0.500", "0.250", "-"),
        ("in the function: query", "1.00", "-", "8.00"),
        ("in the function: total", "1.50", "0.250", "8.00"),
        ("warm read, p99", "4.00", "3.00", "30.0"),
        ("first read in a new sandbox", "40.0", "50.0", "200"),
        ("in the function: copy", "-", "9.00", "-"),
        ("in the function: open", "3.00", "1.00", "-"),
        ("in the function: total", "3.00", "10.0", "8.00"),
        ("MB copied by the first read", "-", "2.50", "-"),
    ]


def test_the_sentence_says_what_was_measured() -> None:
    assert sentence([EFS, TMP, DDB]) == (
        "Warm, sqlite-tmp gives the newest 100 rows in 1.00 ms (p50); "
        "sqlite-efs takes 2.00 and ddb 10.0 times as long. "
        "The first read in a new sandbox is fastest on sqlite-efs, 40.0 ms; "
        "sqlite-tmp copies 2.50 MB before it answers."
    )
