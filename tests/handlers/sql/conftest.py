"""A snapshot of three segments on disk, and statements run over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.reads.sqlite_efs import SqliteReader
from handlers.rows import MODEL
from handlers.sql.budget import Budget
from handlers.sql.execution import Execution, Rows
from handlers.sql.statement import Statement
from handlers.telemetry.usage import Usage
from tests.support.files import EPOCH, MemoryLedger, Place

TABLE = MODEL.table
ROWS = (3000, 300, 30)  # of the segments
COUNT = sum(ROWS)

Run = Callable[..., Any]


def rows_of(
    reader: SqliteReader,
    body: dict[str, Any],
    seq: int | None = None,
    budget: Budget | None = None,
    memory_mb: int | None = None,
) -> Rows:
    """Run a statement as of a row (None: the newest)."""
    errors: list[dict[str, str]] = []
    statement = Statement(body, errors)
    assert errors == []
    own_budget = budget or Budget()

    def use(view: Any) -> Rows:
        execution = Execution(view if seq is None else view.at(Bookmark(EPOCH, seq)), own_budget, memory_mb)
        try:
            return execution.run(statement)
        finally:
            execution.close()

    return reader.read(Bookmark(0, 0), Usage(), use)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, unflushed: None) -> Place:
    place = Place(tmp_path_factory.mktemp("sql"))
    assert len(place.publish_parts(MemoryLedger(), *ROWS).chain) == len(ROWS)
    return place


@pytest.fixture(scope="module")
def reader(published: Place) -> SqliteReader:
    return published.on_efs()


@pytest.fixture
def run(reader: SqliteReader) -> Run:
    """The rows of a statement, parsed."""

    def run(sql: str, *parameters: object, seq: int | None = None, limit: int = 1000) -> list[list[Any]]:
        found = rows_of(reader, {"sql": sql, "parameters": list(parameters), "limit": limit}, seq)
        parsed: list[list[Any]] = json.loads(f"[{found.text}]")
        assert len(parsed) == found.count
        return parsed

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
