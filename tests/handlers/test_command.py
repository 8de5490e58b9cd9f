from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.api.insert import DIVERGED, NOT_PUBLISHED
from handlers.command import make_handler, make_router
from handlers.domain.bookmark import Bookmark
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.projector import make_handler as make_projector
from handlers.reads import reader
from handlers.settings import Settings, SettingsError
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.chain import Listed
from handlers.snapshots.names import snapshots_dir
from handlers.snapshots.publish import Publisher
from handlers.telemetry.runtime import VERSION
from tests.support.api import Answer, Api, Context, event, failed, record
from tests.support.drafts import UNKNOWN, VALUE, are_of, draft, items
from tests.support.meddling import Clock, all_rows, head_of, no_time_limit, remove_head, set_head


class CommandApi:
    """One command function with clocks of its own."""

    def __init__(self, ledger: Ledger, environ: dict[str, str], clock: Clock) -> None:
        self._router = make_router(ledger, Settings(environ), clock, clock.deadline)

    def post(self, path: str, content: object = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = event("POST", path, json.dumps(content or {}), {"content-type": "application/json"} | named)
        return Answer(self._router(sent, None))


def names(environ: dict[str, str]) -> list[str]:
    """The points that are published, newest first."""
    return [str(point) for point in Catalog(snapshots_dir(environ["EFS_DIR"])).look().points()]


def test_an_insert_appends_and_publishes(api: Api, ledger: Ledger, environ: dict[str, str]) -> None:
    answer = api.post("/insert", {"items": items(2)})
    assert answer.status == 201
    content = answer.json
    found = all_rows(ledger)
    assert [row[1] for row in found] == content["ids"]
    assert are_of(found, [draft(1), draft(2)])
    assert content["inserted"] == 2
    snapshot = content["snapshot"]
    assert (snapshot["bookmark"], snapshot["rows"]) == (content["bookmark"], 2)
    (path,) = [path for path in Path(environ["EFS_DIR"], "snapshots").iterdir() if "-000000000002-" in path.name]
    assert snapshot["bytes"] == path.stat().st_size
    assert (snapshot["build"], snapshot["segments"]) == ("full", 1)
    assert snapshot["written_bytes"] == snapshot["bytes"]
    assert "warning" not in content
    assert answer.headers["snapshot-bookmark"] == content["bookmark"]


def test_the_header_repeats_the_timings_of_the_body(api: Api) -> None:
    answer = api.post("/insert")
    usage = answer.json["timings_ms"]
    assert {"parse", "append", "total"} <= usage.keys()
    assert answer.headers["server-timing"] == ", ".join(f"{phase};dur={spent:.3f}" for phase, spent in usage.items())


def test_with_respond_async_nothing_is_published(api: Api, environ: dict[str, str]) -> None:
    answer = api.post("/insert", {"count": 3}, prefer="respond-async")
    assert (answer.status, answer.json["snapshot"], answer.json["inserted"]) == (202, None, 3)
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["snapshot-bookmark"] == answer.json["bookmark"]
    assert "warning" not in answer.json
    assert len(names(environ)) == 1  # the new ledger's empty one


class Projecting:
    """Both functions where the projector publishes, and the projector."""

    def __init__(self, environ: dict[str, str]) -> None:
        environ = {**environ, "PROJECTION": "stream"}
        self.api = Api(environ)
        self._projector = make_projector(environ)

    def project(self, bookmark: str) -> None:
        records = [record(1, Bookmark.parse(bookmark))]
        assert self._projector({"Records": records}, Context()) == failed()


@pytest.mark.parametrize("content", [None, {"count": 3}])
def test_where_the_projector_publishes_an_insert_answers_at_once(environ: dict[str, str], content: object) -> None:
    api = Projecting(environ).api
    before = names(environ)
    answer = api.post("/insert", content, idempotency_key="k")
    assert (answer.status, answer.json["snapshot"]) == (202, None)
    assert answer.headers["snapshot-bookmark"] == answer.json["bookmark"]
    assert "preference-applied" not in answer.headers
    assert "warning" not in answer.json
    assert (before, [Bookmark.parse(name).seq for name in names(environ)]) == ([], [0])  # the new ledger's empty one
    again = api.post("/insert", content, idempotency_key="k")
    assert (again.status, again.json["ids"]) == (202, answer.json["ids"])
    assert again.headers["idempotent-replayed"] == "true"


def test_where_the_projector_publishes_a_preference_for_that_is_applied(environ: dict[str, str]) -> None:
    answer = Projecting(environ).api.post("/insert", {}, prefer="respond-async")
    assert (answer.status, answer.headers["preference-applied"]) == (202, "respond-async")


@pytest.mark.parametrize("path", ["/sqlite-efs", "/sqlite-tmp"])
def test_a_reader_with_its_bookmark_waits_until_the_projector_has_published(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    both = Projecting(environ)
    inserted = both.api.post("/insert", {"count": 3}).json["bookmark"]
    assert both.api.get(path).json["count"] == 0
    original, looks = Catalog.look, list[bool]()

    def publish_at_the_second(catalog: Catalog, now: bool = False, limit_s: float = math.inf) -> Listed:
        looks.append(now)
        if len(looks) == 2:
            both.project(inserted)
        return original(catalog, now, limit_s)

    monkeypatch.setattr(reader, "WAIT_S", 60.0)
    monkeypatch.setattr(Catalog, "look", publish_at_the_second)
    answer = both.api.get(path, min_bookmark=inserted)
    assert (answer.status, answer.json["count"], answer.json["bookmark"]) == (200, 3, inserted)


def test_whoever_publishes_a_client_can_still_publish_itself(environ: dict[str, str]) -> None:
    api = Projecting(environ).api
    inserted = api.post("/insert", {"count": 3}).json["bookmark"]
    assert api.post("/snapshots").json["snapshot"]["bookmark"] == inserted


@pytest.mark.parametrize("projection", ["sync", "both"])
def test_otherwise_the_insert_publishes(environ: dict[str, str], projection: str) -> None:
    answer = Api({**environ, "PROJECTION": projection}).post("/insert", {"count": 3})
    assert (answer.status, answer.json["snapshot"]["rows"]) == (201, 3)


def test_another_preference_changes_nothing(api: Api) -> None:
    answer = api.post("/insert", {}, prefer="return=minimal")
    assert answer.status == 201
    assert "preference-applied" not in answer.headers


def test_the_next_publish_includes_what_was_only_appended(api: Api) -> None:
    api.post("/insert", {"count": 3}, prefer="respond-async")
    assert api.post("/insert").json["snapshot"]["rows"] == 4


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyError("a defect"), MemoryError()], ids=repr)
def test_what_is_committed_is_acknowledged_whatever_publishing_does(
    api: Api, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Publisher, "publish", fail)
        answer = api.post("/insert", {"count": 2}, idempotency_key="k")
    assert (answer.status, answer.json["snapshot"], answer.json["warning"]) == (201, None, NOT_PUBLISHED)
    assert [row[1] for row in all_rows(ledger)] == answer.json["ids"]
    replay = api.post("/insert", {"count": 2}, idempotency_key="k")
    assert (replay.status, replay.json["ids"]) == (201, answer.json["ids"])
    assert (replay.json["snapshot"]["rows"], replay.headers["idempotent-replayed"]) == (2, "true")
    assert "warning" not in replay.json


