from __future__ import annotations

from dataclasses import replace

from console.costs.crossover import Crossing
from console.costs.study import Study
from console.results.latency import Latency
from console.verdict import words
from tests.support.costs import PRICE_LIST, assumed
from tests.support.results import figures


def known(p50: float, requests: int = 300) -> Latency:
    return Latency.from_distribution(figures(p50), requests)


def test_bills_are_compared_to_the_cent() -> None:
    said = words.cost({"sqlite-efs": 2.0, "sqlite-tmp": 2.004, "ddb": 1.5}, "sqlite-efs")
    assert said == "It costs 2.00 USD a month, the same to the cent as sqlite-tmp and 0.50 more than ddb."


def test_a_difference_in_speed_is_only_one_where_it_is_shown() -> None:
    latencies = {"sqlite-efs": known(10), "sqlite-tmp": known(5), "ddb": known(10.5)}
    assert words.speed(latencies, "sqlite-efs", "at the client") == (
        "Its p50 at the client is 10.0 ms (9.00 to 11.0), 5.00 ms slower than sqlite-tmp "
        "and no difference shown against ddb (9.45 to 11.6)."
    )
    assert words.speed({"ddb": known(10)}, "ddb", "at the client").endswith("(9.00 to 11.0).")


def test_too_few_requests_are_said_to_be() -> None:
    latencies = {"sqlite-efs": known(10), "sqlite-tmp": known(50, requests=4)}
    assert words.speed(latencies, "sqlite-efs", "at the client").endswith(
        "(9.00 to 11.0), too few requests to compare it with sqlite-tmp."
    )
    assert words.speed(latencies, "sqlite-tmp", "at the client") == (
        "Its p50 at the client is 50.0 ms (of 4, too few requests to tell), "
        "too few requests to compare it with sqlite-efs."
    )
    assert "150 ms (of 4, too few requests to tell), is not" in words.wish("sqlite-tmp", 1, latencies, decides=True)


def test_an_interval_without_an_upper_end_meets_nothing() -> None:
    open_ended = known(10)._replace(p99_interval=(25.0, None))
    assert words.wish("ddb", 1e9, {"ddb": open_ended}, decides=True).startswith(
        "No path is shown to meet 1e+09 ms at p99; its p99, 30.0 ms (25.0 or more), is not shown"
    )


def changed(**crossings: list[Crossing]) -> str:
    found = Study.from_assembled(PRICE_LIST, assumed(writes_per_month=0.0))
    assert found.cheapest == ("sqlite-efs",)
    return words.change(replace(found, crossings=crossings))


def test_the_change_that_is_nearest_counts() -> None:
    reads = [
        Crossing(1e5, ("ddb",), ("sqlite-efs",), is_jump=False),
        Crossing(2e6, ("sqlite-efs",), ("sqlite-tmp",), is_jump=False),
    ]
    rows = [Crossing(300_000, ("sqlite-efs",), ("sqlite-tmp", "ddb"), is_jump=True)]
    assert changed(reads_per_month=reads, rows=rows) == (
        "What would make sqlite-tmp the cheapest: more than 2 million reads a month (now 1 million)."
    )
    assert changed(reads_per_month=reads[:1], rows=rows) == (
        "What would make sqlite-tmp and ddb the cheapest: more than 300,000 rows (now 100,000)."
    )
    assert changed(reads_per_month=reads[:1]) == (
        "What would make ddb the cheapest: fewer than 100,000 reads a month (now 1 million)."
    )


def test_what_leaves_the_cheapest_among_the_cheapest_is_no_change_and_neither_is_what_no_factor_reaches() -> None:
    shared = [Crossing(50_000, ("sqlite-efs", "sqlite-tmp"), ("sqlite-efs",), is_jump=False)]
    publishes = [Crossing(100, ("sqlite-efs",), ("ddb",), is_jump=False)]  # now there are none
    said = changed(rows=shared, publishes_per_month=publishes)
    assert said == "Nothing within the ranges looked at makes another path the cheapest."
