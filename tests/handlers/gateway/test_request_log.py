from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.telemetry.metrics import BY_FUNCTION, BY_PATH, BY_VERSION
from tests.support.api import Answer, Api, Context, event

BY_DIMENSION = {"path": BY_PATH, "function": BY_FUNCTION, "version": BY_VERSION}
COUNTED = {"ColdStarts", "Retries", "Conflicts"}


class Logged:
    """The functions, and the line of each request."""

    def __init__(self, environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
        self.api = Api(environ | {"AWS_LAMBDA_FUNCTION_NAME": "one"})
        self._capsys = capsys

    def line(self, method: str, path: str, body: str | None = None, raw_query: str = "", **headers: str) -> Any:
        """Send one request, and return its line."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named["content-type"] = "application/json"
        made = event(method, path, body, named, raw_query)
        self._capsys.readouterr()
        self.answer = Answer(self.api.function(made)(made, Context()))
        (line,) = self._capsys.readouterr().out.splitlines()
        return json.loads(line)


@pytest.fixture
def logged(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Logged:
    return Logged(environ | {"METRICS": "on"}, capsys)


def no_file_system(*_: object, **_options: object) -> None:
    raise OSError("no file system")


def metrics_of(line: Any) -> dict[str, float]:
    """The metrics of a line, without those of the sandbox; each has its table's dimensions and unit."""
    told: dict[str, float] = {}
    for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
        names = [metric["Name"] for metric in directive["Metrics"]]
        table = BY_DIMENSION[directive["Dimensions"][0][-1]]
        assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}.items() <= table.items()
        told |= {name: line[name] for name in names}
    return {name: value for name, value in told.items() if name not in COUNTED}


def test_a_read_tells_its_route_its_outcome_and_all_that_its_answer_measures(logged: Logged) -> None:
    bookmark = logged.line("POST", "/insert", "{}")["bookmark"]
    line = logged.line("GET", "/sqlite-tmp", raw_query="limit=1")
    answer = logged.answer.json
    assert {name: line[name] for name in ("timings_ms", "consumed", "copy")} == {
        name: answer[name] for name in ("timings_ms", "consumed", "copy")
    }
    assert {name: line[name] for name in ("level", "function", "request_id", "invocation_id", "route", "path")} == {
        "level": "INFO",
        "function": "one",
        "request_id": "request-1",
        "invocation_id": "invocation-1",
        "route": "GET /sqlite-tmp",
        "path": "sqlite-tmp",
    }
    assert (line["status"], line["outcome"], line["bookmark"]) == (200, "ok", bookmark)
    assert line["duration_ms"] >= answer["timings_ms"]["total"]


def test_a_read_of_a_path_has_the_metrics_that_its_receipt_gives(logged: Logged) -> None:
    logged.line("POST", "/insert", "{}")
    line = logged.line("GET", "/sqlite-tmp")
    consumed = line["consumed"]
    assert metrics_of(line) == {
        "Latency": line["duration_ms"],
        "EfsMeteredBytes": consumed["efs_metered_bytes"],
        "CopiedBytes": consumed["copied_bytes"],
    }
    line = logged.line("GET", "/ddb")
    assert metrics_of(line) == {"Latency": line["duration_ms"], "ReadUnits": line["consumed"]["read_units"]}


def test_a_read_that_uses_nothing_has_its_latency_alone(logged: Logged) -> None:
    logged.line("POST", "/insert", "{}")
    logged.line("GET", "/sqlite-efs")
    line = logged.line("GET", "/sqlite-efs")
    assert (line["consumed"]["efs_bytes"], set(metrics_of(line)) - {"EfsMeteredBytes"}) == (0, {"Latency"})


def test_an_answer_that_the_client_has_is_measured_too(logged: Logged) -> None:
    logged.line("POST", "/insert", "{}")
    logged.line("GET", "/ddb")
    line = logged.line("GET", "/ddb", if_none_match=logged.answer.headers["etag"])
    assert (line["status"], line["outcome"], line["consumed"]["read_units"]) == (304, "ok", 1.0)


