from __future__ import annotations

import csv
import io
from typing import Any, cast

import pytest

from handlers import query
from handlers.aws.table import BENCHMARKS, rows_key
from handlers.benchmark import operations
from handlers.benchmark.lanes import WORKLOADS
from handlers.benchmark.operations import MAX_RUN_S, RESERVE_S, Benchmarks, asked_of
from handlers.benchmark.store import BenchmarkStore
from handlers.domain.problem import Problem
from handlers.gateway.request import Request, event_of_get
from handlers.ledger.ledger import Ledger
from handlers.routes import SOURCES
from handlers.settings import Settings
from tests.support.api import Answer, Api, event
from tests.support.meddling import Clock, Meddled, client_error, refuse
from tests.support.problems import assert_problem

SHORT = {"iterations": 2, "workloads": ["by-id", "stats"]}
UNCACHED = {"cache-control": "no-store", "vary": "accept-encoding"}
ID = "1800000000000"


@pytest.fixture
def filled(api: Api) -> Api:
    api.post("/insert", {"count": 120})
    return api


def measured(api: Api, content: object = SHORT) -> Any:
    answer = api.post("/benchmarks", content)
    assert answer.status == 201, answer.text
    assert answer.headers["location"] == f"/benchmarks/{answer.json['id']}"
    return answer.json


# Running one


def test_a_benchmark_measures_every_workload_on_every_path(filled: Api, ledger: Ledger) -> None:
    found = measured(filled, {"iterations": 3})
    assert found["settings"] == {"iterations": 3, "warm_ups": 1, "workloads": list(WORKLOADS)}
    assert (found["complete"], found["rows"], found["bookmark"].endswith(".120")) == (True, 120, True)
    assert found["environment"] == filled.get("/health").json["build"]
    kinds = [(result["workload"], result["source"]) for result in found["results"]]
    assert kinds == [(workload, source) for workload in WORKLOADS for source in SOURCES]
    for result in found["results"]:
        assert (result["requests"], result["errors"]) == (3, {})
        assert 0 < result["server_ms"]["p50"] <= result["server_ms"]["max"]
        assert (result["consumed"]["read_units"] > 0) is (result["source"] == "ddb")
        assert result["consumed"]["billed_ms"] >= 3


def test_by_default_there_are_a_hundred_of_each() -> None:
    assert asked_of({}) == (100, list(WORKLOADS))
    assert asked_of({"iterations": 1000, "workloads": ["stats"]}) == (1000, ["stats"])


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"iterations": 0}, "iterations"),
        ({"iterations": 1001}, "iterations"),
        ({"iterations": 1.5}, "iterations"),
        ({"iterations": True}, "iterations"),
        ({"iterations": "5"}, "iterations"),
        ({"iterations": None}, "iterations"),
        ({"workloads": []}, "workloads"),
        ({"workloads": "stats"}, "workloads"),
        ({"workloads": ["walk"]}, "workloads"),
        ({"workloads": ["stats", "stats"]}, "workloads"),
        ({"workloads": [["stats"]]}, "workloads"),
        ({"sources": ["ddb"]}, "sources"),
    ],
)
def test_wrong_content_is_named(api: Api, content: object, field: str) -> None:
    problem = assert_problem(api.post("/benchmarks", content), "invalid-content", field)
    assert [error["field"] for error in problem["errors"]] == [field]


def test_all_that_is_wrong_is_named_at_once(api: Api) -> None:
    problem = assert_problem(api.post("/benchmarks", {"iterations": 0, "workloads": 1, "x": 1}), "invalid-content")
    assert [error["field"] for error in problem["errors"]] == ["x", "iterations", "workloads"]


def test_a_request_that_is_no_json_object_or_has_parameters_is_refused(api: Api) -> None:
    assert_problem(api.post("/benchmarks", [1]), "invalid-content", "object")
    assert_problem(api("POST", "/benchmarks", "{", {"content-type": "application/json"}), "malformed-request")
    assert_problem(api("POST", "/benchmarks", "{}", {"content-type": "text/plain"}), "unsupported-media-type")
    assert_problem(api("POST", "/benchmarks", None, None, "iterations=5"), "malformed-request", "iterations")


