from __future__ import annotations

from dataclasses import replace

import pytest

from console.results.latency import Bounds
from console.results.result import Distribution, Measurement
from console.verdict.criteria import criteria
from console.wording import interval, three_digits
from tests.support.costs import read
from tests.support.results import figures, size


def asked(*measurements: Measurement) -> list[tuple[str, str]]:
    return [(it.answer, it.measured) for it in criteria(size(*measurements, rows=100_000))]


def copy(ms: float, read_ms: float = 40.0) -> Measurement:
    """A first read that a copy is a part of, known to a tenth."""
    server_ms = figures(read_ms)
    return read("sqlite-tmp", workload="first-in-sandbox", phases_ms={"copy": ms}, server_ms=server_ms)


def pair(efs: Distribution, tmp: Distribution) -> tuple[Measurement, Measurement]:
    return read("sqlite-efs", server_ms=efs), read("sqlite-tmp", server_ms=tmp)


def direct(interval: Bounds) -> tuple[str, str]:
    return asked(read("sqlite-efs", server_ms=bounded(20.0, interval)))[2]


def ratio(efs: Bounds, tmp: Bounds) -> tuple[str, str]:
    answer, said = asked(*pair(bounded(20.0, efs), bounded(1.0, tmp)))[1]
    return answer, said.split(",")[0]


def bounded(p50: float, interval: Bounds) -> Distribution:
    """A distribution whose p99 says the opposite: the lower the p50, the higher."""
    return replace(figures(p50), p50_interval=interval, p99=1000 / p50)


def test_nothing_measured_nothing_answered() -> None:
    assert asked() == [("not measured", "")] * 3
    assert (
        asked(read("sqlite-efs"), read("sqlite-tmp"), read("sqlite-tmp", workload="first-in-sandbox"))
        == [("not measured", "")] * 3
    )
    assert asked(*pair(figures(1.0), figures(0.0)))[1] == ("not measured", "")


@pytest.mark.parametrize(
    ("ms", "read_ms", "answer"),
    [(80.0, 90.0, "yes"), (80.0, 91.0, "not decided"), (250.0, 260.0, "not decided")],
)
def test_a_copy_is_under_the_limit_only_where_the_whole_read_with_its_interval_is(
    ms: float, read_ms: float, answer: str
) -> None:
    said = f"28.6 MB in {three_digits(ms)} ms (median), within a first read of {three_digits(read_ms)} ms "
    within = f"({interval(read_ms * 0.9, read_ms * 1.1)}, p50 in the function)"
    assert asked(copy(ms, read_ms))[0] == (answer, said + within)


def test_a_median_alone_decides_nothing() -> None:
    alone = replace(copy(15.0), server_ms=None)
    assert asked(alone)[0] == ("not decided", "28.6 MB in 15.0 ms (median), without an interval")


def test_few_requests_decide_nothing() -> None:
    few = [replace(it, requests=4) for it in (copy(15.0), *pair(figures(20.0), figures(1.0)))]
    assert asked(*few) == [
        ("not decided", "28.6 MB in 15.0 ms (median), too few requests to tell"),
        ("not decided", "20.0 times, 20.0 against 1.00 ms, p50 in the function; too few requests to tell"),
        ("not decided", "20.0 ms, p50 in the function; too few requests to tell"),
    ]


def test_an_interval_without_an_upper_end_decides_only_what_its_lower_end_does() -> None:
    assert direct((10.0, None)) == ("not decided", "20.0 ms (10.0 or more, p50 in the function)")
    assert direct((50.0, None)) == ("no", "20.0 ms (50.0 or more, p50 in the function)")
    assert ratio((10.0, None), (1.0, 1.0)) == ("yes", "20.0 times (10.0 or more)")
    assert ratio((10.0, 12.0), (0.0, 1.0)) == ("yes", "20.0 times (10.0 or more)")
    assert ratio((10.0, 12.0), (1.0, None)) == ("not decided", "20.0 times (0.00 to 12.0)")


def test_the_first_step_of_a_copy_is_not_the_copy() -> None:
    stepwise = replace(copy(15.0), consumed={"copied_bytes": 4_194_304.0})
    assert asked(stepwise)[0] == ("not measured", "so large a snapshot is copied in steps, and no read waits for all")
    whole = replace(copy(15.0), consumed={"copied_bytes": 28_600_000.0})
    assert asked(whole)[0] == (
        "yes",
        "28.6 MB in 15.0 ms (median), within a first read of 40.0 ms (36.0 to 44.0, p50 in the function)",
    )


@pytest.mark.parametrize(
    ("efs_ms", "answer", "said"),
    [
        (15.0, "yes", "15.0 times (12.3 to 18.3), 15.0 against 1.00 ms, p50 in the function"),
        (10.0, "not decided", "10.0 times (8.18 to 12.2), 10.0 against 1.00 ms, p50 in the function"),
        (8.0, "no", "8.00 times (6.55 to 9.78), 8.00 against 1.00 ms, p50 in the function"),
    ],
)
def test_ten_times_as_fast_only_where_the_whole_interval_says_so(efs_ms: float, answer: str, said: str) -> None:
    assert asked(*pair(figures(efs_ms), figures(1.0)))[1] == (answer, said)


@pytest.mark.parametrize(
    ("ms", "answer", "said"),
    [
        (40.0, "yes", "40.0 ms (36.0 to 44.0, p50 in the function)"),
        (50.0, "not decided", "50.0 ms (45.0 to 55.0, p50 in the function)"),
        (64.0, "no", "64.0 ms (57.6 to 70.4, p50 in the function)"),
    ],
)
def test_efs_directly_under_50_ms(ms: float, answer: str, said: str) -> None:
    assert asked(read("sqlite-efs", server_ms=figures(ms)))[2] == (answer, said)


def test_the_sentences() -> None:
    copied, faster, direct = criteria(size(copy(60.0), rows=100_000))
    assert copied.text(is_local=False) == (
        "Is a copy to /tmp made in under 100 ms? Yes: 28.6 MB in 60.0 ms (median), "
        "within a first read of 40.0 ms (36.0 to 44.0, p50 in the function)."
    )
    assert copied.text(is_local=True) == (
        "Is a copy to /tmp made in under 100 ms? Yes on this machine's disk, which is not EFS: "
        "28.6 MB in 60.0 ms (median), within a first read of 40.0 ms (36.0 to 44.0, p50 in the function)."
    )
    assert faster.text(is_local=True).endswith("10 times as fast as from EFS? Not measured.")
    assert direct.text(is_local=False) == "Does reading from EFS directly take under 50 ms? Not measured."
