from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.command import make_router
from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import hash_text
from handlers.ledger.head import HEAD_KEY, Head
from handlers.ledger.ledger import Ledger
from handlers.settings import Settings
from handlers.upkeep.findings import Finding, Findings
from tests.support.api import Answer, Api, event
from tests.support.meddling import Clock, head_of, no_time_limit, set_head
from tests.support.problems import assert_problem

HEADER = "snapshot-lag"


class Health:
    """GET /command/health with a clock of its own."""

    def __init__(self, ledger: Ledger, environ: dict[str, str]) -> None:
        self.clock = Clock(1_700_000_000.0)
        self._router = make_router(ledger, Settings(environ), self.clock, no_time_limit)

    def answer(self) -> Answer:
        answer = Answer(self._router(event("GET", "/command/health"), None))
        assert answer.status == 200
        return answer

    def __call__(self) -> dict[str, Any]:
        return self.answer().json

    def insert(self, prefer: str = "") -> dict[str, Any]:
        return Answer(self._router(event("POST", "/insert", headers={"prefer": prefer}), None)).json


@pytest.fixture
def folder(environ: dict[str, str]) -> Path:
    return Path(environ["EFS_DIR"], "snapshots")


@pytest.fixture
def health(ledger: Ledger, environ: dict[str, str]) -> Health:
    return Health(ledger, environ)


def test_without_a_ledger_health_says_so_and_makes_none(health: Health, ledger: Ledger) -> None:
    told = health()
    unknown = ("hash", "snapshot", "lag")
    assert (told["bookmark"], [told[name] for name in unknown], told["diverged"]) == ("0.0", [None] * 3, False)
    assert told["verified"] == {"quick": None, "full": None}
    health.insert()
    ledger.client.delete_item(TableName=ledger.table_name, Key=HEAD_KEY)
    assert health()["diverged"] is True  # what is published is of a ledger that is not here
    assert HEADER not in health.answer().headers
    assert ledger.head(no_time_limit()) is None


def test_health_tells_the_heads_hash_and_the_newest_snapshot(health: Health, ledger: Ledger) -> None:
    inserted = health.insert()
    told = health()
    assert told["bookmark"] == told["snapshot"] == inserted["bookmark"]
    assert told["hash"] == hash_text(head_of(ledger).hash)
    assert (told["lag"], told["diverged"]) == ({"rows": 0, "seconds": 0.0}, False)
    assert health.answer().headers[HEADER] == "rows=0, seconds=0.0"


def test_the_lag_is_of_the_oldest_row_that_no_snapshot_holds(health: Health) -> None:
    published = health.insert()["bookmark"]
    health.clock.pass_s(100)
    health.insert("respond-async")
    health.clock.pass_s(7.5)
    newest = health.insert("respond-async")["bookmark"]
    told = health()
    assert (told["bookmark"], told["snapshot"]) == (newest, published)
    assert told["lag"] == {"rows": 2, "seconds": 7.5}
    assert health.answer().headers[HEADER] == "rows=2, seconds=7.5"
    health.insert()
    assert health()["lag"] == {"rows": 0, "seconds": 0.0}


def test_a_clock_that_went_back_makes_no_negative_lag(health: Health) -> None:
    health.insert("respond-async")
    health.clock.pass_s(-60)
    assert health()["lag"] == {"rows": 1, "seconds": 0.0}


def test_what_the_parent_has_published_counts_as_published(health: Health, api: Api, folder: Path) -> None:
    health.insert()
    health.insert()
    old = health()["bookmark"]
    new = api.post("/snapshots", {"new_epoch": True}).json["snapshot"]["bookmark"]
    for path in folder.glob(f"{Bookmark.parse(new).epoch:016d}-*"):
        path.unlink()
    told = health()
    assert (told["bookmark"], told["snapshot"], told["lag"]["rows"]) == (new, old, 0)
    health.insert("respond-async")
    assert health()["lag"]["rows"] == 1


