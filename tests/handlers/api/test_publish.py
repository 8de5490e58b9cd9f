"""POST /snapshots: the newest published, compacted, built anew, or made the newest history."""

from __future__ import annotations

import itertools
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import hash_text
from handlers.ledger.ledger import Ledger
from handlers.snapshots.rebuild import Rebuild
from tests.support.api import SOURCES, Api
from tests.support.files import names_in
from tests.support.meddling import head_of, no_time_limit
from tests.support.problems import assert_problem

BODIES = pytest.mark.parametrize("body", [{}, {"full": True}, {"new_epoch": True}], ids=str)


def hash_of(ledger: Ledger) -> str:
    return hash_text(head_of(ledger).hash)


@pytest.fixture
def no_merging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inserts leave a segment each, as they do once they would have to merge 50 000 rows."""
    monkeypatch.setattr("handlers.snapshots.chain.MERGED_ROWS", 1)


@pytest.fixture
def short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call has the time for one range, of 10 rows."""
    seconds = itertools.count()
    monkeypatch.setattr("handlers.snapshots.maker.RANGE_ROWS", 10)
    monkeypatch.setattr("handlers.snapshots.rebuild.BUILD_LIMIT_S", 2.0)
    monkeypatch.setattr("handlers.command.Rebuild", partial(Rebuild, clock=lambda: float(next(seconds))))


# The newest


def test_what_is_new_is_published_once(api: Api, ledger: Ledger) -> None:
    api.post("/insert", {"count": 10}, prefer="respond-async")
    answers = [api.post("/snapshots", body) for body in ({}, None, {"full": False}, {"new_epoch": False})]
    assert [answer.status for answer in answers] == [201, 200, 200, 200]
    published = [answer.json["snapshot"] for answer in answers]
    assert [snapshot["build"] for snapshot in published] == ["full", "none", "none", "none"]
    assert {(snapshot["rows"], snapshot["hash"]) for snapshot in published} == {(10, hash_of(ledger))}
    assert [snapshot["written_bytes"] > 0 for snapshot in published] == [True, False, False, False]
    assert answers[0].headers["snapshot-bookmark"] == published[0]["bookmark"]
    assert "total;dur=" in answers[0].headers["server-timing"]


def test_what_an_insert_has_published_is_not_published_again(api: Api) -> None:
    inserted = api.post("/insert").json["snapshot"]
    answer = api.post("/snapshots")
    assert answer.status == 200
    snapshot = answer.json["snapshot"]
    assert snapshot == inserted | {"build": "none", "written_bytes": 0, "hash": snapshot["hash"]}


def test_a_publish_makes_the_ledger_where_there_is_none(api: Api, ledger: Ledger) -> None:
    answer = api.post("/snapshots")
    assert (answer.status, answer.json["snapshot"]["rows"]) == (200, 0)
    assert answer.json["snapshot"]["bookmark"] == str(head_of(ledger).bookmark)