def test_no_value_of_a_row_or_of_a_request_is_in_a_line(logged: Logged) -> None:
    logged.line("POST", "/insert", '{"random_value": 0.123456}')
    row_id = logged.answer.json["ids"][0]
    lines = [
        logged.line("GET", f"/ddb/{row_id}"),
        logged.line("GET", f"/nothing/{row_id}"),
        logged.line("GET", "/sqlite-efs", raw_query="min_value=0.123456&secret=0.123456"),
        logged.line("POST", "/sqlite-efs/sql", '{"sql": "SELECT 0.123456"}'),
        logged.line("POST", "/insert", '{"random_value": "0.123456"}'),
    ]
    assert [line["route"] for line in lines] == [
        "GET /ddb/{id}",
        None,
        "GET /sqlite-efs",
        "POST /sqlite-efs/sql",
        "POST /insert",
    ]
    assert [line["status"] for line in lines] == [200, 404, 400, 200, 422]
    text = json.dumps(lines)
    assert not [value for value in (row_id, "0.123456", "secret", "SELECT") if value in text]


def test_an_insert_tells_its_times_and_that_nothing_lags(logged: Logged) -> None:
    line = logged.line("POST", "/insert", "{}")
    answer = logged.answer.json
    assert (line["path"], line["bookmark"], line["timings_ms"]) == ("insert", answer["bookmark"], answer["timings_ms"])
    assert line["lag"] == {"rows": 0, "seconds": 0.0}
    assert metrics_of(line) == {"Latency": line["duration_ms"], "LagRows": 0, "LagSeconds": 0.0}


def test_the_health_of_the_command_function_tells_the_lag(logged: Logged) -> None:
    logged.line("POST", "/insert", '{"count": 3}', prefer="respond-async")
    line = logged.line("GET", "/command/health")
    assert (line["lag"]["rows"], metrics_of(line)) == (3, {"LagRows": 3, "LagSeconds": line["lag"]["seconds"]})


def test_a_read_tells_the_lag_in_its_line_but_not_as_a_metric(logged: Logged) -> None:
    logged.line("POST", "/insert", '{"count": 3}')
    logged.line("POST", "/insert", '{"count": 2}', prefer="respond-async")
    line = logged.line("GET", "/sqlite-efs", raw_query="fresh=1")
    assert (line["lag"]["rows"], {"LagRows", "LagSeconds"} & metrics_of(line).keys()) == (2, set())


def test_an_insert_that_is_not_published_says_so(logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.snapshots.publish.Publisher.publish", no_file_system)
    line = logged.line("POST", "/insert", "{}")
    assert (line["level"], line["status"], line["outcome"], "lag" in line) == ("WARN", 201, "not-published", False)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("GET", "/nothing"), ("WARN", 404, "not-found")),
        (("PUT", "/ddb"), ("WARN", 405, "method-not-allowed")),
        (("POST", "/snapshots"), ("ERROR", 503, "unavailable")),
        (("DELETE", "/insert"), ("WARN", 405, "method-not-allowed")),
    ],
    ids=lambda value: "-".join(map(str, value)).replace("/", ""),
)
def test_what_fails_says_how(
    logged: Logged, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, str], said: tuple[str, int, str]
) -> None:
    monkeypatch.setattr("handlers.snapshots.publish.Publisher.publish", no_file_system)
    line = logged.line(*asked)
    assert (line["level"], line["status"], line["outcome"]) == said
    assert metrics_of(line).get("Errors") == (1 if line["status"] >= 500 else None)
    assert (line["route"] is None) == (line["status"] in (404, 405))


def test_a_bookmark_that_nobody_has_seen_is_no_failure_of_ours(logged: Logged) -> None:
    logged.line("POST", "/insert", "{}")
    line = logged.line("GET", "/ddb", min_bookmark="9999999999999.1")
    assert (line["level"], line["status"], line["outcome"]) == ("WARN", 503, "not-there-yet")
    assert "Errors" not in metrics_of(line)


def test_without_metrics_most_of_what_goes_well_has_no_line(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    api = Api(environ | {"REQUEST_LOG_PERCENT": "10"})
    for _ in range(21):
        assert api.get("/health").status == 200
    assert len(capsys.readouterr().out.splitlines()) == 1 + 2  # the first, and a tenth


def test_a_sandbox_that_the_warmer_has_woken_is_not_cold(logged: Logged) -> None:
    logged.api.function(event("GET", "/health"))({"hold_ms": 0}, None)
    assert logged.line("GET", "/health")["is_cold"] is False


def test_a_benchmark_within_the_function_leaves_one_line(logged: Logged) -> None:
    logged.line("POST", "/insert", '{"count": 10}')
    assert logged.line("POST", "/benchmarks", '{"iterations": 2}')["status"] == 201
