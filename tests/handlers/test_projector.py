from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from handlers import projector
from handlers.domain.bookmark import Bookmark
from handlers.ledger.ledger import Ledger
from handlers.projector import RESERVE_S, Projector, make_handler
from handlers.settings import SettingsError
from handlers.upkeep.findings import VerificationError
from tests.support.api import SOURCES, Api, Context, failed, record
from tests.support.meddling import head_of, set_head


@pytest.fixture
def handler(environ: dict[str, str]) -> Projector:
    return make_handler(environ)


@dataclass
class World:
    """What a function works on, and where it writes its lines."""

    environ: dict[str, str]
    api: Api
    ledger: Ledger
    capsys: pytest.CaptureFixture[str]


@pytest.fixture
def world(environ: dict[str, str], api: Api, ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> World:
    return World(environ, api, ledger, capsys)


def append(api: Api, count: int = 3) -> Bookmark:
    """Rows that nobody has published."""
    return Bookmark.parse(api.post("/insert", {"count": count}, prefer="respond-async").json["bookmark"])


def test_a_batch_of_the_stream_is_published_and_every_path_shows_it(api: Api, handler: Projector) -> None:
    appended = append(api)
    assert handler({"Records": [record(7, appended)]}, Context()) == failed()
    for path in SOURCES:
        answer = api.get(path, min_bookmark=str(appended))
        assert (answer.status, answer.json["count"]) == (200, 3)


def test_a_batch_that_is_not_done_names_its_first_record(api: Api, handler: Projector) -> None:
    appended = append(api)
    assert handler({"Records": [record(7, appended), record(8, appended)]}, Context(RESERVE_S)) == failed(7)


@pytest.mark.parametrize("level", [None, "quick", "full"])
def test_a_verification_answers_with_what_it_found(api: Api, handler: Projector, level: str | None) -> None:
    bookmark = api.post("/insert", {"count": 2}).json["bookmark"]
    event = {"task": "verify"} | ({"level": level} if level else {})
    done = handler(event, Context())
    assert {name: done[name] for name in ("bookmark", "is_right", "fault")} == {
        "bookmark": bookmark,
        "is_right": True,
        "fault": None,
    }
    verified = api.get("/command/health").json["verified"]
    assert verified == {"quick": None, "full": None} | {level or "quick": done}


def line_of(capsys: pytest.CaptureFixture[str]) -> Any:
    """The only line that was written, without its duration."""
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp").endswith("Z")
    return line


def test_maintenance_publishes_and_its_line_says_what_it_did(
    api: Api, handler: Projector, capsys: pytest.CaptureFixture[str]
) -> None:
    appended = append(api)
    capsys.readouterr()
    done = handler({"task": "maintain"}, Context())
    assert (done["bookmark"], "full" in done) == (str(appended), False)
    assert line_of(capsys) == {
        "level": "INFO",
        "function": "",
        "version": "",
        "invocation_id": "invocation-1",
        "task": "maintain",
        "outcome": "ok",
        **done,
        "is_cold": True,
    }


def test_each_task_has_a_line_and_of_batches_that_went_well_a_share(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    handler = make_handler({**environ, "REQUEST_LOG_PERCENT": "0"})
    events: list[dict[str, Any]] = [{"task": "verify"}, {"Records": []}, {"Records": []}, {"task": "verify"}]
    for event in events:
        handler(event, Context())
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["task"] for line in lines] == ["verify", "verify"]


def test_a_batch_that_is_not_done_is_an_error_in_the_log(
    api: Api, handler: Projector, capsys: pytest.CaptureFixture[str]
) -> None:
    appended = append(api)
    capsys.readouterr()
    handler({"Records": [record(7, appended)]}, Context(RESERVE_S))
    line = line_of(capsys)
    assert (line["level"], line["task"], line["records"], line["outcome"]) == ("ERROR", "project", 1, "not-published")


@pytest.mark.parametrize(
    ("event", "error", "outcome", "metrics"),
    [
        ({"task": "maintain"}, VerificationError, "VerificationError", {"Errors": 1, "Divergences": 1}),
        ({"task": "warm"}, ValueError, "ValueError", {"Errors": 1}),
    ],
    ids=["divergence", "a defect"],
)
def test_a_task_that_fails_counts_as_an_error(
    world: World, event: dict[str, Any], error: type[Exception], outcome: str, metrics: dict[str, int]
) -> None:
    append(world.api)
    before = head_of(world.ledger)
    world.api.post("/insert")
    set_head(world.ledger, before)
    handler = make_handler({**world.environ, "METRICS": "on"})
    world.capsys.readouterr()
    with pytest.raises(error):
        handler(event, Context())
    line = line_of(world.capsys)
    assert (line["level"], line["outcome"]) == ("ERROR", outcome)
    assert {name: line.get(name) for name in ("Errors", "Divergences")} == {"Divergences": None} | metrics


def test_by_setting_maintenance_verifies_fully(api: Api, environ: dict[str, str]) -> None:
    append(api)
    done: Any = make_handler({**environ, "FULL_VERIFICATION": "1"})({"task": "maintain"}, Context())
    assert done["full"]["is_right"] is True


def test_divergence_fails_the_invocation(api: Api, ledger: Ledger, handler: Projector) -> None:
    append(api)
    before = head_of(ledger)
    api.post("/insert")
    set_head(ledger, before)
    for event in ({"task": "maintain"}, {"task": "verify"}, {"task": "verify", "level": "full"}):
        with pytest.raises(VerificationError, match="reaches beyond"):
            handler(event, Context())
    assert api.get("/command/health").json["verified"]["quick"]["is_right"] is False


@pytest.mark.parametrize("event", [{}, {"task": "warm"}, {"task": None}, {"records": []}, {"rawPath": "/"}], ids=repr)
def test_an_unknown_task_names_those_there_are(handler: Projector, event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="allowed: maintain, rebuild, verify"):
        handler(event, Context())


@pytest.mark.parametrize(("remaining_s", "limit_s"), [(300, 280), (21, 1), (20, 0), (3, 0)])
@pytest.mark.parametrize("event", [{"Records": []}, {"task": "maintain"}, {"task": "verify"}], ids=repr)
def test_each_event_gets_the_time_that_is_left_less_a_reserve(
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    event: dict[str, Any],
    remaining_s: float,
    limit_s: float,
) -> None:
    limits_s: list[float] = []

    def note(_: object, *arguments: Any) -> dict[str, object]:
        limits_s.append(arguments[-1])
        return {}

    for place in ("Projection.project", "Maintenance.maintain", "Maintenance.verify"):
        monkeypatch.setattr(f"handlers.projector.{place}", note)
    make_handler(environ)(event, Context(remaining_s))
    assert limits_s == [limit_s]


def test_without_a_table_it_does_not_start() -> None:
    with pytest.raises(SettingsError, match="TABLE_NAME"):
        make_handler({"TABLE_NAME": ""})


def test_lambda_finds_it() -> None:
    assert isinstance(projector.handler, Projector)
