from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from handlers.benchmark.lanes import Lane, check_ledger, consumed_of, finish_copy, lanes_of, measure, total_of
from handlers.benchmark.session import figures_of
from handlers.benchmark.workloads import SAMPLES, WORKLOADS, DataSet
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.gateway.request import event_of_get
from handlers.ledger.ledger import Ledger
from handlers.routes import SOURCES
from tests.support.api import Api, event
from tests.support.drafts import VALUE
from tests.support.meddling import Clock, put_rows, row_of

if TYPE_CHECKING:
    from handlers.benchmark.workloads import Ask

HEADER = "read-units=0.5, efs-reads=2, efs-counted-by=nfs, billed-ms=3"


class Slow:
    """Stands in for the function: each source takes its time, by a clock of its own, and answers with a status."""

    def __init__(self, **took_s: float) -> None:
        self.clock = Clock()
        self.took_s = took_s
        self.status = 200
        self.paths: list[str] = []

    def __call__(self, path: str, _raw_query: str) -> Mapping[str, Any]:
        self.paths.append(path)
        self.clock.pass_s(self.took_s[path.strip("/")])
        return {
            "statusCode": self.status,
            "headers": {"consumed": HEADER, "snapshot-bookmark": "7.3"},
            "body": '{"detail": "as told"}',
        }

    def run(self, lanes: list[Lane], iterations: int, run_s: float) -> bool:
        return measure(lanes, iterations, self, self.clock() + run_s, self.clock)


def lanes(*sources: str) -> list[Lane]:
    return [Lane("newest-100", source, [("", "limit=100")]) for source in sources]


def done(measured: list[Lane]) -> dict[str, int]:
    return {lane.source: lane.done for lane in measured}


# Running


def test_every_lane_runs_as_often_as_asked_after_a_warm_up_that_does_not_count() -> None:
    slow, measured = Slow(a=0.001, b=0.002), lanes("a", "b")
    assert slow.run(measured, 10, 60.0)
    assert [lane.result()["requests"] for lane in measured] == [10, 10]
    assert Counter(slow.paths) == {"/a": 11, "/b": 11}
    assert slow.paths[:2] == ["/a", "/b"]


def test_lanes_take_turns_in_changing_order() -> None:
    slow = Slow(a=0.001, b=0.001, c=0.001)
    assert slow.run(lanes("a", "b", "c"), 20, 60.0)
    rounds = [tuple(slow.paths[start : start + 3]) for start in range(3, 63, 3)]
    assert all(sorted(each) == ["/a", "/b", "/c"] for each in rounds)
    assert len(set(rounds)) > 1
    again = Slow(a=0.001, b=0.001, c=0.001)
    again.run(lanes("a", "b", "c"), 20, 60.0)
    assert again.paths == slow.paths


def test_a_slow_lane_leaves_the_others_their_time_and_gets_what_is_left() -> None:
    slow, measured = Slow(slow=1.0, quick=0.01), lanes("slow", "quick")
    assert not slow.run(measured, 100, 20.0)
    assert done(measured)["quick"] == 100
    assert done(measured)["slow"] > 10
    assert slow.clock() <= 1020.0


def test_no_request_is_begun_that_would_not_be_done_in_time() -> None:
    slow, measured = Slow(a=3.0), lanes("a")
    assert not slow.run(measured, 100, 10.0)
    assert done(measured) == {"a": 2}
    assert slow.clock() == 1009.0


def test_a_lane_that_no_longer_fits_does_not_stop_one_that_does() -> None:
    slow, measured = Slow(slow=8.0, quick=0.5), lanes("slow", "quick")
    assert not slow.run(measured, 4, 11.0)
    assert done(measured) == {"slow": 0, "quick": 4}


def test_without_any_time_nothing_is_run() -> None:
    slow, measured = Slow(a=1.0), lanes("a")
    assert not slow.run(measured, 1, -1.0)
    assert slow.paths == []
    assert measured[0].result() == {
        "workload": "newest-100",
        "source": "a",
        "requests": 0,
        "errors": {},
        "server_ms": None,
        "consumed": {},
    }