def test_an_empty_data_set_is_told_what_to_do(api: Api) -> None:
    assert_problem(api.post("/benchmarks", SHORT), "no-rows", "insert some rows")
    assert api.get("/benchmarks").json == {"benchmarks": [], "next": None}


class Context:
    def __init__(self, remaining_ms: int) -> None:
        self.remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@pytest.mark.parametrize(("remaining_s", "run_s"), [(15, 15 - RESERVE_S), (900, MAX_RUN_S), (None, MAX_RUN_S)])
def test_it_is_over_before_the_function_is_cut_off(
    filled: Api, ledger: Ledger, remaining_s: int | None, run_s: float
) -> None:
    """Every request takes a sixteenth of a second here, so that the time is over long before they are all done."""
    clock, function = Clock(), filled.function(event("GET", "/ddb"))

    def ask(path: str, raw_query: str) -> Any:
        clock.pass_s(1 / 16)
        return function(event_of_get(path, raw_query), None)

    store = BenchmarkStore(ledger.client, ledger.table_name)
    operations = Benchmarks(ask, Settings({}), store, lambda: 1_800_000_000.0, clock)
    started_s = clock()
    context = None if remaining_s is None else Context(remaining_s * 1000)
    request = Request(
        event("POST", "/benchmarks", '{"iterations": 1000}', {"content-type": "application/json"}), context
    )
    answer = Answer(operations.measure(request).to_event())
    assert answer.json["complete"] is False
    assert run_s - 1 < clock() - started_s <= run_s
    assert answer.json["duration_ms"] == (clock() - started_s) * 1000
    assert (answer.json["id"], answer.json["started_at"]) == ("1800000000000", "2027-01-15T08:00:00.000Z")


# What is kept


def test_what_was_measured_can_be_asked_for(filled: Api) -> None:
    first, second = measured(filled), measured(filled, {"iterations": 1, "workloads": ["stats"]})
    assert filled.get(f"/benchmarks/{first['id']}").json == first
    listed = [{name: value for name, value in each.items() if name != "results"} for each in (second, first)]
    assert filled.get("/benchmarks").json == {"benchmarks": listed, "next": None}
    page = filled.get("/benchmarks", "limit=1").json
    assert page == {"benchmarks": listed[:1], "next": second["id"]}
    assert filled.get("/benchmarks", f"limit=1&cursor={page['next']}").json == {"benchmarks": listed[1:], "next": None}


def test_the_forms_of_one_benchmark(filled: Api) -> None:
    benchmark_id = measured(filled)["id"]
    report, results = (filled.get(f"/benchmarks/{benchmark_id}/{name}") for name in ("report.md", "results.csv"))
    assert report.headers == UNCACHED | {"content-type": "text/markdown; charset=utf-8"}
    assert report.text.startswith(f"# Benchmark {benchmark_id}\n")
    assert results.headers == UNCACHED | {"content-type": "text/csv; charset=utf-8"}
    lines = list(csv.DictReader(io.StringIO(results.text)))
    assert [(line["workload"], line["source"]) for line in lines] == [
        (workload, source) for workload in ("by-id", "stats") for source in SOURCES
    ]


def test_the_trend_over_benchmarks(filled: Api) -> None:
    made = [measured(filled) for _ in range(3)]
    trends = filled.get("/benchmarks/trends").json["trends"]
    assert len(trends) == 6
    for trend in trends:
        assert [point["id"] for point in trend["points"]] == [each["id"] for each in made]
        assert [point["p50_change"] is None for point in trend["points"]] == [True, False, False]


@pytest.mark.parametrize("name", ["", "/report.md", "/results.csv"])
def test_a_benchmark_that_is_not_there_is_not_found(api: Api, name: str) -> None:
    for benchmark_id in (ID, "x", "0", "é", "\0"):
        assert_problem(api.get(f"/benchmarks/{benchmark_id}{name}"), "not-found", "no benchmark")
    long = api.get(f"/benchmarks/{'9' * 5000}{name}")
    assert_problem(long, "not-found")
    assert len(long.text) < 500


@pytest.mark.parametrize(
    "path", ["/benchmarks", "/benchmarks/trends", f"/benchmarks/{ID}", f"/benchmarks/{ID}/report.md"]
)
def test_wrong_parameters_are_named(api: Api, path: str) -> None:
    assert_problem(api.get(path, "order=asc"), "malformed-request", "order")


