"""The relational function's events, with the emulated table's rows and a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from handlers.domain.problem import Problem, unavailable
from handlers.feed.growth import DivergedHomeError
from handlers.feed.tasks import RESERVE_S, FeedTasks
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.postgres.connection import Database
from handlers.telemetry.log import Log
from handlers.upkeep.findings import VerificationError
from tests.handlers.feed.site import Site, settings_of
from tests.support.api import Context, failed, record
from tests.support.files import make_rows
from tests.support.meddling import EPOCH, head_of, no_time_limit, put_rows, set_head


class Function:
    """The tasks of one sandbox, and the lines that it wrote."""

    def __init__(self, ledger: Ledger, url: str, metrics: str = "on") -> None:
        settings = settings_of(url, METRICS=metrics, AWS_LAMBDA_FUNCTION_NAME="relational", REQUEST_LOG_PERCENT="0")
        self.ledger = ledger
        self.database = Database(settings)
        self.written: list[str] = []
        self.tasks = FeedTasks(ledger, self.database, settings, Log(settings, self.written.append))

    def __call__(self, event: dict[str, Any], remaining_s: float = 300.0) -> dict[str, Any]:
        return self.tasks(event, Context(remaining_s))  # pyright: ignore[reportArgumentType] - in Lambda's place

    def grow(self, count: int) -> None:
        head = self.ledger.head(no_time_limit()) or Head.new(EPOCH)
        added = make_rows(count, head.seq + 1)
        put_rows(self.ledger, added)
        set_head(self.ledger, head.plus(added))

    def line(self) -> dict[str, Any]:
        return json.loads(self.written[-1])


@pytest.fixture
def function(ledger: Ledger, database_url: str) -> Iterator[Function]:
    made = Function(ledger, database_url)
    yield made
    made.database.close()


def test_a_batch_brings_the_home_up_to_the_head(function: Function, site: Site) -> None:
    function.grow(5)
    head = head_of(function.ledger)
    assert function({"Records": [record(1, head.bookmark)]}) == failed()
    assert (site.live().bookmark, site.live().hash) == (head.bookmark, head.hash)
    line = function.line()
    assert (line["task"], line["records"], line["rows"], line["outcome"]) == ("feed", 1, 5, "ok")


def test_of_batches_that_go_well_only_a_share_has_a_line(ledger: Ledger, database_url: str) -> None:
    function = Function(ledger, database_url, metrics="off")
    function.grow(1)
    for _ in range(3):
        function({"Records": [record(1, head_of(ledger).bookmark)]})
    assert len(function.written) == 1  # the first of a sandbox
    function({"task": "maintain"})
    assert len(function.written) == 2
    function.database.close()


def test_all_of_it_goes_by_way_of_a_pooler_that_keeps_nothing(
    ledger: Ledger, pooled_url: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.feed.growth.COPY_ROWS", 3)
    function = Function(ledger, pooled_url)
    for count in (5, 2):
        function.grow(count)
        assert function({"task": "maintain"})["is_done"]
    assert function({"task": "verify", "level": "full"})["proven"] == 7
    site.ask("UPDATE home SET hash = repeat('0', 32)")
    with pytest.raises(VerificationError):
        function({"task": "maintain"})
    assert site.live().bookmark == head_of(ledger).bookmark
    function.database.close()


def test_records_of_nothing_but_other_items_ask_nothing_of_anybody(function: Function, site: Site) -> None:
    other = {
        "eventName": "INSERT",
        "dynamodb": {"Keys": {"pk": {"S": "jobs"}, "sk": {"N": "1"}}, "SequenceNumber": "1"},
    }
    assert function({"Records": [other]}) == failed()
    assert site.tables() == set()


def test_what_there_is_no_time_for_comes_again(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.feed.feeder.CHUNK_ROWS", 1)
    function.grow(1500)
    moved = head_of(function.ledger).bookmark
    assert function({"Records": [record(7, moved), record(8, moved)]}, RESERVE_S) == failed(7)
    assert (function.line()["outcome"], function.line()["Errors"]) == ("not-fed", 1)
    assert function({"Records": [record(7, moved), record(8, moved)]}) == failed()


@pytest.mark.parametrize(
    ("error", "outcome", "divergences"),
    [
        (DivergedHomeError("another history"), "VerificationError", 1),
        (unavailable("the table is away"), "Problem", None),
        (psycopg.OperationalError("the server is away"), "OperationalError", None),
    ],
    ids=["diverged", "no table", "no server"],
)
def test_a_batch_that_fails_comes_again_whole_and_is_told(
    function: Function, error: Exception, outcome: str, divergences: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise error

    function.grow(5)
    monkeypatch.setattr("handlers.feed.feeder.Feeder.feed", fail)
    assert function({"Records": [record(1, head_of(function.ledger).bookmark)]}) == failed(1)
    line = function.line()
    assert (line["outcome"], line["Errors"], line.get("Divergences")) == (outcome, 1, divergences)


def test_the_clocks_tasks_feed_and_verify(function: Function) -> None:
    function.grow(5)
    assert function({"task": "maintain"})["is_done"]
    assert function.line()["task"] == "maintain"
    assert function({"task": "verify"})["quick"]["is_right"]
    done = function({"task": "verify", "level": "full", "with_ledger": True, "limit_s": 60})
    assert (done["proven"], done["compared"], done["full"]["is_right"]) == (5, 5, True)
    assert (function.line()["level"], function.line()["limit_s"]) == ("full", 60)


def test_a_fault_is_an_error_of_the_invocation_and_counted(function: Function, site: Site) -> None:
    function.grow(5)
    function({"task": "maintain"})
    site.ask("UPDATE home SET hash = repeat('0', 32)")
    with pytest.raises(VerificationError):
        function({"task": "maintain"})
    assert (function.line()["outcome"], function.line()["Divergences"]) == ("VerificationError", 1)


def test_the_schema_is_compared_and_migrated(function: Function, site: Site) -> None:
    site.ask("DROP TABLE home")
    assert function({"task": "migrate", "check": True})["pending"] == ["0001_home.sql"]
    assert function({"task": "migrate"})["applied"] == ["0001_home.sql"]
    assert function({"task": "migrate"})["already_applied"] == ["0001_home.sql"]


def test_another_task_is_refused_with_what_is_allowed(function: Function) -> None:
    with pytest.raises(ValueError, match="task: got 'dance', allowed: bootstrap, maintain, migrate, verify"):
        function({"task": "dance"})


def test_a_read_that_waits_is_told_up_to_where_it_was_fed(function: Function, site: Site) -> None:
    function.grow(5)
    assert function.tasks.refresh() == head_of(function.ledger).bookmark
    site.ask("ALTER TABLE home RENAME TO another")
    with pytest.raises(Problem) as problem:
        function.tasks.refresh()
    assert problem.value.status == 503


def test_a_defect_of_ours_is_not_taken_for_a_server_that_is_away(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Any:
        raise psycopg.errors.SyntaxError("ours")

    monkeypatch.setattr("handlers.feed.feeder.Feeder.refresh", fail)
    with pytest.raises(psycopg.errors.SyntaxError):
        function.tasks.refresh()
