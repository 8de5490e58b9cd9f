from __future__ import annotations

from dataclasses import replace

import pytest

from console.errors import ConsoleError
from console.paths import PROGRAM
from console.report.side_by_side import PathTimes, path_times, sentence
from console.results.result import Measurement
from tests.support.costs import read
from tests.support.results import figures, measurement, size

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
    with pytest.raises(ConsoleError, match="newest-100 on postgres failed: it was never asked"):
        path_times(size(measurement("first-in-sandbox", "postgres", temperature="cold")))


@pytest.mark.parametrize(("copied_bytes", "said"), [(2_500_000, "sqlite-tmp copies 2.50 MB"), (0, "nothing is copied")])
def test_the_sentence_compares_nothing_that_chance_decides(copied_bytes: int, said: str) -> None:
    assert sentence([EFS, replace(TMP, copied_bytes=copied_bytes), DDB]) == (
        "On this machine a warm read takes the function 1.50 ms on sqlite-efs and 0.250 ms on sqlite-tmp. "
        f"For the first read in a new sandbox {said}."
    )
