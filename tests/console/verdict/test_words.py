from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from console.costs.crossover import Crossing
from console.costs.study import Study
from console.results.latency import Latency
from console.verdict import words
from console.verdict.choice import Choice, Decider
from handlers.routes import SOURCES
from tests.support.costs import PRICE_LIST, assumed
from tests.support.results import figures

EFS, TMP, DDB = SOURCES


def known(p50: float, requests: int = 300) -> Latency:
    return Latency.from_distribution(figures(p50), requests)


def of_all(path: str | None, decided_by: Decider | None = "cost") -> Choice:
    return Choice(path, decided_by, SOURCES)


def test_bills_are_compared_with_what_is_a_real_difference() -> None:
    totals_usd = {EFS: 20.0, TMP: 22.5, DDB: 20.5}
    assert words.cost(totals_usd, of_all(EFS)) == (
        "It costs 20.00 USD a month, 2.50 less than sqlite-tmp, with no real difference to ddb (20.50), "
        "so cost decides."
    )
    assert words.cost(totals_usd, of_all(TMP, "latency")) == (
        "It costs 22.50 USD a month, 2.50 more than sqlite-efs, with no real difference to ddb (20.50), "
        "so latency decides."
    )
    assert words.cost({**totals_usd, TMP: 20.1}, of_all(EFS, None)) == (
        "It costs 20.00 USD a month, with no real difference to sqlite-tmp (20.10) and ddb (20.50)."
    )
    assert words.cost(totals_usd, Choice(TMP, None, (TMP,))) == "It costs 22.50 USD a month."
    assert words.cost(totals_usd, of_all(None)) == ""


def speed(latencies: dict[str, Latency], choice: Choice) -> str:
    return words.speed(latencies, choice, is_local=False)


def test_a_difference_in_speed_is_only_one_where_it_is_shown() -> None:
    latencies = {EFS: known(10), TMP: known(5), DDB: known(10.5)}
    assert speed(latencies, of_all(EFS)) == (
        "A typical read (p50) takes 10.0 ms at the client, 5.00 more than on sqlite-tmp "
        "and with no difference shown to ddb."
    )
    assert speed(latencies, of_all(TMP)).endswith(
        "5.00 ms at the client, 5.00 less than on sqlite-efs and 5.50 less than on ddb."
    )
    assert speed(latencies, Choice(EFS, None, (EFS, DDB))).endswith(
        "10.0 ms at the client, with no difference shown to ddb."
    )
    assert speed({DDB: known(10)}, of_all(DDB)).endswith("takes 10.0 ms at the client.")
    assert speed(latencies, of_all(None)) == ""


def test_speed_is_that_of_the_median_whatever_the_99th_percentile_says() -> None:
    latencies = {EFS: known(10), TMP: known(5)._replace(p99=900.0, p99_interval=(800.0, 1000.0))}
    assert speed(latencies, of_all(TMP)).endswith("5.00 ms at the client, 5.00 less than on sqlite-efs.")


def test_too_few_requests_are_said_to_be() -> None:
    latencies = {EFS: known(10), TMP: known(50, requests=4)}
    assert speed(latencies, of_all(EFS)).endswith(" at the client, too few requests to compare it with sqlite-tmp.")
    assert speed(latencies, of_all(TMP)) == (
        "A typical read (p50) takes 50.0 ms at the client (of 4 requests), "
        "too few requests to compare it with sqlite-efs."
    )
    assert "sqlite-tmp with 150 ms (of 4, too few requests to tell) at" in unmet(latencies, TMP)


def unmet(latencies: dict[str, Latency], nearest: str) -> str:
    return words.wish(latencies, Choice(None, None, (), nearest), 1, list(latencies), is_local=False)


def test_where_a_p99_lies_is_said_as_far_as_it_is_known() -> None:
    assert unmet({DDB: known(10)._replace(p99_interval=(25.0, None))}, DDB) == (
        "None is shown to be within 1 ms at p99: the nearest is ddb with 30.0 ms (25.0 or more) at the client."
    )


def changed(**crossings: Sequence[Crossing]) -> str:
    found = Study.from_assembled(PRICE_LIST, assumed(writes_per_month=0.0))
    assert found.cheapest == ("sqlite-efs",)
    return words.change(replace(found, crossings=crossings), of_all(EFS))


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


def test_no_change_is_named_where_cost_did_not_decide_or_another_is_cheaper() -> None:
    found = Study.from_assembled(PRICE_LIST, assumed(writes_per_month=0.0))
    assert words.change(found, of_all(EFS)) != ""
    assert words.change(found, of_all(EFS, "latency")) == ""
    assert words.change(found, of_all(TMP)) == ""  # the cheapest is out of question