@pytest.mark.parametrize(
    "raw_query", ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=-1", "cursor=01", "cursor="]
)
def test_a_page_of_benchmarks_is_asked_for_like_any_other(api: Api, raw_query: str) -> None:
    field = raw_query.partition("=")[0]
    problem = assert_problem(api.get("/benchmarks", raw_query), "malformed-request", field)
    assert problem["errors"][0]["field"] == field


def test_all_that_is_wrong_with_such_a_request_is_told_at_once(api: Api) -> None:
    problem = assert_problem(api.get("/benchmarks", "nothing=1&limit=0&cursor=x"), "malformed-request")
    assert [error["field"] for error in problem["errors"]] == ["nothing", "cursor", "limit"]


@pytest.mark.parametrize("path", ["/benchmarks", "/benchmarks/trends"])
def test_head_is_get_without_the_body(api: Api, path: str) -> None:
    get, head = api.get(path), api("HEAD", path)
    length = {"content-length": str(len(get.text))}
    assert (head.status, head.text, head.headers) == (200, "", get.headers | length)


# What is away


def test_without_a_table_it_says_so(environ: dict[str, str]) -> None:
    handler = query.make_handler({name: value for name, value in environ.items() if name != "TABLE_NAME"})
    for method, path in (("POST", "/benchmarks"), ("GET", "/benchmarks"), ("GET", f"/benchmarks/{ID}")):
        assert_problem(Answer(handler(event(method, path), None)), "unavailable", "TABLE_NAME")


def test_without_dynamodb_nothing_is_measured(environ: dict[str, str]) -> None:
    handler = query.make_handler({**environ, "TABLE_NAME": "not-there"})
    for method, path in (("POST", "/benchmarks"), ("GET", "/benchmarks"), ("GET", "/benchmarks/trends")):
        answer = Answer(handler(event(method, path), None))
        assert_problem(answer, "unavailable", "ResourceNotFoundException")
        assert answer.headers["retry-after"]


def test_without_the_file_system_nothing_is_measured(filled: Api, environ: dict[str, str]) -> None:
    handler = query.make_handler({**environ, "EFS_DIR": environ["EFS_DIR"] + "/not-there"})
    assert_problem(Answer(handler(event("POST", "/benchmarks"), None)), "unavailable", "/sqlite-efs answers 503")


def test_a_result_that_cannot_be_kept_is_503(filled: Api, ledger: Ledger) -> None:
    client = Meddled(ledger.client, {"put_item": [refuse(client_error("AccessDeniedException"))]}, {})
    store = BenchmarkStore(cast("Any", client), ledger.table_name)
    router = filled.function(event("GET", "/ddb"))
    operations = Benchmarks(lambda path, query: router(event_of_get(path, query), None), Settings({}), store)
    body = event("POST", "/benchmarks", '{"iterations": 1}', {"content-type": "application/json"})
    with pytest.raises(Problem, match="AccessDenied") as caught:
        operations.measure(Request(body))
    assert caught.value.status == 503


# What it may touch


def test_a_benchmark_writes_one_item_into_its_own_partition(filled: Api, ledger: Ledger) -> None:
    def items(partition: str) -> list[Any]:
        answer = ledger.client.query(
            TableName=ledger.table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
        )
        return answer["Items"]

    epoch = int(filled.get("/health").json["bookmark"].partition(".")[0])
    before = items(rows_key(epoch, 0)), items("head")
    measured(filled)
    assert (items(rows_key(epoch, 0)), items("head")) == before
    assert len(items(BENCHMARKS)) == 1


def test_the_code_is_loaded_once(filled: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.get("/benchmarks")
    monkeypatch.setattr(operations, "make_client", None)
    assert filled.get("/benchmarks").status == 200


def test_it_is_a_problem_where_the_sample_is_refused() -> None:
    def ask(*_: object) -> Any:
        return {"statusCode": 404, "body": '{"detail": "nothing"}'}

    operations = Benchmarks(ask, Settings({}), cast("Any", None))
    with pytest.raises(Problem, match="GET /ddb answers 404: nothing"):
        operations.measure(Request(event("POST", "/benchmarks")))
