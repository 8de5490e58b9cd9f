"""Reads through the query function beside the plain handler, in one run: the ratio is what counts."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.perf.conftest import Published
from tests.perf.subjects.measure import measure
from tests.support.api import event

KINDS = ("ours", "plain")
Call = Callable[[], dict[str, object]]


def ours(published: Published, path: str, raw_query: str = "") -> Call:
    request = event("GET", path, None, None, raw_query)
    return lambda: published.handler(request, None)


def content(answer: dict[str, object]) -> object:
    text = str(answer["body"])
    return json.loads(text)["data"] if text.startswith("{") else json.loads(text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [100, 1000])
def test_newest(benchmark: BenchmarkFixture, thousand: Published, limit: int, kind: str) -> None:
    call = ours(thousand, "/sqlite-efs", f"limit={limit}") if kind == "ours" else lambda: thousand.plain.newest(limit)
    assert content(measure(benchmark, f"newest {limit} of 1000 rows", call)) == content(thousand.plain.newest(limit))


@pytest.mark.parametrize("kind", KINDS)
def test_by_id(benchmark: BenchmarkFixture, thousand: Published, kind: str) -> None:
    row_id = thousand.rows[500][1]
    call = ours(thousand, f"/sqlite-efs/{row_id}") if kind == "ours" else lambda: thousand.plain.by_id(row_id)
    assert row_id in str(measure(benchmark, "one of 1000 rows by id", call)["body"])


@pytest.mark.parametrize("kind", KINDS)
def test_stats(benchmark: BenchmarkFixture, published: Published, kind: str) -> None:
    count = len(published.rows)
    call = ours(published, "/sqlite-efs/stats") if kind == "ours" else published.plain.stats
    assert str(count) in str(measure(benchmark, f"statistics of {count} rows", call)["body"])
