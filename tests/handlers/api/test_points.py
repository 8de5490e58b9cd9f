"""Reads of a point that the client names: `as_of` a bookmark, and `fresh` up to the ledger's end."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from handlers import query
from handlers.domain.bookmark import Bookmark
from handlers.ledger.ledger import Ledger
from tests.support.api import SOURCES, Answer, Api, event, spread
from tests.support.meddling import MeddledLedger
from tests.support.problems import assert_problem

ANY_SOURCE = pytest.mark.parametrize("source", SOURCES)
IMMUTABLE = "public, max-age=31536000, immutable"
PAGES = ("", "order=asc", "limit=2", "min_value=0.5", "max_value=0.5&order=asc&limit=2")


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.reads.reader.WAIT_S", 0.0)


def read(answer: Answer) -> dict[str, Any]:
    """An answer's content without what tells of the request."""
    assert answer.status == 200, answer.text
    told = ("source", "timings_ms", "consumed", "copy", "scanned_rows")
    return {name: value for name, value in answer.json.items() if name not in told}


def joined(*parts: str) -> str:
    return "&".join(filter(None, parts))


# As of a bookmark


@ANY_SOURCE
def test_an_id_that_a_point_long_past_does_not_have_is_404(
    api: Api, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.reads.ddb_view.MAX_INSERT_ROWS", 3)
    inserted = api.post("/insert", {"count": 10}).json
    epoch = Bookmark.parse(inserted["bookmark"]).epoch
    for row_id in ("0" * 26, inserted["ids"][9]):
        assert_problem(api.get(f"{source}/{row_id}", f"as_of={epoch}.6"), "not-found")


@ANY_SOURCE
def test_as_of_a_bookmark_all_is_as_it_was_when_that_was_the_newest(api: Api, source: str) -> None:
    seen: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
    for number in range(3):
        inserted = api.post("/insert", {"items": spread(5, first=5 * number)}).json
        asked = [(source, raw_query) for raw_query in PAGES]
        asked += [(f"{source}/stats", ""), (f"{source}/{inserted['ids'][1]}", "")]
        for path, raw_query in asked:
            now = read(api.get(path, raw_query))
            seen.setdefault((path, raw_query), []).append((inserted["bookmark"], now))
    for (path, raw_query), answers in seen.items():
        for bookmark, then in answers:
            again = api.get(path, joined(raw_query, f"as_of={bookmark}"))
            assert read(again) == then
            assert again.headers["snapshot-bookmark"] == bookmark


@ANY_SOURCE
def test_as_of_points_between_those_that_were_published(api: Api, source: str) -> None:
    inserted = api.post("/insert", {"items": spread(6)}).json
    epoch = Bookmark.parse(inserted["bookmark"]).epoch
    for seq in range(7):
        page = read(api.get(source, f"order=asc&as_of={epoch}.{seq}"))
        assert (page["bookmark"], [row["id"] for row in page["data"]]) == (f"{epoch}.{seq}", inserted["ids"][:seq])
        assert read(api.get(f"{source}/stats", f"as_of={epoch}.{seq}"))["stats"]["count"] == seq


@ANY_SOURCE
def test_a_row_that_came_later_is_not_there_yet(api: Api, source: str) -> None:
    before = api.post("/insert", {}).json["bookmark"]
    row_id = api.post("/insert", {}).json["ids"][0]
    answer = api.get(f"{source}/{row_id}", f"as_of={before}")
    assert_problem(answer, "not-found", f"at the bookmark {before}")
    assert api.get(f"{source}/{row_id}").status == 200


@ANY_SOURCE
def test_as_of_nothing_there_is_nothing(api: Api, source: str) -> None:
    empty = read(api.get(source, "as_of=0.0"))
    assert (empty["bookmark"], empty["data"]) == ("0.0", [])
    api.post("/insert", {"count": 3})
    assert read(api.get(source, "as_of=0.0")) == empty
    assert read(api.get(f"{source}/stats", "as_of=0.0"))["stats"]["count"] == 0


@ANY_SOURCE
@pytest.mark.parametrize(
    ("authorizer", "caching"), [(None, IMMUTABLE), ({"iam": {"userId": "me"}}, "private, no-cache")]
)
def test_what_was_asked_as_of_a_bookmark_may_be_kept_for_ever_where_it_is_nobodys(
    api: Api, source: str, authorizer: object, caching: str
) -> None:
    inserted = api.post("/insert", {"count": 3}).json
    as_of = f"as_of={inserted['bookmark']}"

    def get(path: str, raw_query: str = "", **headers: str) -> Answer:
        made = event("GET", path, headers=headers, raw_query=raw_query)
        if authorizer:
            made["requestContext"]["authorizer"] = authorizer
        return Answer(api.function(made)(made, None))

    for path in (source, f"{source}/stats", f"{source}/{inserted['ids'][0]}"):
        answer = get(path, as_of)
        assert answer.headers["cache-control"] == caching
        known = get(path, as_of, **{"if-none-match": answer.headers["etag"]})
        assert (known.status, known.headers["cache-control"]) == (304, caching)
        assert get(path).headers["etag"] == answer.headers["etag"]


@ANY_SOURCE
def test_a_walk_as_of_a_bookmark_ends_there_whatever_comes_in(api: Api, source: str) -> None:
    inserted = api.post("/insert", {"items": spread(7)}).json
    seen: list[str] = []
    raw_query = base = f"order=asc&limit=2&as_of={inserted['bookmark']}"
    while raw_query:
        page = read(api.get(source, raw_query))
        seen += [row["id"] for row in page["data"]]
        raw_query = f"{base}&cursor={quote(page['next'])}" if page["next"] else ""
        api.post("/insert", {})
    assert seen == inserted["ids"]


@ANY_SOURCE
@pytest.mark.usefixtures("no_waiting")
def test_as_of_what_cannot_be_served(api: Api, source: str) -> None:
    known = Bookmark.parse(api.post("/insert", {"count": 3}).json["bookmark"])
    older, newer, unknown = (f"{known.epoch - 1}.3", f"{known.epoch}.4", f"{known.epoch + 1}.0")
    for path in (source, f"{source}/stats", f"{source}/01KDVDNW00AYEYAEJN3YJ8N6R4"):
        assert_problem(api.get(path, f"as_of={older}"), "epoch-replaced", older, str(known))
        for ahead in (newer, unknown):
            assert_problem(api.get(path, f"as_of={ahead}"), "not-there-yet", ahead, str(known))
        (error,) = assert_problem(api.get(path, "as_of=3"), "malformed-request", "<epoch>.<seq>")["errors"]
        assert error["field"] == "as_of"
        both = api.get(path, f"as_of={known}", min_bookmark=older)
        assert_problem(both, "epoch-replaced", older)


@ANY_SOURCE
def test_as_of_a_bookmark_that_a_sandbox_has_not_seen_it_looks_again(
    api: Api, environ: dict[str, str], tmp_path: Path, source: str
) -> None:
    handler = query.make_handler({**environ, "TMP_DIR": str(tmp_path), "CHECK_INTERVAL_MS": "1000000000"})
    for number in range(3):
        bookmark = api.post("/insert", {}).json["bookmark"]
        answer = Answer(handler(event("GET", source, raw_query=f"as_of={bookmark}"), None))
        assert (answer.json["bookmark"], answer.json["count"]) == (bookmark, number + 1)


# Fresh


@ANY_SOURCE
def test_fresh_reads_hold_what_no_snapshot_holds_yet(api: Api, source: str) -> None:
    published = api.post("/insert", {"items": spread(5)}).json
    waiting = api.post("/insert", {"items": spread(4, first=6)}, prefer="respond-async").json
    for raw_query in PAGES:
        fresh = read(api.get(source, joined(raw_query, "fresh=1")))
        assert fresh == read(api.get("/ddb", raw_query))
        assert fresh["bookmark"] == waiting["bookmark"]
    assert read(api.get(f"{source}/stats", "fresh=1")) == read(api.get("/ddb/stats"))
    for row_id in published["ids"] + waiting["ids"]:
        assert read(api.get(f"{source}/{row_id}", "fresh=1"))["data"]["id"] == row_id
    if source != "/ddb":
        assert read(api.get(source))["bookmark"] == published["bookmark"]


@ANY_SOURCE
def test_fresh_reads_before_the_first_row_and_the_first_publish(api: Api, environ: dict[str, str], source: str) -> None:
    assert read(api.get(source, "fresh=1"))["data"] == []
    inserted = api.post("/insert", {"count": 2}, prefer="respond-async").json
    for path in Path(environ["EFS_DIR"], "snapshots").iterdir():
        path.unlink()
    assert read(api.get(source, "fresh=1"))["bookmark"] == inserted["bookmark"]


@ANY_SOURCE
def test_fresh_and_as_of_a_point_that_no_snapshot_holds(api: Api, source: str) -> None:
    api.post("/insert", {"count": 2})
    epoch = Bookmark.parse(api.post("/insert", {"count": 3}, prefer="respond-async").json["bookmark"]).epoch
    for seq in range(1, 6):
        answer = api.get(source, f"fresh=1&as_of={epoch}.{seq}")
        assert (read(answer)["bookmark"], read(answer)["count"]) == (f"{epoch}.{seq}", seq)
        assert answer.headers["cache-control"] == IMMUTABLE


@ANY_SOURCE
def test_a_fresh_walk_gives_each_row_once(api: Api, source: str) -> None:
    ids = api.post("/insert", {"count": 3}).json["ids"]
    ids += api.post("/insert", {"count": 4}, prefer="respond-async").json["ids"]
    seen: list[str] = []
    raw_query = base = "fresh=1&order=asc&limit=2"
    while raw_query:
        page = read(api.get(source, raw_query))
        seen += [row["id"] for row in page["data"]]
        raw_query = f"{base}&cursor={quote(page['next'])}" if page["next"] else ""
    assert seen == ids


@ANY_SOURCE
@pytest.mark.usefixtures("no_waiting")
def test_a_fresh_read_of_a_bookmark_that_cannot_be_served(api: Api, source: str) -> None:
    known = Bookmark.parse(api.post("/insert", {"count": 3}, prefer="respond-async").json["bookmark"])
    assert api.get(source, "fresh=1", min_bookmark=str(known)).json["bookmark"] == str(known)
    ahead, older = f"{known.epoch}.4", f"{known.epoch - 1}.1"
    assert_problem(api.get(source, "fresh=1", min_bookmark=ahead), "not-there-yet", ahead)
    assert_problem(api.get(source, f"fresh=1&as_of={older}"), "epoch-replaced", older)
    for path in (source, f"{source}/stats", f"{source}/x"):
        (error,) = assert_problem(api.get(path, "fresh=0"), "malformed-request")["errors"]
        assert (error["field"], error["allowed"]) == ("fresh", "1")


def test_a_snapshot_too_far_behind_has_to_be_published_first(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.reads.fresh.MOST_ROWS", 3)
    api.post("/insert", {})
    api.post("/insert", {"count": 3}, prefer="respond-async")
    assert api.get("/sqlite-efs", "fresh=1").status == 200
    api.post("/insert", {}, prefer="respond-async")
    for source in ("/sqlite-efs", "/sqlite-tmp"):
        assert_problem(api.get(source, "fresh=1"), "not-there-yet", "4 rows follow", "publish first")
    assert api.get("/ddb", "fresh=1").status == 200


def test_without_a_table_only_fresh_reads_and_ddb_fail(api: Api, environ: dict[str, str]) -> None:
    api.post("/insert", {"count": 2})
    handler = query.make_handler({name: value for name, value in environ.items() if name != "TABLE_NAME"})
    for source in SOURCES:
        assert_problem(Answer(handler(event("GET", source, raw_query="fresh=1"), None)), "unavailable", "TABLE_NAME")


# Statistics of the ledger


def test_statistics_of_the_ledger_are_one_getitem(
    api: Api, ledger: Ledger, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    api.post("/insert", {"items": spread(120)})
    meddled = MeddledLedger(ledger).meddled
    monkeypatch.setattr("handlers.reads.ddb.make_client", {environ.get("AWS_REGION", ""): meddled}.get)
    counted = Api(environ)
    for _ in range(2):  # cold, and alongside a head that is known
        meddled.calls.clear()
        assert counted.get("/ddb/stats").json["stats"]["count"] == 120
        assert [name for name, _ in meddled.calls] == ["get_item"]
    assert read(counted.get("/ddb/stats")) == read(api.get("/sqlite-efs/stats"))
