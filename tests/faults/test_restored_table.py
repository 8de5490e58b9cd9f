"""A table that came back from point-in-time recovery: the runbook of docs/recovery.md, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import hash_text
from handlers.ledger.ledger import Ledger
from tests.support.api import SOURCES, Answer, Api
from tests.support.meddling import all_rows, head_of
from tests.support.problems import assert_problem

REMEDY = "console ledger new-epoch"


def items(ledger: Ledger) -> list[dict[str, Any]]:
    """All that the table holds."""
    found = ledger.client.scan(TableName=ledger.table_name)
    assert "LastEvaluatedKey" not in found
    return found["Items"]


def put_back(ledger: Ledger, kept: list[dict[str, Any]]) -> None:
    """Make the table what it was: items changed since are as they were, those that came since are gone."""
    keys = {(item["pk"]["S"], item["sk"]["N"]) for item in kept}
    for item in items(ledger):
        if (item["pk"]["S"], item["sk"]["N"]) not in keys:
            ledger.client.delete_item(TableName=ledger.table_name, Key={name: item[name] for name in ("pk", "sk")})
    for item in kept:
        ledger.client.put_item(TableName=ledger.table_name, Item=item)


def assert_diverged(inserted: Answer, count: int) -> None:
    """The rows are in, and the answer promises nothing that will not happen."""
    content = inserted.json
    assert (inserted.status, content["inserted"], content["snapshot"]) == (201, count, None)
    assert "of another history" in content["warning"]
    assert REMEDY in content["warning"]
    assert "next publish" not in content["warning"]


def assert_homes_agree(api: Api, ledger: Ledger) -> None:
    """All paths show the ledger's rows, and what is published has the ledger's hash."""
    head = head_of(ledger)
    ids = [row[1] for row in all_rows(ledger)]
    pages = [api.get(source, "limit=1000&order=asc").json for source in SOURCES]
    assert [page["bookmark"] for page in pages] == [str(head.bookmark)] * len(SOURCES)
    assert [[row["id"] for row in page["data"]] for page in pages] == [ids] * len(SOURCES)
    assert len({str(page["data"]) for page in pages}) == 1
    assert len({str(api.get(f"{source}/stats").json["stats"]) for source in SOURCES}) == 1
    newest = api.get("/snapshots").json["snapshots"][0]
    assert (newest["bookmark"], newest["hash"]) == (str(head.bookmark), hash_text(head.hash))
    assert api.get("/command/health").json["lag"] == {"rows": 0, "seconds": 0.0}


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm sandboxes", "cold sandboxes"])
@pytest.mark.parametrize(
    ("lost", "after"),
    [(5, (1,)), (5, (5,)), (5, (1, 3, 1, 1, 5)), (300, (250, 98))],
    ids=["less", "as many", "more", "large"],
)
def test_the_runbook_makes_a_restored_table_the_newest_history(
    environ: dict[str, str], ledger: Ledger, is_warm: bool, lost: int, after: tuple[int, ...]
) -> None:
    api = Api(environ)
    known = api.post("/insert", {"count": 7}, idempotency_key="kept").json
    kept = items(ledger)
    gone = api.post("/insert", {"count": lost}, idempotency_key="gone").json
    cursors = [api.get(source, "limit=2").json["next"] for source in SOURCES]
    put_back(ledger, kept)
    api = api if is_warm else Api(environ)

    assert_problem(api.post("/snapshots"), "diverged", "reaches beyond", REMEDY, "A restored table")
    for count in after:
        assert_diverged(api.post("/insert", {"count": count}), count)
    for body in ({}, {"full": True}):
        assert_problem(api.post("/snapshots", body), "diverged", REMEDY)
    assert api.get("/sqlite-efs").json["bookmark"] == gone["bookmark"]

    answer = api.post("/snapshots", {"new_epoch": True})
    assert answer.status == 201, answer.text
    snapshot = answer.json["snapshot"]
    assert snapshot["rows"] == 7 + sum(after)
    assert Bookmark.parse(snapshot["bookmark"]).epoch > Bookmark.parse(known["bookmark"]).epoch
    assert_homes_agree(api, ledger)
    assert_homes_agree(Api(environ), ledger)
    for source, cursor in zip(SOURCES, cursors, strict=True):
        for old in (known["bookmark"], gone["bookmark"]):
            assert_problem(api.get(source, min_bookmark=old), "epoch-replaced", old)
            assert_problem(api.get(source, f"as_of={old}"), "epoch-replaced", old)
        assert_problem(api.get(source, f"limit=2&cursor={cursor}"), "epoch-replaced")
        assert [api.get(f"{source}/{row_id}").status for row_id in (known["ids"][0], gone["ids"][-1])] == [200, 404]

    again = api.post("/insert", {"count": 7}, idempotency_key="kept")
    assert (again.json["ids"], again.headers["idempotent-replayed"]) == (known["ids"], "true")
    anew = api.post("/insert", {"count": lost}, idempotency_key="gone")
    assert "idempotent-replayed" not in anew.headers
    assert not {*anew.json["ids"]} & {*gone["ids"]}
    assert anew.json["snapshot"]["bookmark"] == anew.json["bookmark"]
    assert_homes_agree(api, ledger)


def test_a_replay_in_a_restored_table_reports_no_snapshot_of_what_was_lost(api: Api, ledger: Ledger) -> None:
    api.post("/insert", {"count": 5}, idempotency_key="k")
    kept = items(ledger)
    api.post("/insert", {"count": 5})
    put_back(ledger, kept)
    replayed = api.post("/insert", {"count": 5}, idempotency_key="k")
    assert replayed.headers["idempotent-replayed"] == "true"
    assert_diverged(replayed, 5)


def test_an_empty_table_by_mistake_and_the_right_one_again(api: Api, ledger: Ledger, environ: dict[str, str]) -> None:
    """By mistake the function makes a newer ledger, of one row; the right one is then older than what is published."""
    api.post("/insert", {"count": 5})
    kept = items(ledger)
    put_back(ledger, [])
    by_mistake = Api(environ).post("/insert", {}).json
    assert by_mistake["snapshot"]["rows"] == 1
    put_back(ledger, kept)
    assert_diverged(api.post("/insert", {}), 1)
    problem = api.post("/snapshots")
    assert_problem(problem, "diverged", "newer ledger", REMEDY)
    assert "retry-after" not in problem.headers
    new = Bookmark.parse(api.post("/snapshots", {"new_epoch": True}).json["snapshot"]["bookmark"])
    assert new > Bookmark.parse(by_mistake["bookmark"])
    assert new.seq == 6
    assert_homes_agree(api, ledger)


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm sandboxes", "cold sandboxes"])
def test_a_table_that_is_deleted_stops_what_needs_it_and_nothing_else(
    environ: dict[str, str], ledger: Ledger, is_warm: bool
) -> None:
    api = Api(environ)
    bookmark = api.post("/insert", {"count": 3}).json["bookmark"]
    ledger.client.delete_table(TableName=ledger.table_name)
    api = api if is_warm else Api(environ)
    for source in ("/sqlite-efs", "/sqlite-tmp"):
        assert api.get(source, min_bookmark=bookmark).json["count"] == 3
    for answer in (api.get("/ddb"), api.post("/insert"), api.post("/snapshots"), api.get("/command/health")):
        assert_problem(answer, "unavailable", "ResourceNotFoundException")


def test_a_restored_table_that_nobody_wrote_to_since_goes_on_as_it_was(api: Api, ledger: Ledger) -> None:
    api.post("/insert", {"count": 5})
    put_back(ledger, items(ledger))
    assert api.post("/snapshots").status == 200
    assert api.post("/insert", {}).json["snapshot"]["rows"] == 6
    assert_homes_agree(api, ledger)
