"""The functions' lines cost what settings and documents say: as logs by their bytes, as metrics by their number."""

from __future__ import annotations

import json
from statistics import mean
from typing import Any

import pytest

from console.costs.prices import load
from handlers.routes import COMMAND, PROJECTOR, QUERY, SOURCES
from handlers.telemetry.metrics import (
    BY_FUNCTION,
    BY_PATH,
    COLD_STARTS,
    COPIED_BYTES,
    DIVERGENCES,
    EFS_BYTES,
    ERRORS,
    LAG_ROWS,
    LAG_SECONDS,
    LATENCY,
    READ_UNITS,
    RETRIES,
)
from tests.infra.program import project_schema
from tests.infra.watch.test_operations import section
from tests.support.api import Api, Context, event

OWN_METRIC_USD = 0.30
GB = 2**30
STORED_USD = 0.03  # a GB for a month
LINE_BYTES = {"off": 570, "on": 830}  # by METRICS: what the documents count with
# A fresh read of the files asks DynamoDB, too; an insert has no receipt. The command function alone appends, and tells
# the lag; the query function finds no divergence.
TOLD_OF = {
    "sqlite-efs": {LATENCY, READ_UNITS, EFS_BYTES},
    "sqlite-tmp": {LATENCY, READ_UNITS, EFS_BYTES, COPIED_BYTES},
    "ddb": {LATENCY, READ_UNITS},
    "insert": {LATENCY},
}
TOLD_BY = {
    QUERY: {COLD_STARTS, RETRIES, ERRORS},
    COMMAND: {*BY_FUNCTION},
    PROJECTOR: {COLD_STARTS, RETRIES, ERRORS, DIVERGENCES},
}
# With alarms the clock asks for the lag every 5 minutes, and all three are called now and then.
IDLE = {(COMMAND, LAG_ROWS), (COMMAND, LAG_SECONDS), *((function, COLD_STARTS) for function in TOLD_BY)}


class Invocation(Context):
    """A call with an id as long as Lambda's."""

    aws_request_id = "8f507cfc-0000-4697-b07a-ac58fc914c95"


class Lines:
    """Query and command function with the names of prod, and the lines that they write."""

    def __init__(self, environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
        self._apis = {
            function: Api(environ | {"AWS_LAMBDA_FUNCTION_NAME": f"lambda-sqlite-prod-{function}"})
            for function in (QUERY, COMMAND)
        }
        self._capsys = capsys

    def of(self, method: str, path: str, content: object = None, raw_query: str = "") -> str:
        """The line of a request, with an id as long as the gateway's."""
        body = None if content is None else json.dumps(content)
        made = event(method, path, body, {"content-type": "application/json"} if body else {}, raw_query)
        made["requestContext"]["requestId"] = "JKJaXmPLvHcESHA="
        api = self._apis[QUERY if path.removeprefix("/") in SOURCES else COMMAND]
        self._capsys.readouterr()
        api.function(made)(made, Invocation())
        (line,) = self._capsys.readouterr().out.splitlines()
        return line + "\n"


def metrics_of(line: str) -> set[tuple[str, str]]:
    """What a line is about, its path or its function, with each metric that it tells of that."""
    members: dict[str, Any] = json.loads(line)
    directives = members.get("_aws", {}).get("CloudWatchMetrics", [])
    function = members["function"].removeprefix("lambda-sqlite-prod-")
    return {
        (members["path"] if "path" in told["Dimensions"][0] else function, metric["Name"])
        for told in directives
        for metric in told["Metrics"]
    }


def usd(line_bytes: float, lines: float = 1e6) -> float:
    """Lines of so many bytes, taken in and kept for a month."""
    return lines * line_bytes / GB * (load().prices.log.each + STORED_USD)


@pytest.mark.parametrize("metrics", ["off", "on"])
def test_a_line_has_as_many_bytes_as_its_price_counts_with(
    metrics: str, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of warm reads, the mean of the three paths; a slow machine's times have a digit more."""
    lines = Lines(environ | {"METRICS": metrics, "REQUEST_LOG_PERCENT": "100"}, capsys)
    lines.of("POST", "/insert", {"count": 1000})
    for path in SOURCES:
        lines.of("GET", f"/{path}")
    found = mean(len(lines.of("GET", f"/{path}")) for path in SOURCES)
    assert found == pytest.approx(LINE_BYTES[metrics], abs=15)


def test_lines_cost_the_same_wherever_it_is_said() -> None:
    plain, measured = (f"{usd(LINE_BYTES[metrics]):.2f}" for metrics in ("off", "on"))
    share = f"{usd(LINE_BYTES['off']) * 0.05:.2f}"
    text, setting = section("The request line"), project_schema()["requestLogPercent"]["description"]
    for said in (text, setting):
        assert f"{LINE_BYTES['off']} bytes" in said
        assert f"{share} USD a million requests at 5 %, {plain} at 100 %" in " ".join(said.split())
    assert f"{measured} with `metrics`" in " ".join(text.split())
    assert f"{measured} USD for a million requests" in " ".join(section("Metrics").split())
    assert f"{measured} USD a million requests" in " ".join(project_schema()["metrics"]["description"].split())
    table, month = section("What each setting costs"), 10.1e6
    assert f"| `requestLogPercent: 5` | 0.00 | {usd(LINE_BYTES['off'], month * 0.05):.2f} |" in table
    assert f"| {usd(LINE_BYTES['off'], month):.2f} |" in table
    assert f"and {usd(LINE_BYTES['on'], month):.2f} for the lines |" in table


def test_nothing_is_told_but_what_is_counted(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(environ | {"METRICS": "on"}, capsys)
    seen = metrics_of(lines.of("POST", "/insert", {"count": 100})) | metrics_of(lines.of("GET", "/command/health"))
    for path in SOURCES:
        for raw_query in ("", "fresh=1"):
            seen |= metrics_of(lines.of("GET", f"/{path}", raw_query=raw_query))
    of_paths = {(path, name) for path, names in TOLD_OF.items() for name in names}
    assert {told for told in seen if told[0] in TOLD_OF} == of_paths
    assert seen - of_paths <= {(function, name) for function, names in TOLD_BY.items() for name in names}
    assert {told for told in seen if told[0] == COMMAND} == {told for told in IDLE if told[0] == COMMAND}


def test_all_of_the_table_is_told_by_somebody() -> None:
    assert set().union(*TOLD_OF.values()) == {*BY_PATH}
    assert set().union(*TOLD_BY.values()) == {*BY_FUNCTION}


def test_metrics_cost_what_is_said_of_them() -> None:
    of_paths, of_functions = (sum(len(names) for names in told.values()) for told in (TOLD_OF, TOLD_BY))
    most, idle = f"{(of_paths + of_functions) * OWN_METRIC_USD:.2f}", f"{len(IDLE) * OWN_METRIC_USD:.2f}"
    text, described = section("Metrics"), " ".join(project_schema()["metrics"]["description"].split())
    assert f"All of them, {of_paths} of paths and {of_functions} of functions, are {most} USD" in " ".join(text.split())
    assert f"{idle} USD" in text
    assert f"{OWN_METRIC_USD:.2f} USD a month" in described
    assert f"at most {most} USD" in described
    assert f"| `metrics: true` | 0.00 to {idle} | at most {most}, and " in section("What each setting costs")