@pytest.mark.usefixtures("no_merging")
def test_a_publish_compacts_what_inserts_have_left(api: Api, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    inserted = [api.post("/insert", {"count": 3}).json for _ in range(4)]
    assert [answer["snapshot"]["segments"] for answer in inserted] == [1, 2, 3, 4]
    before = [api.get(source).json["data"] for source in SOURCES]
    compacted = api.post("/snapshots")
    assert compacted.status == 201
    snapshot = compacted.json["snapshot"]
    assert (snapshot["bookmark"], snapshot["rows"], snapshot["segments"]) == (inserted[-1]["bookmark"], 12, 1)
    assert (snapshot["hash"], snapshot["build"]) == (hash_of(ledger), "incremental")
    assert snapshot["written_bytes"] == snapshot["bytes"]
    assert [api.get(source).json["data"] for source in SOURCES] == before
    assert api.post("/snapshots").status == 200


@BODIES
def test_without_the_file_system_nothing_is_published_and_nothing_changes(
    api: Api, ledger: Ledger, environ: dict[str, str], body: dict[str, Any]
) -> None:
    api.post("/insert", {"count": 3})
    head = head_of(ledger).to_item()
    shutil.rmtree(environ["EFS_DIR"])
    assert_problem(api.post("/snapshots", body), "unavailable")
    assert head_of(ledger).to_item() == head


# All of it anew


@pytest.mark.usefixtures("short_calls")
def test_a_rebuild_is_continued_by_the_next_call(api: Api, ledger: Ledger, environ: dict[str, str]) -> None:
    bookmark = Bookmark.parse(api.post("/insert", {"count": 35}).json["bookmark"])
    reached: list[int] = []
    while (answer := api.post("/snapshots", {"full": True})).status == 503:
        assert_problem(answer, "unavailable", f"of {bookmark}; ask again to go on")
        reached += [int(found) for found in re.findall(rf"up to {bookmark.epoch}\.(\d+) ", answer.json["detail"])]
        api = Api(environ)  # another sandbox goes on
    assert reached == [10, 20, 30]
    snapshot = answer.json["snapshot"]
    assert (answer.status, snapshot["build"], snapshot["bookmark"]) == (201, "full", str(bookmark))
    assert snapshot["hash"] == hash_of(ledger)
    assert snapshot["written_bytes"] > 0
    assert names_in(Path(environ["EFS_DIR"], "rebuild")) == []


def test_a_rebuild_mends_what_is_damaged(api: Api, ledger: Ledger, environ: dict[str, str]) -> None:
    api.post("/insert", {"count": 35})
    for path in Path(environ["EFS_DIR"], "snapshots").iterdir():
        path.write_bytes(b"damaged")
    rebuilt = api.post("/snapshots", {"full": True})
    assert (rebuilt.status, rebuilt.json["snapshot"]["hash"]) == (201, hash_of(ledger))
    assert [api.get(source).json["count"] for source in SOURCES] == [35] * 3


# The newest history


@pytest.mark.parametrize("count", [5, 300])
def test_a_new_epoch_keeps_all_rows_and_writes_no_file_again(
    api: Api, ledger: Ledger, environ: dict[str, str], count: int
) -> None:
    before = Bookmark.parse(api.post("/insert", {"count": count}).json["bookmark"])
    rows = [api.get(source).json["data"] for source in SOURCES]
    answer = api.post("/snapshots", {"new_epoch": True})
    snapshot = answer.json["snapshot"]
    after = Bookmark.parse(snapshot["bookmark"])
    assert (answer.status, snapshot["rows"], snapshot["hash"]) == (201, count, hash_of(ledger))
    assert (after.epoch > before.epoch, after.seq) == (True, count)
    assert head_of(ledger).roots == ((1, before.epoch), (count + 1, after.epoch))
    paths = list(Path(environ["EFS_DIR"], "snapshots").glob(f"*-{count:012d}-*"))
    assert (len(paths), len({path.stat().st_ino for path in paths})) == (2, 1)
    assert snapshot["written_bytes"] == 0
    assert [api.get(source).json["data"] for source in SOURCES] == rows


@pytest.mark.parametrize("source", SOURCES)
def test_old_bookmarks_conflict_in_a_new_epoch_and_readers_move_over_by_the_next_look(api: Api, source: str) -> None:
    inserted = api.post("/insert", {"count": 5}).json
    old = api.get(source, "limit=2").json
    new = api.post("/snapshots", {"new_epoch": True}).json["snapshot"]["bookmark"]
    assert api.get(source).json["bookmark"] == new
    assert_problem(api.get(source, min_bookmark=old["bookmark"]), "epoch-replaced", old["bookmark"], new)
    assert_problem(api.get(source, f"as_of={old['bookmark']}"), "epoch-replaced")
    assert_problem(api.get(source, f"limit=2&cursor={old['next']}"), "epoch-replaced")
    assert api.get(f"{source}/{inserted['ids'][0]}", min_bookmark=new).status == 200
    more = api.post("/insert", {"count": 2}).json
    assert api.get(source, min_bookmark=more["bookmark"]).json["count"] == 7


def test_a_replay_in_a_new_epoch_repeats_nothing(api: Api) -> None:
    one = api.post("/insert", {"count": 5}, idempotency_key="k").json
    new = api.post("/snapshots", {"new_epoch": True}).json["snapshot"]
    again = api.post("/insert", {"count": 5}, idempotency_key="k")
    assert (again.json["ids"], again.headers["idempotent-replayed"]) == (one["ids"], "true")
    assert again.json["snapshot"]["bookmark"] == again.json["bookmark"] == new["bookmark"]


def test_without_a_ledger_there_is_no_new_epoch(api: Api, ledger: Ledger) -> None:
    assert_problem(api.post("/snapshots", {"new_epoch": True}), "unavailable", "no ledger yet")
    assert ledger.head(no_time_limit()) is None
