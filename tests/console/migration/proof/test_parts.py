from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from console.migration.proof.parts import PARTS, Parts, part_of

HASHES = st.integers(min_value=0, max_value=2**128 - 1)
ROWS = st.lists(st.tuples(HASHES, HASHES), max_size=30)


def parts_of(rows: Iterable[tuple[int, int]]) -> Parts:
    parts = Parts()
    for row in rows:
        parts.add(*row)
    return parts


@given(ROWS, st.randoms(use_true_random=False))
def test_the_same_rows_are_equal_in_any_order(rows: list[tuple[int, int]], random: object) -> None:
    shuffled = sorted(rows, key=lambda _: random.random())  # pyright: ignore
    ours, theirs = parts_of(rows), parts_of(shuffled)
    assert ours.differing(theirs) == []
    assert (ours.rows, ours.checksum) == (theirs.rows, theirs.checksum)


@given(ROWS, st.tuples(HASHES, HASHES), st.integers(min_value=1, max_value=2**128 - 1))
def test_the_parts_that_differ_are_those_of_the_rows_that_do(
    rows: list[tuple[int, int]], changed: tuple[int, int], by: int
) -> None:
    key, value = changed
    ours, theirs = parts_of([*rows, changed]), parts_of([*rows, (key, (value + by) % 2**128)])
    assert ours.differing(theirs) == [part_of(key)]


@given(ROWS, st.tuples(HASHES, HASHES))
def test_a_row_too_many_is_seen_by_its_part_and_by_the_count(
    rows: list[tuple[int, int]], more: tuple[int, int]
) -> None:
    ours, theirs = parts_of(rows), parts_of([*rows, more])
    assert ours.differing(theirs) == [part_of(more[0])]
    assert theirs.rows == ours.rows + 1
    assert theirs.rows_in(part_of(more[0])) == ours.rows_in(part_of(more[0])) + 1


def test_a_row_whose_hash_is_nothing_is_counted_all_the_same() -> None:
    assert parts_of([(0, 0)]).differing(parts_of([])) == [0]


def test_all_parts_may_differ() -> None:
    assert parts_of((key, 1) for key in range(PARTS)).differing(parts_of([])) == list(range(PARTS))
