from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.numbers import is_storable
from handlers.domain.stats import Stats
from tests.support.files import make_row

values = st.floats(allow_nan=False, allow_infinity=False).filter(is_storable).map(lambda value: value + 0.0)


@given(st.lists(st.lists(values, max_size=8), max_size=6))
def test_statistics_are_those_of_all_rows_whatever_the_split(parts: list[list[float]]) -> None:
    stats = Stats()
    everything = [value for part in parts for value in part]
    times = [make_row(seq)[-1] for seq in range(len(everything))]
    start = 0
    for part in parts:
        end = start + len(part)
        stats = Stats.from_text(stats.plus(part, times[start:end]).to_text())
        start = end
    assert stats.to_text() == Stats().plus(everything, times).to_text()
    assert stats.answer() == {
        "count": len(everything),
        "min": min(everything, default=None),
        "max": max(everything, default=None),
        "avg": math.fsum(everything) / len(everything) if everything else None,
        "first_created_at": min(times, default=None),
        "last_created_at": max(times, default=None),
    }


def test_times_need_not_come_in_order() -> None:
    stats = Stats().plus([1.0, 2.0], ["2026-03", "2026-01"]).plus([3.0], ["2026-02"])
    assert stats.answer()["first_created_at"] == "2026-01"
    assert stats.answer()["last_created_at"] == "2026-03"


def test_a_sum_of_great_and_small_numbers_is_exact() -> None:
    stats = Stats()
    for value in (1e100, 1.0, -1e100, 1.0):
        stats = stats.plus([value], ["t"])
    assert stats.answer()["avg"] == 0.5


def test_the_statistics_before_are_left_alone() -> None:
    before = Stats().plus([1.0], ["a"])
    text = before.to_text()
    before.plus([2.0], ["b"])
    assert before.plus([], []).to_text() == before.to_text() == text


@pytest.mark.parametrize("text", ["", "{", "[]", "[1]", "{}", "[1, 2, 3, 4, 5, 6, 7]"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Stats.from_text(text)


def test_without_a_column_of_numbers_rows_and_times_are_counted() -> None:
    times = ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"]
    stats = Stats().plus([], times[:1]).plus([], times[1:])
    assert Stats.from_text(stats.to_text()).answer() == {
        "count": 2,
        "min": None,
        "max": None,
        "avg": None,
        "first_created_at": times[0],
        "last_created_at": times[1],
    }
