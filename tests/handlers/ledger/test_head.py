from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.numbers import is_storable
from handlers.domain.stats import Stats
from handlers.ledger.head import Head
from handlers.model.model import Row
from tests.support.drafts import with_value
from tests.support.files import make_row, make_rows

VALUES = st.floats(allow_nan=False, allow_infinity=False).filter(is_storable).map(lambda value: value + 0.0)
ROWS = st.lists(VALUES, max_size=12).map(
    lambda values: [with_value(make_row(seq), value) for seq, value in enumerate(values, 1)]
)


@given(ROWS, st.integers(1, 10**15), st.lists(st.integers(1, 10**15), max_size=3))
def test_a_head_survives_its_way_through_an_item(rows: list[Row], epoch: int, branches: list[int]) -> None:
    head = Head.new(epoch).plus(rows)
    for branch in branches:
        head = head.branch(branch)
    again = Head.from_item(head.to_item())
    assert (again.epoch, again.seq, again.hash, again.roots) == (head.epoch, head.seq, head.hash, head.roots)
    assert (again.parent, again.stats.to_text()) == (head.parent, head.stats.to_text())


@given(ROWS, st.lists(st.integers(0, 12), max_size=4))
def test_rows_make_the_same_head_whatever_the_batches(rows: list[Row], cuts: list[int]) -> None:
    """Hash and statistics too, and these exactly: the text of their state is the same."""
    one_by_one = split = Head.new(7)
    for row in rows:
        one_by_one = one_by_one.plus([row])
    for start, end in pairwise([0, *sorted(cuts), len(rows)]):
        split = split.plus(rows[start:end])
    assert split.to_item() == one_by_one.to_item() == Head.new(7).plus(rows).to_item()
    assert split.bookmark == Bookmark(7, len(rows))


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_another_row_anywhere_makes_another_head(seq: int) -> None:
    rows = make_rows(3)
    others = [with_value(row, 0.5) if row[0] == seq else row for row in rows]
    one, other = Head.new(7).plus(rows), Head.new(7).plus(others)
    assert one.bookmark == other.bookmark
    assert one.hash != other.hash
    assert one.stats.to_text() != other.stats.to_text()


def test_a_new_ledger_has_one_root_and_stands_for_nothing() -> None:
    head = Head.new(17)
    assert (head.bookmark, head.hash, head.stats.count, head.parent) == (Bookmark(17, 0), 0, 0, 0)
    assert (head.roots, head.root) == (((1, 17),), 17)


def test_a_branch_keeps_what_it_stands_for_and_puts_what_follows_under_a_root_of_its_own() -> None:
    head = Head.new(17).plus(make_rows(5))
    branch = head.branch(23)
    assert (branch.bookmark, branch.parent) == (Bookmark(23, 5), 17)
    assert (branch.hash, branch.stats.to_text()) == (head.hash, head.stats.to_text())
    assert (branch.roots, branch.root) == (((1, 17), (6, 23)), 23)
    longer = branch.plus(make_rows(2, first=6))
    assert longer.roots == branch.roots
    assert longer.hash == Head.new(1).plus(make_rows(7)).hash


def test_a_root_without_rows_is_left_out_of_the_next_branch() -> None:
    head = Head.new(17).plus(make_rows(5))
    assert head.branch(23).branch(29).roots == ((1, 17), (6, 29))
    assert Head.new(17).branch(23).roots == ((1, 23),)


def test_a_branch_of_an_earlier_point_leaves_later_roots_behind() -> None:
    head = replace(Head.new(29), seq=4, roots=((1, 17), (6, 23), (9, 29)))
    assert head.branch(31).roots == ((1, 17), (5, 31))


def test_each_row_lies_under_the_root_of_its_stretch() -> None:
    head = replace(Head.new(29), seq=12, roots=((1, 17), (6, 23), (9, 29)))
    assert [head.root_of(seq) for seq in (1, 5, 6, 8, 9, 12, 10**12)] == [17, 17, 23, 23, 29, 29, 29]


@pytest.mark.parametrize(
    ("published", "first"),
    [
        (Bookmark(7, 5), 6),
        (Bookmark(7, 9), 10),
        (Bookmark(7, 11), 10),
        (Bookmark(7, 0), 1),
        (Bookmark(6, 3), 4),  # the parent's: rows 1 to 4 are inherited
        (Bookmark(6, 8), 5),
        (Bookmark(5, 5), 1),
        (Bookmark(8, 5), 1),
        (NOTHING, 1),
    ],
    ids=str,
)
def test_the_first_row_beyond_a_snapshot_follows_what_both_histories_share(published: Bookmark, first: int) -> None:
    head = Head(7, 9, 0, Stats(), ((1, 6), (5, 7)), parent=6)
    assert head.first_beyond(published) == first
    assert Head.new(7).first_beyond(published) == 1
