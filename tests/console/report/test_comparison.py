from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from console.benchmark.figures import make_distribution
from console.errors import ConsoleError
from console.report.comparison import compare, differences, median_draws, nothing_to_compare, spread
from console.results.result import BenchResult, Distribution
from tests.support.results import measurement, sample_result, size


def around(p50: float) -> Distribution:
    return make_distribution([p50 * (0.9 + 0.002 * step) for step in range(101)])


def run(p50: float, rows: int = 1000) -> BenchResult:
    return sample_result(sizes=(size(measurement("stats", "ddb", client_ms=around(p50)), rows=rows),))


def test_a_ratio_comes_with_its_interval() -> None:
    (pair,) = compare(run(10.0), run(20.0))
    assert (pair.rows_before, pair.rows_after, pair.requests) == (1000, 1000, 300)
    assert (pair.p50_before, pair.p50_after) == (10.0, 20.0)
    low, high = pair.ratio_interval
    assert 1.9 < low < 2.0 < high < 2.1


def test_equal_runs_show_no_difference_and_comparing_again_gives_the_same() -> None:
    (pair,) = compare(run(10.0), run(10.0))
    assert pair.ratio_interval[0] < 1 < pair.ratio_interval[1]
    assert compare(run(10.0), run(10.0)) == [pair]


def test_only_what_both_have_measured_is_compared() -> None:
    assert compare(run(10.0), run(10.0, rows=2000)) == []
    other = sample_result(
        measurement("stats", "sqlite-efs"),
        measurement("walk", "ddb"),
        measurement("stats", "ddb", loop="open", rate_per_s=5.0),
        measurement("stats", "ddb", temperature="cold"),
    )
    assert compare(run(10.0), other) == []
    unknown = sample_result(measurement("stats", "ddb", note="none"))
    assert compare(unknown, run(10.0)) == compare(run(10.0), unknown) == []


@pytest.mark.parametrize(("rows", "count"), [(1001, 1), (1100, 1), (910, 1), (1101, 0), (909, 0)])
def test_a_stack_that_has_grown_by_up_to_a_tenth_is_compared_with_itself(rows: int, count: int) -> None:
    pairs = compare(run(10.0), run(20.0, rows))
    assert [(pair.rows_before, pair.rows_after) for pair in pairs] == [(1000, rows)] * count


def test_as_many_requests_count_as_the_run_with_fewer_has() -> None:
    few, many = (
        sample_result(replace(measurement("stats", "ddb", client_ms=around(10.0)), requests=count))
        for count in (4, 400)
    )
    for before, after in ((few, many), (many, few)):
        (pair,) = compare(before, after)
        assert pair.requests == 4


def test_of_sizes_that_are_alike_the_nearest_is_compared() -> None:
    near, far, other = (run(p50, rows).sizes[0] for p50, rows in ((30.0, 1010), (10.0, 950), (20.0, 5000)))
    for sizes in ((near, far, other), (other, far, near)):
        (pair,) = compare(sample_result(sizes=sizes), run(10.0))
        assert (pair.rows_before, pair.p50_before) == (1010, 30.0)


def test_why_there_is_nothing_to_compare_is_said() -> None:
    three = sample_result(sizes=tuple(run(10.0, rows).sizes[0] for rows in (1000, 20_000)))
    assert nothing_to_compare(three, run(10.0, 3000)) == (
        "The two runs have no size in common, within 10 %: 1,000 and 20,000 rows before, 3,000 after."
    )
    assert nothing_to_compare(run(10.0), replace(run(10.0), sizes=())).endswith("1,000 rows before, none after.")
    assert nothing_to_compare(run(10.0), sample_result(measurement("walk"))) == (
        "The two runs measured nothing alike: no workload on the same path."
    )


def test_a_histogram_that_cannot_be_read_is_an_error() -> None:
    broken = sample_result(measurement("stats", "ddb", client_ms=replace(around(1.0), histogram="x")))
    with pytest.raises(ConsoleError, match="histogram"):
        compare(broken, run(1.0))


def test_environments_differ_by_what_is_named() -> None:
    ours = sample_result().environment
    theirs = replace(ours, url="https://other.test", function=replace(ours.function, memory_mb=512))
    assert differences(ours, ours) == []
    assert differences(ours, theirs) == [
        "url https://api.test and https://other.test",
        "function.memory_mb 1024 and 512",
    ]


def test_a_local_stack_is_the_same_on_another_port() -> None:
    ours = replace(sample_result().environment, url="http://127.0.0.1:1", is_local=True)
    assert differences(ours, replace(ours, url="http://127.0.0.1:2")) == []
    assert len(differences(ours, sample_result().environment)) == 2


def test_equal_seeds_give_equal_draws_and_other_seeds_others() -> None:
    values = np.random.default_rng(2).exponential(size=50)
    assert list(median_draws(values, 3)) == list(median_draws(values, 3)) != list(median_draws(values, 4))


def test_draws_are_as_many_whether_they_fit_into_one_step_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert median_draws(values, 1).shape == (2000,)
    for chunk in (1, 3000):
        monkeypatch.setattr("console.report.comparison.CHUNK", chunk)
        draws = median_draws(values, 1)
        assert draws.shape == (2000,)
        assert set(draws) == {1.0, 2.0, 3.0, 4.0}  # a median is one of the values


def test_the_interval_leaves_the_outer_twentieth_out() -> None:
    assert spread(np.arange(1001.0)) == (25.0, 975.0)
