"""From an event to an operation, beside the plainest way to do the same: what every request pays."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from handlers.gateway.request import Request
from handlers.gateway.response import Response
from handlers.gateway.router import Router
from handlers.reads.page import PAGE_PARAMETERS, PageQuery
from handlers.routes import QUERY, ROUTES
from tests.perf.conftest import Published
from tests.perf.subjects.measure import measure
from tests.support.api import QUIET, event

KINDS = ("ours", "plain")
ASKED = event("GET", "/sqlite-efs", None, None, "limit=7&order=asc&min_value=0.25")
EMPTY = Response(200, "{}", {"content-type": "application/json"})


def parsed() -> tuple[int, bool, float | None]:
    """Checked: unknown, repeated and malformed parameters are errors."""
    query = PageQuery(Request(ASKED).parameters(PAGE_PARAMETERS))
    return query.limit, query.newest_first, query.conditions[0][2]


def taken_as_they_are() -> tuple[int, bool, float]:
    """As a handler would first be written: whatever comes is converted."""
    parameters = dict(pair.split("=", 1) for pair in ASKED["rawQueryString"].split("&"))
    return int(parameters["limit"]), parameters["order"] == "desc", float(parameters["min_value"])


@pytest.mark.parametrize("kind", KINDS)
def test_event_to_request(benchmark: BenchmarkFixture, kind: str) -> None:
    call: Callable[[], object] = parsed if kind == "ours" else taken_as_they_are
    assert measure(benchmark, "event to request, three parameters", call) == (7, False, 0.25)


@pytest.mark.parametrize("kind", KINDS)
def test_route_match(benchmark: BenchmarkFixture, kind: str) -> None:
    path = "/sqlite-tmp/01JZ0000000000000000000000"
    asked = event("GET", path)
    ours = Router(QUERY, {name: lambda _: EMPTY for _, _, function, name in ROUTES if function == QUERY}, QUIET)
    fixed: dict[str, Callable[[object], object]] = {path: lambda _: EMPTY.to_event() for _, path, _, _ in ROUTES}

    def plain(asked: dict[str, object], _: None) -> object:
        """A dictionary of fixed paths, then the last part of the path as the parameter."""
        path = str(asked["rawPath"])
        operation = fixed.get(path) or fixed[path.rpartition("/")[0] + "/{id}"]
        return operation(asked)

    call = ours if kind == "ours" else plain
    assert measure(benchmark, "route match with a parameter, and an empty answer", lambda: call(asked, None))


@pytest.mark.parametrize("kind", KINDS)
def test_health(benchmark: BenchmarkFixture, thousand: Published, kind: str) -> None:
    asked = event("GET", "/health")
    call: Callable[[], dict[str, object]] = (
        (lambda: thousand.handler(asked, None))
        if kind == "ours"
        else (lambda: {"statusCode": 200, "headers": {}, "body": json.dumps({"status": "ok"})})
    )
    assert measure(benchmark, "health", call)["statusCode"] == 200
