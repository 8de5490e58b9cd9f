from __future__ import annotations

from dataclasses import replace

import pytest

from console.criteria import criteria
from console.result import Figures, Measurement
from tests.console.costs import read
from tests.console.results import figures, size


def asked(*measurements: Measurement) -> list[tuple[str, str]]:
    return [(it.answer, it.measured) for it in criteria(size(*measurements, rows=100_000))]


def copy(ms: float) -> Measurement:
    return read("sqlite-tmp", workload="first-in-sandbox", phases_ms={"copy": ms})


def pair(efs: Figures, tmp: Figures) -> tuple[Measurement, Measurement]:
    return read("sqlite-efs", server_ms=efs), read("sqlite-tmp", server_ms=tmp)


def test_nothing_measured_nothing_answered() -> None:
    assert asked() == [("not measured", "")] * 3
    assert (
        asked(read("sqlite-efs"), read("sqlite-tmp"), read("sqlite-tmp", workload="first-in-sandbox"))
        == [("not measured", "")] * 3
    )
    assert asked(*pair(figures(1.0), figures(0.0)))[1] == ("not measured", "")


@pytest.mark.parametrize(("ms", "answer"), [(99.9, "yes"), (100.0, "no"), (250.0, "no")])
def test_the_copy_is_the_middle_one_of_new_sandboxes(ms: float, answer: str) -> None:
    assert asked(copy(ms))[0] == (answer, f"28.6 MB in {ms:,.1f} ms (median)")


def test_the_first_step_of_a_copy_is_not_the_copy() -> None:
    stepwise = replace(copy(15.0), consumed={"copied_bytes": 4_194_304.0})
    assert asked(stepwise)[0] == ("not measured", "so large a snapshot is copied in steps, and no read waits for all")
    whole = replace(copy(15.0), consumed={"copied_bytes": 28_600_000.0})
    assert asked(whole)[0] == ("yes", "28.6 MB in 15.0 ms (median)")


@pytest.mark.parametrize(
    ("efs_ms", "answer", "said"),
    [
        (15.0, "yes", "15.0 times (12.3 to 18.3), 15.00 against 1.00 ms, p50 in the function"),
        (10.0, "not decided", "10.0 times (8.2 to 12.2), 10.00 against 1.00 ms, p50 in the function"),
        (8.0, "no", "8.0 times (6.5 to 9.8), 8.00 against 1.00 ms, p50 in the function"),
    ],
)
def test_ten_times_as_fast_only_where_the_whole_interval_says_so(efs_ms: float, answer: str, said: str) -> None:
    assert asked(*pair(figures(efs_ms), figures(1.0)))[1] == (answer, said)


@pytest.mark.parametrize(
    ("ms", "answer", "said"),
    [
        (40.0, "yes", "40.00 ms (36.00 to 44.00, p50 in the function)"),
        (50.0, "not decided", "50.00 ms (45.00 to 55.00, p50 in the function)"),
        (64.0, "no", "64.00 ms (57.60 to 70.40, p50 in the function)"),
    ],
)
def test_efs_directly_under_50_ms(ms: float, answer: str, said: str) -> None:
    assert asked(read("sqlite-efs", server_ms=figures(ms)))[2] == (answer, said)


def test_the_sentences() -> None:
    copied, faster, direct = criteria(size(copy(60.0), rows=100_000))
    assert copied.text(is_local=False) == ("Is a copy to /tmp made in under 100 ms? Yes: 28.6 MB in 60.0 ms (median).")
    assert copied.text(is_local=True) == (
        "Is a copy to /tmp made in under 100 ms? Yes on this machine's disk, which is not EFS: "
        "28.6 MB in 60.0 ms (median)."
    )
    assert faster.text(is_local=True).endswith("10 times as fast as from EFS? Not measured.")
    assert direct.text(is_local=False) == "Does reading from EFS directly take under 50 ms? Not measured."
