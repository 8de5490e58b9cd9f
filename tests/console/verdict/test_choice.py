"""Paths are ordered differently by p50, by p99 and by the ends of each, so that none can stand in for another."""

from __future__ import annotations

import pytest

from console.results.latency import Bounds, Latency
from console.verdict.choice import Choice, choose
from handlers.routes import SOURCES

EFS, TMP, DDB = SOURCES
APART = {EFS: 20.0, TMP: 30.0, DDB: 40.0}
ALIKE = {EFS: 2.0, TMP: 2.5, DDB: 2.9}


def known(p50: Bounds, p99: Bounds, requests: int = 300) -> Latency:
    """Times that lie within these bounds; the percentiles themselves are the lower ends."""
    return Latency(requests, p50[0], p50, p99[0], p99)


def exact(p50: float, p99: float | None = None) -> Latency:
    tail = 3 * p50 if p99 is None else p99
    return known((p50, p50 * 1.01), (tail, tail * 1.01))


CROSSED = {EFS: exact(9, 20), TMP: exact(5, 90), DDB: exact(7, 40)}  # the fastest by p50 is the slowest by p99


def test_where_bills_really_differ_the_cheapest_is_taken_however_slow() -> None:
    assert choose(APART, {EFS: exact(90), TMP: exact(5), DDB: exact(1)}) == Choice(EFS, "cost", SOURCES)


def test_where_no_bill_really_differs_the_fastest_by_p50_is_taken() -> None:
    assert choose(ALIKE, CROSSED) == Choice(TMP, "latency", SOURCES)


def test_only_those_about_as_cheap_as_the_cheapest_compete_by_latency() -> None:
    latencies = {EFS: exact(9), TMP: exact(5), DDB: exact(1)}
    assert choose({EFS: 20.0, TMP: 21.0, DDB: 23.0}, latencies) == Choice(TMP, "latency", SOURCES)


@pytest.mark.parametrize(
    ("other_usd", "decided_by"),
    [
        (20.99, "latency"),  # less than 1 USD
        (21.9, "latency"),  # more than that, and less than 10 %
        (22.01, "cost"),
    ],
)
def test_a_real_difference_is_one_of_a_dollar_and_of_a_tenth(other_usd: float, decided_by: str) -> None:
    assert choose({EFS: 20.0, TMP: other_usd}, {EFS: exact(9), TMP: exact(5)}).decided_by == decided_by


def test_a_tenth_of_a_small_bill_is_no_real_difference() -> None:
    assert choose({EFS: 0.10, TMP: 1.09}, {EFS: exact(9), TMP: exact(5)}).path == TMP
    assert choose({EFS: 0.10, TMP: 1.11}, {EFS: exact(9), TMP: exact(5)}).path == EFS


def test_what_neither_cost_nor_latency_tells_apart_is_decided_by_none_and_the_cheaper_taken() -> None:
    latencies = {TMP: known((8, 10), (20, 21)), EFS: known((9, 11), (20, 21)), DDB: known((9.5, 12), (20, 21))}
    assert choose(ALIKE, latencies) == Choice(EFS, None, SOURCES)


def test_of_those_not_told_apart_the_cheapest_is_taken_wherever_it_stands() -> None:
    latencies = {EFS: known((8, 10), (20, 21)), TMP: known((9, 11), (20, 21)), DDB: known((9.5, 12), (20, 21))}
    assert choose({EFS: 2.5, TMP: 2.9, DDB: 2.0}, latencies) == Choice(DDB, None, SOURCES)


def test_the_fastest_is_the_one_whose_interval_lies_lowest_as_a_whole() -> None:
    cheap_last = {EFS: 2.5, TMP: 2.9, DDB: 2.0}
    wide = {EFS: known((8, 20), (30, 31)), TMP: known((9, 10), (30, 31)), DDB: known((10.5, 12), (30, 31))}
    assert choose(cheap_last, wide) == Choice(EFS, "latency", SOURCES)  # ddb is slower than tmp, efs not shown to be
    wider = {EFS: known((1, 11), (30, 31)), TMP: known((9, 10), (30, 31)), DDB: known((10.5, 10.9), (30, 31))}
    assert choose(cheap_last, wider) == Choice(DDB, None, SOURCES)  # not shown to be slower than efs


def test_where_cost_leaves_several_that_latency_does_not_tell_apart_cost_has_decided() -> None:
    latencies = {source: exact(5) for source in SOURCES}
    assert choose({EFS: 20.0, TMP: 20.5, DDB: 40.0}, latencies) == Choice(EFS, "cost", SOURCES)


def test_a_difference_is_shown_only_where_intervals_lie_apart() -> None:
    apart = {EFS: known((9, 10), (20, 21)), TMP: known((8, 8.9), (20, 21))}
    assert choose({EFS: 2.0, TMP: 2.5}, apart).path == TMP
    touching = {EFS: known((9, 10), (20, 21)), TMP: known((8, 9), (20, 21))}
    assert choose({EFS: 2.0, TMP: 2.5}, touching).path == EFS


def test_with_a_wish_only_those_compete_whose_whole_p99_is_shown_to_be_within_it() -> None:
    latencies = {EFS: known((2, 2.1), (25, 60)), TMP: known((3, 3.1), (26, 30)), DDB: known((9, 9.1), (14, 15))}
    assert choose(APART, latencies, 60) == Choice(EFS, "cost", SOURCES)
    assert choose(APART, latencies, 59) == Choice(TMP, "cost", (TMP, DDB))
    assert choose(APART, latencies, 30) == Choice(TMP, "cost", (TMP, DDB))
    assert choose(APART, latencies, 29) == Choice(DDB, None, (DDB,))
    assert choose(ALIKE, latencies, 30) == Choice(TMP, "latency", (TMP, DDB))


def test_where_none_is_within_the_wish_none_is_chosen_and_the_lowest_p99_is_the_nearest() -> None:
    assert choose(APART, CROSSED, 10) == Choice(None, None, (), nearest=EFS)
    assert choose(ALIKE, {DDB: exact(36)}, 1) == Choice(None, None, (), nearest=DDB)
    assert choose(ALIKE, {}, 1) == Choice(None, None, (), nearest=None)


def test_a_p99_without_an_upper_end_is_within_nothing() -> None:
    assert choose(APART, {EFS: known((9, 9.1), (25, None)), TMP: exact(10)}, 1e9).path == TMP


def test_a_path_without_a_latency_counts_for_less_than_those_that_have_one() -> None:
    assert choose(ALIKE, {TMP: exact(5), DDB: exact(5)}) == Choice(TMP, None, SOURCES)
    assert choose(APART, {TMP: exact(5), DDB: exact(1)}) == Choice(EFS, "cost", SOURCES)  # it is really cheaper
    assert choose(ALIKE, {}) == Choice(EFS, None, SOURCES)


def test_few_requests_show_no_difference() -> None:
    few = known((0.0, None), (0.0, None), requests=4)
    assert choose(ALIKE, {EFS: few, TMP: exact(5), DDB: exact(1)}).path == EFS
    assert choose(ALIKE, dict.fromkeys(SOURCES, few)) == Choice(EFS, None, SOURCES)
    assert choose(APART, {EFS: few, TMP: exact(5), DDB: exact(1)}, 100).path == TMP


def test_where_nothing_may_be_chosen_nothing_is() -> None:
    assert choose({}, {}) == Choice(None, None, ())
    assert choose({}, {}, 20) == Choice(None, None, ())