def test_without_the_file_system_health_still_tells_of_the_ledger(health: Health, environ: dict[str, str]) -> None:
    os.rmdir(environ["EFS_DIR"])
    bookmark = health.insert()["bookmark"]
    told = health()
    assert (told["bookmark"], told["snapshot"], told["lag"], told["diverged"]) == (bookmark, None, None, None)
    assert told["hash"]
    assert HEADER not in health.answer().headers


def test_a_ledger_that_lacks_the_row_has_no_lag_to_tell(health: Health, api: Api, ledger: Ledger) -> None:
    health.insert("respond-async")
    head = head_of(ledger)
    ledger.client.delete_item(TableName=ledger.table_name, Key={"pk": {"S": f"ledger#{head.root}#0"}, "sk": {"N": "1"}})
    assert_problem(api.get("/command/health"), "unavailable", "lacks 1 of the rows")


def test_what_is_published_beyond_the_head_is_of_another_history_and_has_no_lag(health: Health, ledger: Ledger) -> None:
    health.insert()
    before = head_of(ledger)
    newest = health.insert()["bookmark"]
    set_head(ledger, before)
    told = health()
    assert (told["bookmark"], told["snapshot"]) == (str(before.bookmark), newest)
    assert (told["diverged"], told["lag"]) == (True, None)
    assert HEADER not in health.answer().headers


def test_a_publish_while_health_is_asked_for_is_no_divergence(
    health: Health, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    health.insert()
    original = ledger.head

    def then_another_publishes(deadline: Deadline) -> Head | None:
        found = original(deadline)
        monkeypatch.setattr(ledger, "head", original)
        health.insert()
        return found

    monkeypatch.setattr(ledger, "head", then_another_publishes)
    assert health()["diverged"] is False


def test_health_tells_what_was_verified_last_of_each_level(health: Health, ledger: Ledger) -> None:
    health.insert()
    findings = Findings(ledger)
    findings.keep(Finding("quick", "7.5", "2026-01-01T00:00:00.000Z"), no_time_limit())
    findings.keep(Finding("full", "7.4", "2025-12-31T00:00:00.000Z", "it is wrong"), no_time_limit())
    quick = {"bookmark": "7.5", "checked_at": "2026-01-01T00:00:00.000Z", "is_right": True, "fault": None}
    full = {"bookmark": "7.4", "checked_at": "2025-12-31T00:00:00.000Z", "is_right": False, "fault": "it is wrong"}
    none = {"last_fault": None, "last_fault_at": None}
    assert health()["verified"] == {"quick": quick | none, "full": full | none}


# The header beside other answers


def test_what_publishes_says_that_nothing_lags(api: Api) -> None:
    assert api.post("/insert").headers[HEADER] == "rows=0, seconds=0.0"
    for content in (None, {"full": True}, {"new_epoch": True}):
        assert api.post("/snapshots", content).headers[HEADER] == "rows=0, seconds=0.0"


def test_what_does_not_publish_says_nothing_of_it(api: Api, environ: dict[str, str]) -> None:
    assert HEADER not in api.post("/insert", {}, prefer="respond-async").headers
    os.rename(environ["EFS_DIR"], environ["EFS_DIR"] + "-away")
    answer = api.post("/insert")
    assert (answer.status, answer.json["snapshot"]) == (201, None)
    assert HEADER not in answer.headers


@pytest.mark.parametrize("path", ["/sqlite-efs", "/sqlite-tmp"])
def test_a_fresh_read_says_how_far_the_snapshot_is_behind_what_it_shows(api: Api, path: str) -> None:
    api.post("/insert", {"count": 2})
    assert api.get(path, "fresh=1").headers[HEADER] == "rows=0, seconds=0.0"
    api.post("/insert", {"count": 3}, prefer="respond-async")
    fresh = api.get(path, "fresh=1")
    assert fresh.json["count"] == 5
    assert fresh.headers[HEADER].startswith("rows=3, seconds=")
    known = api.get(path, "fresh=1", if_none_match=fresh.headers["etag"])
    assert (known.status, known.headers[HEADER][:7]) == (304, "rows=3,")
    for raw_query in ("", "limit=1"):
        assert HEADER not in api.get(path, raw_query).headers  # that would be a round trip
    assert HEADER not in api.get("/ddb", "fresh=1").headers
