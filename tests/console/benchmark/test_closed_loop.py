from __future__ import annotations

from collections import Counter
from itertools import permutations, product

import pytest

from console.benchmark.closed_loop import FAILURES, LEAST, ClosedLoop, Rounds, turns
from console.benchmark.probe import CONNECTION
from console.benchmark.samples import Sample

NEVER_S = 1e9


def sample(error: str | None = None, at_s: float = 0.0) -> Sample:
    return Sample(at_s, 1.0, error, 1, {} if error else {"total": 0.5}, {})


def test_every_order_has_its_turn() -> None:
    taken = list(turns("abc", 12))
    rounds = [tuple(source for number, source in taken if number == each) for each in range(12)]
    assert rounds[:6] == list(permutations("abc"))
    assert rounds[6:] == rounds[:6]


def test_warm_ups_are_carried_out_and_left_out() -> None:
    asked: list[tuple[str, int]] = []
    kept: list[str] = []

    def take(source: str, number: int) -> Sample:
        asked.append((source, number))
        return sample()

    loop = ClosedLoop("ab", take, lambda source, _: kept.append(source))
    loop.run(Rounds(2, 3, NEVER_S))
    assert Counter(asked) == Counter(product("ab", range(5)))
    assert Counter(kept) == {"a": 3, "b": 3}
    assert loop.notes == {}


def test_a_path_that_takes_too_long_is_left_there_after_a_few_and_the_others_go_on() -> None:
    now_s = 0.0

    def take(source: str, _: int) -> Sample:
        nonlocal now_s
        now_s += 10.0 if source == "slow" else 0.001
        return sample()

    kept: Counter[str] = Counter()
    loop = ClosedLoop(["slow", "fast"], take, lambda source, _: kept.update([source]), lambda: now_s)
    loop.run(Rounds(0, 300, 60.0))
    assert kept == {"slow": 7, "fast": 300}  # six take 60 s, which is not yet more than 60
    assert loop.notes == {"slow": "7 of 300: 60 s were over"}


def test_however_slow_each_path_is_asked_a_few_times() -> None:
    now_s = 0.0

    def take(_: str, __: int) -> Sample:
        nonlocal now_s
        now_s += 100.0
        return sample()

    kept: list[str] = []
    loop = ClosedLoop("a", take, lambda source, _: kept.append(source), lambda: now_s)
    loop.run(Rounds(1, 20, 60.0))
    assert len(kept) == LEAST


def test_a_path_that_only_fails_is_given_up() -> None:
    kept: list[Sample] = []
    loop = ClosedLoop("a", lambda _, __: sample(CONNECTION), lambda _, each: kept.append(each))
    loop.run(Rounds(0, 300, NEVER_S))
    assert len(kept) == FAILURES
    assert loop.notes == {"a": "given up after 10 failures in a row"}


def test_failures_in_between_are_counted_and_no_reason_to_give_up() -> None:
    kept: list[Sample] = []
    loop = ClosedLoop("a", lambda _, number: sample("503" if number % 2 else None), lambda _, each: kept.append(each))
    loop.run(Rounds(0, 40, NEVER_S))
    assert sum(each.error == "503" for each in kept) == 20
    assert loop.notes == {}


@pytest.mark.parametrize("iterations", [LEAST, FAILURES])
def test_what_came_to_its_end_needs_no_note(iterations: int) -> None:
    clock = iter(range(0, 10**6, 1000))
    loop = ClosedLoop("a", lambda _, __: sample(), lambda _, __: None, lambda: next(clock))
    loop.run(Rounds(0, iterations, 1.0))
    assert loop.notes == ({} if iterations == LEAST else {"a": "5 of 10: 1 s were over"})
    loop = ClosedLoop("a", lambda _, __: sample("503"), lambda _, __: None)
    loop.run(Rounds(0, iterations, NEVER_S))
    assert loop.notes == {}


def test_warm_ups_that_fail_are_kept_as_errors_and_count_in_a_row() -> None:
    kept: list[Sample] = []
    loop = ClosedLoop("a", lambda _, __: sample("503"), lambda _, each: kept.append(each))
    loop.run(Rounds(7, 300, NEVER_S))
    assert [each.error for each in kept] == ["503"] * FAILURES
    assert loop.notes == {"a": "given up after 10 failures in a row"}


def test_warm_ups_that_fail_in_between_are_errors_and_the_rest_goes_on() -> None:
    kept: list[Sample] = []
    loop = ClosedLoop("a", lambda _, number: sample("503" if number < 2 else None), lambda _, it: kept.append(it))
    loop.run(Rounds(4, 6, NEVER_S))
    assert [each.error for each in kept] == ["503"] * 2 + [None] * 6
    assert loop.notes == {}


@pytest.mark.parametrize(("warm_ups", "counted"), [(20, 0), (1, 1)])
def test_the_time_limit_holds_for_failures_however_few_there_are(warm_ups: int, counted: int) -> None:
    now_s = 0.0

    def take(_: str, __: int) -> Sample:
        nonlocal now_s
        now_s += 35.0
        return sample("timeout")

    kept: list[Sample] = []
    loop = ClosedLoop("a", take, lambda _, each: kept.append(each), lambda: now_s)
    loop.run(Rounds(warm_ups, 300, 60.0))
    assert len(kept) == 2
    assert loop.notes == {"a": f"{counted} of 300: 60 s were over"}