def test_without_a_file_system_the_insert_commits_and_says_so(
    api: Api, ledger: Ledger, environ: dict[str, str]
) -> None:
    Path(environ["EFS_DIR"]).rmdir()
    Path(environ["EFS_DIR"]).write_text("not a folder")
    answer = api.post("/insert", {"count": 2})
    assert (answer.status, answer.json["snapshot"], answer.json["warning"]) == (201, None, NOT_PUBLISHED)
    assert len(all_rows(ledger)) == 2
    refused = api.post("/snapshots")
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert refused.json["type"] == "urn:lambda-sqlite:problem:unavailable"


def test_a_replay_is_the_same_answer_and_says_that_it_is_one(api: Api, ledger: Ledger) -> None:
    one = api.post("/insert", {"count": 2}, idempotency_key="k")
    assert "idempotent-replayed" not in one.headers
    more = api.post("/insert", {"count": 3}).json
    again = api.post("/insert", {"count": 2}, idempotency_key="k")
    assert (again.status, again.headers["idempotent-replayed"]) == (201, "true")
    assert {name: again.json[name] for name in ("inserted", "ids", "bookmark")} == {
        name: one.json[name] for name in ("inserted", "ids", "bookmark")
    }
    assert again.json["snapshot"] == more["snapshot"] | {"build": "none", "written_bytes": 0}
    assert len(all_rows(ledger)) == 5


def test_a_replay_publishes_what_is_not_published_yet(api: Api, environ: dict[str, str]) -> None:
    api.post("/insert", {}, idempotency_key="k", prefer="respond-async")
    before = names(environ)
    again = api.post("/insert", {}, idempotency_key="k", prefer="respond-async")
    assert (again.status, again.json["snapshot"], names(environ)) == (202, None, before)
    waiting = api.post("/insert", {}, idempotency_key="k")
    assert (waiting.status, waiting.headers["idempotent-replayed"]) == (201, "true")
    assert waiting.json["snapshot"]["bookmark"] == waiting.json["bookmark"] == names(environ)[0]


def test_a_replay_does_not_report_a_snapshot_of_a_newer_ledger(api: Api, ledger: Ledger) -> None:
    api.post("/insert", {"count": 2}, idempotency_key="k")
    head = head_of(ledger)
    set_head(ledger, Head.new(head.epoch + 1))
    assert api.post("/insert", {"count": 5}).json["snapshot"]["rows"] == 5
    set_head(ledger, head)
    replay = api.post("/insert", {"count": 2}, idempotency_key="k")
    assert (replay.headers["idempotent-replayed"], replay.json["snapshot"]) == ("true", None)
    assert replay.json["warning"].startswith(DIVERGED)


