"""Reachability, the merge rule and compaction, from names alone."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.snapshots.chain import CLOCKS_APART_MS, GROWTH, MERGED_ROWS, SMALL_ROWS, Listed, compactable, merged_with
from handlers.snapshots.names import Name

if TYPE_CHECKING:
    from handlers.snapshots.chain import Chain

EPOCH = 7


def name(first: int, last: int, epoch: int = EPOCH, digest: int = 0) -> Name:
    return Name.of(Bookmark(epoch, last), first, f"{digest:016x}")


def chain_of_rows(*counts: int) -> Chain:
    """A chain of segments with so many rows, newest first."""
    chain: list[Name] = []
    for count in reversed(counts):
        before = chain[0].last if chain else 0
        chain.insert(0, name(before + 1, before + count))
    return tuple(chain)


# What is reachable


@st.composite
def segments(draw: st.DrawFn) -> list[Name]:
    """Segments of a few rows each, some of which follow each other, in two epochs."""
    ends = st.integers(1, 9)
    ranges = st.tuples(ends, ends).map(sorted) | st.just([1, 0])
    return [
        name(first, last, epoch, digest)
        for (first, last), epoch, digest in draw(
            st.lists(st.tuples(ranges, st.sampled_from([EPOCH, EPOCH + 1]), st.integers(0, 1)), max_size=14)
        )
    ]


def chains_to(last: int, names: Iterable[Name]) -> Iterator[Chain]:
    """All ways to cover 1 … last, by trying everything."""
    for it in names:
        if it.last == last and it.first == 1:
            yield (it,)
        elif it.last == last:
            yield from ((it, *before) for before in chains_to(it.first - 1, names))


@given(segments())
def test_the_chain_is_the_shortest_one_to_the_newest_reachable_point(names: list[Name]) -> None:
    listed = Listed(names)
    for epoch in (EPOCH, EPOCH + 1):
        its = [it for it in names if it.epoch == epoch]
        by_point = {last: list(chains_to(last, its)) for last in range(10)}
        reachable = [last for last, chains in by_point.items() if chains]
        assert [it.seq for it in listed.points() if it.epoch == epoch] == reachable[::-1]
        for upto in range(10):
            chain = listed.chain_of(epoch, upto)
            newest = max((last for last in reachable if last <= upto), default=None)
            if newest is None:
                assert chain == ()
            else:
                assert chain in by_point[newest]
                assert len(chain) == min(map(len, by_point[newest]))


@given(segments(), st.randoms(use_true_random=False))
def test_the_chain_does_not_depend_on_the_order_of_the_listing(names: list[Name], luck: random.Random) -> None:
    shuffled = list(names)
    luck.shuffle(shuffled)
    assert Listed(names).chain == Listed(shuffled).chain


@given(segments())
def test_the_newest_chain_is_that_of_the_greatest_epoch_or_none_where_it_is_broken(names: list[Name]) -> None:
    listed = Listed(names)
    greatest = max((it.epoch for it in names), default=0)
    assert listed.epoch == greatest
    assert listed.chain == listed.chain_of(greatest)
    assert listed.is_broken == (bool(names) and not listed.chain)
    assert listed.bookmark == (listed.chain[0].bookmark if listed.chain else NOTHING)
    assert listed.names == set(names)


def test_points_come_newest_first_over_all_epochs() -> None:
    listed = Listed([name(1, 3), name(1, 5), name(7, 9), name(1, 2, EPOCH + 1)])
    assert list(listed.points()) == [(EPOCH + 1, 2), (EPOCH, 5), (EPOCH, 3)]


def test_of_two_files_with_the_same_rows_every_reader_takes_the_same_one() -> None:
    one, other = name(1, 3, digest=1), name(1, 3, digest=2)
    assert Listed([one, other]).chain == Listed([other, one]).chain == (other,)


def test_an_empty_ledger_is_one_empty_segment_that_the_first_rows_replace() -> None:
    assert Listed([name(1, 0)]).chain == (name(1, 0),)
    assert Listed([name(1, 0)]).bookmark == (EPOCH, 0)
    assert Listed([name(1, 0), name(1, 4)]).chain == (name(1, 4),)
    assert Listed([name(1, 0), name(2, 4)]).chain == (name(1, 0),)
    assert Listed([name(1, 0), name(1, 0, digest=1), name(1, 4), name(5, 6)]).chain == (name(5, 6), name(1, 4))


def test_nothing_listed_is_nothing_broken() -> None:
    listed = Listed()
    assert (listed.chain, listed.epoch, listed.bookmark, listed.is_broken) == ((), 0, NOTHING, False)
    assert list(listed.points()) == []


def test_an_epoch_of_which_all_files_were_rejected_is_broken() -> None:
    listed = Listed([name(1, 3)], rejected=[name(1, 3, EPOCH + 1)])
    assert (listed.epoch, listed.chain, listed.is_broken) == (EPOCH + 1, (), True)
    assert listed.chain_of(EPOCH) == (name(1, 3),)


@pytest.mark.parametrize(("ahead_ms", "expected"), [(-60_000, False), (60_000, True)])
def test_a_broken_epoch_that_no_clock_can_have_given_is_passed_over(ahead_ms: int, expected: bool) -> None:
    future = int(time.time() * 1000) + CLOCKS_APART_MS + ahead_ms
    listed = Listed([name(1, 3), name(2, 3, future)])
    assert (listed.epoch == EPOCH) == expected
    assert listed.is_broken != expected
    assert Listed([name(1, 3), name(1, 3, future)]).epoch == future  # whoever began it, it is whole


# The merge rule


@pytest.mark.parametrize(
    ("counts", "added", "merged"),
    [
        ((), 1, 0),
        ((SMALL_ROWS - 1,), 1, 1),
        ((SMALL_ROWS,), 1, 0),
        ((SMALL_ROWS,), SMALL_ROWS // GROWTH, 0),
        ((SMALL_ROWS,), SMALL_ROWS // GROWTH + 1, 1),
        ((800, 8_000), 100, 0),
        ((800, 8_000), 101, 1),
        ((799, 7_200), 101, 1),
        ((799, 7_199), 101, 2),
        ((799, 7_200), 102, 2),
        ((10, 1_000, 40_000), 1, 1),
        ((MERGED_ROWS - 9_000,), 9_000, 1),
        ((MERGED_ROWS - 9_000,), 9_001, 0),
        ((100,), MERGED_ROWS, 0),
        ((199, 5_000, 5_000), 5_000, 3),
    ],
)
def test_a_publish_merges_what_is_small_or_not_much_larger(counts: tuple[int, ...], added: int, merged: int) -> None:
    chain = chain_of_rows(*counts)
    assert merged_with(chain, added) == chain[:merged]


def test_an_empty_segment_is_always_replaced() -> None:
    assert merged_with((name(1, 0),), 1) == (name(1, 0),)


sized = cache(partial(name, 1))  # the rules look at row counts alone


class Simulated:
    """A chain that publishes and compaction change, by the rules alone.

    Attributes:
        chain: its segments, newest first; what they hold does not matter here, only how many rows.
        rewritten: how many rows were written that had been published before.
    """

    def __init__(self) -> None:
        self.chain: list[Name] = []
        self.rows = self.rewritten = self.most_files = 0

    def publish(self, added: int) -> None:
        self.rows += added
        self.merge(merged_with(tuple(self.chain), added), added)

    def compact(self) -> None:
        while found := compactable(tuple(self.chain), 1_000_000):
            self.merge(found)

    def merge(self, found: Chain, added: int = 0) -> None:
        rows = sum(it.rows for it in found)
        self.chain[: len(found)] = [sized(rows + added)]
        self.rewritten += rows
        self.most_files = max(self.most_files, len(self.chain))


def added_rows(kind: str) -> Iterator[int]:
    luck = random.Random(kind)
    while True:
        yield 1 if kind == "single" or luck.random() < 0.9 else luck.choice([2, 10, 98, 98, 500, 1000])


@pytest.mark.parametrize(("kind", "most_rewritten"), [("single", 90), ("mixed", 15)])
def test_a_chain_has_six_files_at_most_and_a_row_is_rewritten_a_few_times(kind: str, most_rewritten: int) -> None:
    """A million rows; compaction once in 50 000."""
    simulated = Simulated()
    compact_at = 50_000
    for added in added_rows(kind):
        simulated.publish(added)
        if simulated.rows >= compact_at:
            simulated.compact()
            compact_at += 50_000
        if simulated.rows >= 1_000_000:
            break
    assert sum(it.rows for it in simulated.chain) == simulated.rows
    assert simulated.most_files <= 6
    assert simulated.rewritten / simulated.rows < most_rewritten


# Compaction


@pytest.mark.parametrize(
    ("counts", "most_rows", "found"),
    [
        ((), 100, 0),
        ((5,), 100, 0),
        ((0,), 100, 0),
        ((5, 199), 1_000, 2),
        ((5, 200), 1_000, 0),
        ((50, 399), 1_000, 2),
        ((50, 400), 1_000, 0),
        ((1, 500, 300), 1_000, 3),
        ((1, 500, 300, 9_000), 10_000, 3),
        ((1, 500, 300, 6_407), 10_000, 4),
        ((1, 500, 300, 6_408), 10_000, 3),
        ((1, 500, 300), 800, 0),
        ((300, 500, 300), 800, 2),
    ],
)
def test_compaction_merges_back_to_the_oldest_segment_that_is_not_much_larger(
    counts: tuple[int, ...], most_rows: int, found: int
) -> None:
    chain = chain_of_rows(*counts)
    assert compactable(chain, most_rows) == chain[:found]


@given(st.lists(st.integers(1, 300_000), max_size=12))
def test_compaction_ends_and_leaves_segments_that_grow(counts: list[int]) -> None:
    chain = chain_of_rows(*counts)
    while found := compactable(chain, 10**9):
        assert len(found) > 1
        chain = (name(found[-1].first, found[0].last), *chain[len(found) :])
    newer = 0
    for it in chain:
        assert not newer or it.rows >= max(SMALL_ROWS, GROWTH * newer)
        newer += it.rows