def test_what_may_take_longer_than_there_is_time_is_not_begun_and_the_cheap_lanes_are_measured() -> None:
    slow = Slow(**{"sqlite-efs": 0.01, "ddb": 0.02})
    measured = lanes("ddb", "sqlite-efs")
    assert not slow.run(measured, 5, 7.0)  # a request to DynamoDB may take 8 s
    assert done(measured) == {"ddb": 0, "sqlite-efs": 5}
    assert slow.paths[0] == "/sqlite-efs"
    again = lanes("ddb", "sqlite-efs")
    assert slow.run(again, 5, 60.0)
    assert done(again) == {"ddb": 5, "sqlite-efs": 5}


def test_warm_ups_end_before_the_time_is_over() -> None:
    slow = Slow(**dict.fromkeys(("a", "b", "c", "d"), 0.9))
    assert not slow.run(lanes("a", "b", "c", "d"), 5, 2.5)
    assert slow.clock() <= 1002.5
    assert slow.paths == ["/a", "/b"]


def test_a_lane_knows_the_newest_bookmark_of_its_answers() -> None:
    slow, measured = Slow(a=0.01), lanes("a")
    assert measured[0].newest == NOTHING
    slow.run(measured, 2, 60.0)
    assert measured[0].newest == Bookmark(7, 3)


def test_what_came_of_a_lane() -> None:
    slow, measured = Slow(a=0.004), lanes("a")
    slow.run(measured, 5, 60.0)
    result = measured[0].result()
    assert result["server_ms"] == figures_of([4.0] * 5)
    assert result["consumed"] == {"read_units": 2.5, "efs_reads": 10, "efs_counted_by": "nfs", "billed_ms": 15}


def test_errors_are_counted_by_status_and_nothing_else_is_taken_of_them() -> None:
    slow, measured = Slow(a=0.004), lanes("a")
    slow.status = 503
    assert slow.run(measured, 5, 60.0)
    result = measured[0].result()
    assert (result["requests"], result["errors"], result["server_ms"]) == (0, {"503": 5}, None)
    assert result["consumed"] == {}


def test_a_lanes_requests_come_in_turn() -> None:
    slow = Slow(**{"a/1": 0.1, "a/2": 0.1})
    assert slow.run([Lane("by-id", "a", [("/1", ""), ("/2", "")])], 3, 60.0)
    assert slow.paths == ["/a/1", "/a/1", "/a/2", "/a/1"]


# Receipts


def test_a_receipt_is_read_from_the_header() -> None:
    header = "read-units=1.5, efs-metadata-operations=2, efs-counted-by=calls, billed-ms=7, init-ms=12.5"
    assert consumed_of(header) == {
        "read_units": 1.5,
        "efs_metadata_operations": 2,
        "efs_counted_by": "calls",
        "billed_ms": 7,
    }
    assert consumed_of("billed-ms=7") == {"read_units": None, "billed_ms": 7}


def test_units_that_one_receipt_does_not_know_their_sum_does_not_know() -> None:
    assert total_of([consumed_of(HEADER), consumed_of(HEADER)])["read_units"] == 1.0
    assert total_of([consumed_of(HEADER), consumed_of("efs-reads=1, efs-counted-by=nfs, billed-ms=1")]) == {
        "read_units": None,
        "efs_reads": 3,
        "efs_counted_by": "nfs",
        "billed_ms": 4,
    }


# The data set


def fill(api: Api, ledger: Ledger, values: list[float]) -> Api:
    """Publish rows with these values, whether or not the data model would take them from a client."""
    put_rows(ledger, [row_of(seq, value) for seq, value in enumerate(values, 1)])
    assert api.post("/snapshots").json["snapshot"]["rows"] == len(values)
    return api


@pytest.fixture
def filled(api: Api, ledger: Ledger) -> Api:
    """Some 300 rows, whose values are their numbers."""
    return fill(api, ledger, [float(number) for number in range(300)])


def ask_of(api: Api) -> Ask:
    function = api.function(event("GET", "/ddb"))
    return lambda path, raw_query: function(event_of_get(path, raw_query), None)


