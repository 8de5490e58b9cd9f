from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from handlers.aws.table import BENCHMARKS
from handlers.benchmark.session import Benchmark, LaneResult
from handlers.benchmark.store import KEEP_S, BenchmarkStore
from handlers.domain.problem import Problem
from handlers.ledger.ledger import Ledger
from tests.support.meddling import Clock, Meddled, client_error, lose_answer, no_time_limit, refuse

NOW_S = 1_800_000_000.0
NOW_MS = 1_800_000_000_000


def benchmark_at(at_ms: int, p50: float = 1.0) -> Benchmark:
    result = LaneResult(
        workload="by-id",
        source="ddb",
        requests=2,
        errors={"503": 1},
        server_ms={"p50": p50, "p90": 2.0, "p99": 3.0, "max": 3.0, "mean": 1.5},
        consumed={"read_units": 1.5, "efs_counted_by": "calls"},
    )
    return Benchmark(
        id=str(at_ms),
        started_at="2027-01-15T08:00:00.000Z",
        duration_ms=12.5,
        complete=True,
        bookmark="7.3",
        last_bookmark="7.3",
        rows=3,
        settings={"iterations": 3, "warm_ups": 1, "workloads": ["by-id"]},
        environment={"version": "1", "region": None},
        results=[result],
    )


@pytest.fixture
def store(ledger: Ledger) -> BenchmarkStore:
    return BenchmarkStore(ledger.client, ledger.table_name)


def meddled(ledger: Ledger, **plan: Any) -> BenchmarkStore:
    return BenchmarkStore(cast("Any", Meddled(ledger.client, plan, {})), ledger.table_name)


def ids(found: tuple[list[Benchmark], bool]) -> tuple[list[int], bool]:
    return [int(each["id"]) - NOW_MS for each in found[0]], found[1]


def newest(store: BenchmarkStore, limit: int, before: int | None = None) -> tuple[list[int], bool]:
    before_id = None if before is None else str(NOW_MS + before)
    return ids(store.newest(limit, NOW_S, no_time_limit(), before_id))


def save(store: BenchmarkStore, *offsets_ms: int) -> None:
    for offset_ms in offsets_ms:
        store.save(benchmark_at(NOW_MS + offset_ms, float(offset_ms)), no_time_limit())


def test_what_was_kept_is_what_is_found(store: BenchmarkStore) -> None:
    kept = store.save(benchmark_at(NOW_MS), no_time_limit())
    assert kept == benchmark_at(NOW_MS)
    assert store.get(str(NOW_MS), NOW_S, no_time_limit()) == kept
    assert store.newest(1, NOW_S, no_time_limit()) == ([kept], False)


@pytest.mark.parametrize("benchmark_id", [str(NOW_MS + 1), "0", "", "x", "-1", "1.5", "٣", f"0{NOW_MS}", "9" * 16])
def test_what_is_not_there_is_not_found(store: BenchmarkStore, benchmark_id: str) -> None:
    save(store, 0)
    assert store.get(benchmark_id, NOW_S, no_time_limit()) is None


def test_two_that_began_in_one_millisecond_are_both_kept(store: BenchmarkStore) -> None:
    first, second, third = (store.save(benchmark_at(NOW_MS, p50), no_time_limit()) for p50 in (1.0, 2.0, 3.0))
    assert [int(each["id"]) - NOW_MS for each in (first, second, third)] == [0, 1, 2]
    assert store.get(str(NOW_MS + 1), NOW_S, no_time_limit()) == second
    assert second["results"] == benchmark_at(NOW_MS, 2.0)["results"]


def test_one_whose_answer_got_lost_is_kept_once(ledger: Ledger) -> None:
    store = meddled(ledger, put_item=[lose_answer])
    assert store.save(benchmark_at(NOW_MS), no_time_limit())["id"] == str(NOW_MS)
    assert newest(store, 10) == ([0], False)


def test_pages_go_from_the_newest_to_the_oldest(store: BenchmarkStore) -> None:
    save(store, 5, 1, 9, 7, 3)
    assert newest(store, 2) == ([9, 7], True)
    assert newest(store, 2, 7) == ([5, 3], True)
    assert newest(store, 2, 3) == ([1], False)
    assert newest(store, 5) == ([9, 7, 5, 3, 1], False)
    assert newest(store, 5, 1) == ([], False)
    assert ids(store.newest(1, NOW_S, no_time_limit(), "1")) == ([], False)


def test_a_page_that_dynamodb_cuts_goes_on(ledger: Ledger) -> None:
    """It reads no more than 1 MB at a time."""

    def cut(run: Callable[[], Any]) -> Any:
        answer = run()
        return answer | {"Items": answer["Items"][:2], "LastEvaluatedKey": {"pk": {"S": BENCHMARKS}}}

    store = meddled(ledger, query=[cut])
    save(store, 1, 2, 3, 4)
    assert newest(store, 10) == ([4, 3], True)
    assert newest(store, 10, 3) == ([2, 1], False)


def test_after_90_days_a_session_is_gone_even_before_the_table_has_cleaned_up(
    store: BenchmarkStore, ledger: Ledger
) -> None:
    save(store, 0)
    later_s = NOW_S + KEEP_S
    assert store.get(str(NOW_MS), later_s - 1, no_time_limit()) is not None
    assert ids(store.newest(5, later_s - 1, no_time_limit())) == ([0], False)
    assert store.get(str(NOW_MS), later_s, no_time_limit()) is None
    assert ids(store.newest(5, later_s, no_time_limit())) == ([], False)
    (item,) = ledger.client.query(
        TableName=ledger.table_name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": BENCHMARKS}},
    )["Items"]
    assert item["expires_at"] == {"N": str(int(later_s))}
    assert "id" not in item, "the index of rows by id must not hold it"


@pytest.mark.parametrize("name", ["put_item", "get_item", "query"])
def test_without_dynamodb_it_is_503(ledger: Ledger, name: str) -> None:
    store = meddled(ledger, **{name: [refuse(client_error("AccessDeniedException"))]})
    calls: dict[str, Callable[[], object]] = {
        "put_item": lambda: save(store, 0),
        "get_item": lambda: store.get(str(NOW_MS), NOW_S, no_time_limit()),
        "query": lambda: newest(store, 1),
    }
    with pytest.raises(Problem) as caught:
        calls[name]()
    assert caught.value.status == 503


def test_another_refusal_than_the_conditions_is_not_taken_for_it(ledger: Ledger) -> None:
    clock = Clock()
    store = meddled(ledger, put_item=[refuse(client_error("ValidationException"))])
    with pytest.raises(Exception, match="ValidationException"):
        store.save(benchmark_at(NOW_MS), clock.deadline())
