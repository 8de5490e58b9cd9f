"""What each step is worth: the newest 100 rows, from the plainest way to ours, one step more at a time.

Each step keeps those before it. The last one is the whole function; what it adds to the step before is the request and
its checks, the version check, headers, usage and the receipt.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from handlers.rows import MODEL
from tests.perf.conftest import Published
from tests.perf.subjects.measure import measure
from tests.perf.subjects.plain import SHOWN
from tests.support.api import event

NEWEST = f"SELECT {SHOWN} FROM {MODEL.sql_table} ORDER BY seq DESC LIMIT 100"
TEXTS = f"SELECT json FROM {MODEL.sql_table} WHERE seq BETWEEN 901 AND 1000 ORDER BY seq DESC"
JOINED = f"SELECT group_concat(json) FROM ({TEXTS})"

Step = Callable[[], str]


def rows_of(connection: sqlite3.Connection) -> str:
    cursor = connection.execute(NEWEST)
    names = [column[0] for column in cursor.description]
    return json.dumps([dict(zip(names, row, strict=True)) for row in cursor])


def opened_per_request(path: Path) -> Step:
    def step() -> str:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return rows_of(connection)
        finally:
            connection.close()

    return step


def kept_open(path: Path) -> Step:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    return lambda: rows_of(connection)


def immutable(path: Path) -> Step:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    return lambda: rows_of(connection)


def text_kept_in_the_file(path: Path) -> Step:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    return lambda: f"[{','.join([text for (text,) in connection.execute(TEXTS)])}]"


def joined_by_sqlite(path: Path) -> Step:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    return lambda: f"[{connection.execute(JOINED).fetchone()[0]}]"


STEPS = (opened_per_request, kept_open, immutable, text_kept_in_the_file, joined_by_sqlite)


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[f"{n}-{step.__name__}" for n, step in enumerate(STEPS)])
def test_newest_100(benchmark: BenchmarkFixture, thousand: Published, number: int) -> None:
    text = measure(benchmark, "newest 100, step by step", STEPS[number](thousand.path))
    assert json.loads(text) == json.loads(str(thousand.handler(event("GET", "/sqlite-efs"), None)["body"]))["data"]


def test_newest_100_by_the_whole_function(benchmark: BenchmarkFixture, thousand: Published) -> None:
    asked = event("GET", "/sqlite-efs")
    answer = measure(benchmark, "newest 100, step by step", lambda: thousand.handler(asked, None))
    assert json.loads(str(answer["body"]))["count"] == 100