def test_the_sample_is_spread_over_the_whole_data_set_and_always_the_same(filled: Api) -> None:
    data = DataSet(ask_of(filled))
    suffixes = WORKLOADS["by-id"](data)
    values = [filled.get(f"/sqlite-efs{suffix}").json["data"][VALUE] for suffix, _ in suffixes]
    assert sorted(values) == list(range(0, 300, 300 // SAMPLES))
    assert values != sorted(values)
    assert WORKLOADS["by-id"](DataSet(ask_of(filled))) == suffixes
    assert data.bookmark.seq == 300


def test_a_range_is_about_a_fiftieth_of_the_values(filled: Api) -> None:
    suffixes = WORKLOADS["range"](DataSet(ask_of(filled)))
    assert len(suffixes) == SAMPLES - 1
    for _, raw_query in suffixes:
        assert filled.get("/sqlite-efs", raw_query).json["count"] == 300 // SAMPLES + 1


@pytest.mark.parametrize("values", [[0.5], [1e25, 1e25], [1e-7, 1e30, -1e30]])
def test_every_request_is_one_that_the_api_understands(api: Api, ledger: Ledger, values: list[float]) -> None:
    fill(api, ledger, values)
    measured = lanes_of(list(WORKLOADS), DataSet(ask_of(api)))
    assert {(lane.workload, lane.source) for lane in measured} == {(w, s) for w in WORKLOADS for s in SOURCES}
    assert measure(measured, 3, ask_of(api), float("inf"))
    assert [lane.result()["errors"] for lane in measured] == [{}] * len(measured)


def test_exponents_survive_the_query_string(api: Api, ledger: Ledger) -> None:
    fill(api, ledger, [1e25, 1e26])
    ((_, raw_query),) = WORKLOADS["range"](DataSet(ask_of(api)))
    assert re.findall(r"=([^&]+)", unquote(raw_query)) == ["1e+25", "1e+26"]
    assert api.get("/ddb", raw_query).json["count"] == 2


def test_a_copy_that_grows_with_the_reads_is_finished_first(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the reads that are measured would make it."""
    monkeypatch.setattr("handlers.reads.sqlite_tmp.WHOLE_BYTES", 0)
    monkeypatch.setattr("handlers.reads.sqlite_tmp.STEP_BYTES", 4096)
    monkeypatch.setattr("handlers.snapshots.files.CHUNK_BYTES", 4096)
    api = Api({**environ, "VERIFY_MAX_BYTES": "0"})
    size_bytes = api.post("/insert", {"count": 300}).json["snapshot"]["bytes"]
    reads: list[int] = []

    def ask(path: str, raw_query: str) -> Mapping[str, Any]:
        answer = ask_of(api)(path, raw_query)
        reads.append(json.loads(answer["body"])["consumed"]["copied_bytes"])
        return answer

    finish_copy(ask, float("inf"), Clock())
    assert sum(reads) == size_bytes
    assert len(reads) > 5
    assert api.get("/sqlite-tmp").json["consumed"]["copied_bytes"] == 0


def test_a_copy_that_does_not_grow_is_not_waited_for() -> None:
    grown = iter([0, 7, 0, 0])

    def ask(_path: str, _raw_query: str) -> Mapping[str, Any]:
        return {"statusCode": 200, "body": json.dumps({"copy": {"bytes": next(grown), "remaining_bytes": 9}})}

    finish_copy(ask, float("inf"), Clock())
    assert not list(grown)


def test_a_copy_is_not_waited_for_when_the_time_is_over() -> None:
    slow = Slow()
    finish_copy(slow, 1000.0, Clock(1000.0))
    assert slow.paths == []


def test_an_empty_data_set_cannot_be_measured(api: Api) -> None:
    with pytest.raises(Problem, match="insert some rows") as caught:
        DataSet(ask_of(api))
    assert (caught.value.kind, caught.value.status) == ("no-rows", 409)


def test_a_path_that_is_away_is_told_before_anything_is_measured() -> None:
    slow = Slow(**{"ddb": 0.0, "sqlite-efs": 0.0})
    slow.status = 503
    for start in (check_ledger, DataSet):
        with pytest.raises(Problem, match="answers 503: as told") as caught:
            start(slow)
        assert json.loads(caught.value.body("1"))["status"] == 503
    assert slow.paths == ["/ddb", "/sqlite-efs"]