def test_the_same_key_with_another_body_is_409(api: Api) -> None:
    api.post("/insert", {"count": 2}, idempotency_key="k")
    assert api.post("/insert", {"count": 3}, idempotency_key="k").status == 409
    assert api.post("/insert", {"count": 2}, idempotency_key=" ").status == 400


@pytest.mark.parametrize(("method", "path"), [("POST", "/insert"), ("POST", "/snapshots"), ("GET", "/command/health")])
def test_parameters_are_not_known_here(api: Api, method: str, path: str) -> None:
    assert api(method, path, raw_query="limit=1").status == 400


def test_health_names_role_build_and_newest_bookmark_and_makes_no_ledger(api: Api, ledger: Ledger) -> None:
    before = api.get("/command/health")
    assert (before.status, before.json["role"], before.json["bookmark"]) == (200, "command", "0.0")
    assert before.json["build"]["version"] == VERSION
    assert ledger.head(no_time_limit()) is None
    inserted = api.post("/insert").json["bookmark"]
    assert api.get("/command/health").json["bookmark"] == inserted


def test_a_new_ledgers_epoch_is_the_clocks_where_nothing_later_is_published(
    ledger: Ledger, environ: dict[str, str]
) -> None:
    api = CommandApi(ledger, environ, Clock(1_700_000_000.123))
    assert api.post("/insert").json["bookmark"] == "1700000000123.1"
    assert names(environ) == ["1700000000123.1", "1700000000123.0"]


def test_a_new_ledger_is_later_than_every_published_one_even_if_the_clock_went_back(
    ledger: Ledger, environ: dict[str, str]
) -> None:
    CommandApi(ledger, environ, Clock(1_800_000_000.0)).post("/insert")
    remove_head(ledger)
    api = CommandApi(ledger, environ, Clock(1_700_000_000.0))
    assert api.post("/insert", {}, prefer="respond-async").json["bookmark"] == "1800000000001.1"
    assert names(environ)[0] == "1800000000001.0"


def test_readers_leave_an_older_ledger_as_soon_as_the_new_one_is_made(api: Api, ledger: Ledger) -> None:
    old = api.post("/insert", {"count": 3}).json["bookmark"]
    remove_head(ledger)
    new = api.post("/insert", {}, prefer="respond-async").json["bookmark"]
    assert Bookmark.parse(new) > Bookmark.parse(old)
    for path in ("/sqlite-efs", "/sqlite-tmp"):
        assert api.get(path).json["data"] == []
        assert api.get(path, min_bookmark=old).status == 409


def test_a_ledger_can_be_made_without_the_file_system(ledger: Ledger, environ: dict[str, str]) -> None:
    shutil.rmtree(environ["EFS_DIR"])
    api = CommandApi(ledger, environ, Clock(1_700_000_000.0))
    answer = api.post("/insert")
    assert (answer.status, answer.json["bookmark"], answer.json["snapshot"]) == (201, "1700000000000.1", None)


def test_a_function_without_a_table_does_not_start() -> None:
    with pytest.raises(SettingsError, match="TABLE_NAME"):
        make_handler({"TABLE_NAME": ""})


def nested(depth: int) -> str:
    return f'{{"{VALUE}": ' + "[" * depth + "]" * depth + "}"


VALUES = st.none() | st.booleans() | st.integers(-2, 3) | st.floats() | st.text(max_size=3) | st.just([])
NAMES = st.sampled_from(["count", "items", VALUE, "full", UNKNOWN])
LISTS = st.lists(st.dictionaries(NAMES, VALUES, max_size=2) | VALUES, max_size=3)
CONTENTS = st.dictionaries(NAMES, VALUES | LISTS, max_size=2)
TEXTS = st.one_of(
    CONTENTS.map(json.dumps),
    VALUES.map(json.dumps),
    st.text(max_size=20),
    st.sampled_from(["{", "[", "nul", '{"count": 1e999}', '{"count": 1, "count": 1}', f'{{"{VALUE}": NaN}}']),
    st.integers(1, 3000).map(nested),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, path=st.sampled_from(["/insert", "/snapshots"]), key=st.none() | st.text(max_size=3))
def test_no_body_and_no_key_is_ever_a_500(api: Api, text: str, path: str, key: str | None) -> None:
    headers = {"content-type": "application/json", "prefer": "respond-async"}
    answer = api("POST", path, text, headers if key is None else headers | {"idempotency-key": key})
    assert answer.status in (200, 201, 202, 400, 409, 422), answer.text
    if answer.status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["status"] == answer.status


def test_nesting_of_any_depth_is_no_500(api: Api) -> None:
    for depth in range(850, 1010, 3):
        status = api("POST", "/insert", nested(depth), {"content-type": "application/json"}).status
        assert status in (400, 422), depth
