from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from handlers import query
from handlers.api.read import is_known, min_bookmark
from handlers.aws.table import create_table_arguments
from handlers.domain.bookmark import MAX_EPOCH, MAX_SEQ, NOTHING, Bookmark
from handlers.gateway.request import Request
from handlers.ledger.ledger import Ledger
from handlers.reads.page import PageQuery
from handlers.rows import MODEL
from tests.support.api import SOURCES, Answer, Api, event
from tests.support.drafts import content_of, fields, items, share, value_in
from tests.support.problems import assert_problem

BUILD = ["version", "python", "sqlite", "region", "memory_mb", "architecture"]
LOW, MIDDLE, HIGH = (share(items(60), part) for part in (0.2, 0.5, 0.8))
ANY_SOURCE = pytest.mark.parametrize("source", SOURCES)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.reads.reader.WAIT_S", 0.0)


def without_timings(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.json.items() if name not in ("timings_ms", "consumed", "copy")}


def older(bookmark: str) -> Bookmark:
    known = Bookmark.parse(bookmark)
    return Bookmark(known.epoch - 1, known.seq)


def cursor_at(bookmark: Bookmark, last_seq: int) -> str:
    return "cursor=" + PageQuery({}).cursor(str(bookmark), last_seq)


# What is read


@ANY_SOURCE
def test_a_page_holds_the_newest_rows(api: Api, source: str) -> None:
    inserted = api.post("/insert", {"items": items(5)}).json
    answer = api.get(source, "limit=2")
    page = answer.json
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert (page["source"], page["bookmark"], page["count"]) == (source[1:], inserted["bookmark"], 2)
    assert [content_of(row) for row in page["data"]] == [fields(5), fields(4)]
    assert [row["id"] for row in page["data"]] == inserted["ids"][:2:-1]
    assert list(page["data"][0]) == list(MODEL.names[1:])
    assert answer.headers["snapshot-bookmark"] == inserted["bookmark"]
    assert answer.headers["cache-control"] == "no-cache"


@ANY_SOURCE
def test_one_row_and_the_statistics(api: Api, source: str) -> None:
    inserted = api.post("/insert", {"items": items(2)}).json
    row = api.get(f"{source}/{inserted['ids'][1]}").json
    assert (row["source"], row["bookmark"]) == (source[1:], inserted["bookmark"])
    assert (row["data"]["id"], content_of(row["data"])) == (inserted["ids"][1], fields(2))
    stats = api.get(f"{source}/stats").json
    values = [value_in(given) for given in items(2)]
    times = {"first_created_at": row["data"]["created_at"], "last_created_at": row["data"]["created_at"]}
    assert stats["stats"] == {"count": 2, "min": min(values), "max": max(values), "avg": sum(values) / 2, **times}


@ANY_SOURCE
def test_before_the_first_row_there_is_an_empty_data_set(api: Api, source: str) -> None:
    page = without_timings(api.get(source))
    assert page == {"source": source[1:], "bookmark": "0.0", "count": 0, "data": [], "next": None}
    stats = api.get(f"{source}/stats").json["stats"]
    assert stats == dict.fromkeys(("min", "max", "avg", "first_created_at", "last_created_at")) | {"count": 0}
    assert_problem(api.get(f"{source}/01KDVDNW00AYEYAEJN3YJ8N6R4"), "not-found", "at the bookmark 0.0")


@ANY_SOURCE
@pytest.mark.parametrize("row_id", ["01KDVDNW00AYEYAEJN3YJ8N6R4", "x", "' OR 1=1 --", "\0", "é", "\ud800", "x" * 5000])
def test_a_row_that_is_not_there_is_not_found(api: Api, source: str, row_id: str) -> None:
    api.post("/insert", {})
    answer = api.get(f"{source}/{row_id}")
    assert_problem(answer, "not-found", f"No row has the id {row_id[:100]}")
    assert len(answer.text) < 1000
    assert_problem(api.get(f"{source}/{row_id}", if_none_match="*"), "not-found")


@ANY_SOURCE
def test_head_is_get_without_the_body(api: Api, source: str) -> None:
    row_id = api.post("/insert", {}).json["ids"][0]
    for path in (source, f"{source}/{row_id}", f"{source}/stats"):
        get, head = api.get(path), api("HEAD", path)
        assert (head.status, head.text) == (200, "")
        for answer in (get, head):
            del answer.headers["server-timing"], answer.headers["consumed"]
        assert int(head.headers.pop("content-length")) > 100  # its own times have other lengths than those of GET
        assert head.headers == get.headers


@ANY_SOURCE
def test_server_timing_repeats_what_the_body_says(api: Api, source: str) -> None:
    api.post("/insert", {})
    answer = api.get(source)
    said = {
        name: float(duration)
        for name, _, duration in (part.partition(";dur=") for part in answer.headers["server-timing"].split(", "))
    }
    timings_ms = answer.json["timings_ms"]
    assert list(said) == list(timings_ms)
    assert {"check", "query", "total"} <= said.keys()
    assert said == timings_ms


@ANY_SOURCE
@pytest.mark.parametrize(
    "raw_query",
    ["limit=0", "cursor=x", "order=up", "min_value=NaN", "from=now", "nothing=1", "limit=1&limit=1", "limit="],
)
def test_a_wrong_parameter_is_malformed(api: Api, source: str, raw_query: str) -> None:
    name = raw_query.partition("=")[0]
    assert assert_problem(api.get(source, raw_query), "malformed-request", name)["errors"][0]["field"] == name
    for path in (f"{source}/stats", f"{source}/x", "/snapshots", "/health", "/query/health", "/openapi.json"):
        (error, *_) = assert_problem(api.get(path, raw_query), "malformed-request")["errors"]
        assert error["field"] == name


# Walking by cursor


@pytest.mark.parametrize(
    "raw_query",
    [
        "limit=7",
        "order=asc&limit=7",
        f"min_value={LOW}&max_value={HIGH}&limit=3",
        f"order=asc&min_value={MIDDLE}&limit=4",
    ],
)
def test_a_walk_over_any_paths_and_sandboxes_gives_each_row_once_while_rows_come_in(
    api: Api, environ: dict[str, str], raw_query: str, tmp_path: Path
) -> None:
    """Three more sandboxes; they look for newer snapshots only when a cursor makes them."""
    chance = random.Random(raw_query)
    lagging = [sandbox(environ, tmp_path / str(number)) for number in range(3)]
    for number, ask in enumerate(lagging):
        assert api.post("/insert", {"items": items(12, first=12 * number)}).status == 201
        for source in SOURCES:
            assert ask(source, "").status == 200
    first = api.get("/ddb", raw_query).json
    pages = [first]
    while cursor := pages[-1]["next"]:
        if chance.random() < 0.5 and len(pages) < 8:
            assert api.post("/insert", {"items": items(3, first=36 + 3 * len(pages))}).status == 201
        answer = chance.choice(lagging)(chance.choice(SOURCES), f"{raw_query}&cursor={quote(cursor)}")
        assert answer.status == 200
        pages.append(answer.json)
    asked = PageQuery(dict(pair.split("=") for pair in raw_query.split("&")))
    end = first if asked.newest_first else pages[-1]
    seen = [row["id"] for page in pages for row in page["data"]]
    assert seen == expected_ids(api, asked, Bookmark.parse(end["bookmark"]).seq)
    assert len(pages) > 4
    assert all(page["count"] == len(page["data"]) for page in pages)


def sandbox(environ: dict[str, str], tmp_dir: Path) -> Callable[[str, str], Answer]:
    """A query function of its own that looks for a newer snapshot once and then only when it is asked for one."""
    handler = query.make_handler({**environ, "TMP_DIR": str(tmp_dir), "CHECK_INTERVAL_MS": "1000000000"})
    return lambda path, raw_query: Answer(handler(event("GET", path, raw_query=raw_query), None))


def expected_ids(api: Api, asked: PageQuery, last_seq: int) -> list[str]:
    rows = api.get("/ddb", "limit=1000&order=asc").json["data"][:last_seq]
    bounds = {operator: bound for _, operator, bound in asked.conditions}
    low, high = bounds.get(">=", -math.inf), bounds.get("<=", math.inf)
    kept = [row["id"] for row in rows if low <= value_in(row) <= high]
    return kept[::-1] if asked.newest_first else kept


@ANY_SOURCE
def test_the_last_page_has_no_next_even_when_it_is_full(api: Api, source: str) -> None:
    api.post("/insert", {"items": items(4)})
    low = f"min_value={share(items(4), 0)}"
    for raw_query in ("limit=4", "limit=4&order=asc", f"limit=4&{low}", f"limit=4&{low}&order=asc"):
        assert api.get(source, raw_query).json["next"] is None
    cursor = api.get(source, "limit=2").json["next"]
    assert api.get(source, f"limit=2&cursor={cursor}").json["next"] is None
    assert api.get(source, f"limit=1&cursor={cursor}").json["next"] is not None


@ANY_SOURCE
@pytest.mark.parametrize("bound", ["from", "to"])
def test_times_bound_a_page_with_or_without_an_offset(api: Api, source: str, bound: str) -> None:
    api.post("/insert", {"count": 3})
    moment = api.get(source).json["data"][0]["created_at"]
    count = {"from": 3, "to": 0}[bound]
    assert api.get(source, f"{bound}={moment}").json["count"] == count
    assert api.get(source, f"{bound}={moment[:-1]}%2B00:00").json["count"] == count
    assert api.get(source, f"{bound}={moment[:-1]}-01:00").json["count"] == 3 - count
    assert_problem(api.get(source, f"{bound}={moment[:-1]}+00:00"), "malformed-request", bound, "%2B")


@ANY_SOURCE
def test_all_that_is_wrong_with_a_request_is_told_at_once(api: Api, source: str) -> None:
    def fields(path: str, raw_query: str) -> list[str]:
        answer = api.get(path, raw_query, min_bookmark="x")
        return [error["field"] for error in assert_problem(answer, "malformed-request")["errors"]]

    assert fields(source, "nothing=1&limit=0&order=&cursor=x") == ["Min-Bookmark", "nothing", "order", "limit"]
    assert fields(source, "nothing=1&limit=5&cursor=x") == ["Min-Bookmark", "nothing", "cursor"]
    assert fields(source, "min_value=2&nothing=1&max_value=1") == ["Min-Bookmark", "nothing", "min_value"]
    for path in (f"{source}/stats", f"{source}/x"):
        assert fields(path, "nothing=1&refresh=2") == ["Min-Bookmark", "nothing", "refresh"]


@ANY_SOURCE
def test_a_cursor_is_not_blamed_for_what_is_wrong_with_its_query(api: Api, source: str) -> None:
    api.post("/insert", {"count": 3})
    cursor = api.get(source, "limit=1&from=2026-01-01T00:00:00Z").json["next"]
    problem = assert_problem(api.get(source, f"min_value=&cursor={cursor}"), "malformed-request")
    assert [error["field"] for error in problem["errors"]] == ["min_value"]


@ANY_SOURCE
def test_a_cursor_of_another_query_or_none_at_all_is_malformed(api: Api, source: str) -> None:
    api.post("/insert", {"count": 3})
    cursor = api.get(source, "limit=1").json["next"]
    for raw_query in (f"order=asc&cursor={cursor}", f"min_value=0&cursor={cursor}", f"cursor={cursor}0", "cursor=abc"):
        assert_problem(api.get(source, raw_query), "malformed-request", "cursor", "a cursor from `next`")


@ANY_SOURCE
def test_a_cursor_of_an_older_ledger_conflicts(api: Api, source: str) -> None:
    bookmark = api.post("/insert", {"count": 3}).json["bookmark"]
    cursor = cursor_at(older(bookmark), 2)
    assert_problem(api.get(source, cursor), "epoch-replaced", bookmark)
    assert_problem(api.get(source, cursor, min_bookmark=bookmark), "epoch-replaced", str(older(bookmark)))


@ANY_SOURCE
@pytest.mark.usefixtures("no_waiting")
def test_a_cursor_of_rows_that_are_not_there_yet_is_told_to_come_back(api: Api, source: str) -> None:
    known = Bookmark.parse(api.post("/insert", {"count": 3}).json["bookmark"])
    for ahead in (Bookmark(known.epoch, 9), Bookmark(known.epoch + 1, 1)):
        assert_problem(api.get(source, cursor_at(ahead, 1)), "not-there-yet", str(ahead))


# Bookmarks


@ANY_SOURCE
def test_a_read_holds_at_least_its_min_bookmark(api: Api, environ: dict[str, str], tmp_path: Path, source: str) -> None:
    handler = query.make_handler({**environ, "TMP_DIR": str(tmp_path), "CHECK_INTERVAL_MS": "1000000000"})
    assert api.get(source, min_bookmark="0.0").status == 200
    for _ in range(3):
        bookmark = api.post("/insert", {}).json["bookmark"]
        asked = event("GET", source, headers={"min-bookmark": bookmark})
        assert Answer(handler(asked, None)).json["bookmark"] == bookmark


@ANY_SOURCE
@pytest.mark.usefixtures("no_waiting")
def test_a_min_bookmark_that_cannot_be_served(api: Api, source: str) -> None:
    known = Bookmark.parse(api.post("/insert", {"count": 3}).json["bookmark"])
    for path in (source, f"{source}/stats", f"{source}/01KDVDNW00AYEYAEJN3YJ8N6R4"):
        for ahead in (Bookmark(known.epoch, 4), Bookmark(known.epoch + 1, 0)):
            assert_problem(api.get(path, min_bookmark=str(ahead)), "not-there-yet", str(ahead), str(known))
        assert_problem(api.get(path, min_bookmark=str(older(str(known)))), "epoch-replaced")
        assert_problem(api.get(path, min_bookmark="0.1"), "epoch-replaced")
        assert_problem(api.get(path, min_bookmark="1"), "malformed-request", "Min-Bookmark", "<epoch>.<seq>")
    cursor = api.get(source, "limit=1").json["next"]
    asked = api.get(source, f"cursor={cursor}", min_bookmark=str(older(str(known))))
    assert_problem(asked, "epoch-replaced", str(older(str(known))))


@ANY_SOURCE
def test_a_replaced_ledger_is_left_and_its_cursors_and_bookmarks_conflict(
    api: Api, environ: dict[str, str], ledger: Ledger, source: str
) -> None:
    before = api.post("/insert", {"count": 3}).json["bookmark"]
    cursor = api.get(source, "limit=1").json["next"]
    name = f"table-{uuid.uuid4()}"
    ledger.client.create_table(**create_table_arguments(name))  # pyright: ignore[reportArgumentType] - plain data
    restored = Api({**environ, "TABLE_NAME": name})
    after = restored.post("/insert", {"count": 2}).json["bookmark"]
    assert restored.get(source).json["bookmark"] == after
    assert_problem(restored.get(source, f"limit=1&cursor={cursor}"), "epoch-replaced", before, after)
    assert_problem(restored.get(source, min_bookmark=before), "epoch-replaced", before, after)


# What the client has already


@ANY_SOURCE
def test_a_client_that_has_it_gets_304_without_a_query(api: Api, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row_id = api.post("/insert", {"count": 3}).json["ids"][0]
    paths = (source, f"{source}/stats", f"{source}/{row_id}")
    answers = [api.get(path) for path in paths]
    for view in ("handlers.reads.sqlite_view.SqliteView", "handlers.reads.ddb_view.LedgerView"):
        for read in ("page", "row", "stats_text"):
            monkeypatch.setattr(f"{view}.{read}", None)
    for path, answer in zip(paths, answers, strict=True):
        etag = answer.headers["etag"]
        for known in (etag, etag.removeprefix("W/"), f'"a", {etag},W/"b"'):
            again = api.get(path, if_none_match=known)
            assert (again.status, again.text) == (304, "")
            assert again.headers["etag"] == etag
            assert again.headers["snapshot-bookmark"] == answer.headers["snapshot-bookmark"]
            assert again.headers["cache-control"] == "no-cache"
            assert "server-timing" in again.headers
            assert api("HEAD", path, headers={"if-none-match": known}).status == 304


@ANY_SOURCE
def test_a_star_matches_whatever_there_is(api: Api, source: str) -> None:
    row_id = api.post("/insert", {"count": 3}).json["ids"][0]
    for path in (source, f"{source}/stats", f"{source}/{row_id}"):
        assert (api.get(path, if_none_match="*").status, api.get(path, if_none_match="*").text) == (304, "")


@ANY_SOURCE
def test_a_new_row_makes_a_new_etag(api: Api, source: str) -> None:
    api.post("/insert", {})
    before = api.get(source).headers["etag"]
    api.post("/insert", {})
    answer = api.get(source, if_none_match=before)
    assert answer.status == 200
    assert answer.headers["etag"] != before


def test_etags_differ_by_path_and_by_all_that_a_page_depends_on(api: Api) -> None:
    row_id = api.post("/insert", {"count": 5}).json["ids"][0]
    cursor = api.get("/ddb", "limit=1").json["next"]
    times = ("from=2026-01-01T00:00:00Z", "to=2126-01-01T00:00:00Z")
    pages = ("", "limit=1", f"limit=1&cursor={cursor}", "order=asc", "min_value=0", "max_value=1", *times)
    requests = [(path, raw_query) for path in SOURCES for raw_query in pages]
    requests += [(f"{path}/{name}", "") for path in SOURCES for name in ("stats", row_id)]
    etags = [api.get(*request).headers["etag"] for request in requests]
    assert len(set(etags)) == len(requests)
    same = [("/ddb", "limit=100"), ("/ddb", "order=desc"), ("/ddb", "order=desc&limit=100")]
    assert {api.get(*request).headers["etag"] for request in same} == {api.get("/ddb").headers["etag"]}


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        ("", False),
        ('W/"1"', True),
        ('"1"', True),
        ('"0" , W/"1"', True),
        ("*", True),
        (" * ", True),
        ('"0", *', False),
        ("1", False),
        ('"11"', False),
        ('w/"1"', False),
        (",", False),
    ],
)
def test_entity_tags_are_compared_weakly(if_none_match: str, expected: bool) -> None:
    assert is_known(if_none_match, 'W/"1"') is expected


# The copy in /tmp


def test_the_copying_path_tells_of_its_copy(api: Api) -> None:
    size_bytes = api.post("/insert", {"count": 3}).json["snapshot"]["bytes"]
    first, second = api.get("/sqlite-tmp").json, api.get("/sqlite-tmp").json
    assert first["copy"]["bytes"] == size_bytes
    assert first["copy"]["ms"] >= 0
    assert "copy" in first["timings_ms"]
    assert second["copy"] is None
    for path in ("/sqlite-efs", "/ddb"):
        assert "copy" not in api.get(path).json


def test_refresh_copies_again_even_for_a_client_that_has_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.reads.sqlite_tmp.REFRESH_EVERY_S", 0.0)
    inserted = api.post("/insert", {"count": 3}).json
    etag = api.get("/sqlite-tmp").headers["etag"]
    for path in ("/sqlite-tmp", "/sqlite-tmp/stats", f"/sqlite-tmp/{inserted['ids'][0]}"):
        again = api.get(path, "refresh=1", if_none_match="*")
        assert again.status == 200
        assert "close" in again.json["timings_ms"]
        assert again.json["copy"]["bytes"] == inserted["snapshot"]["bytes"]
    assert api.get("/sqlite-tmp", "refresh=1&limit=2").json["count"] == 2
    assert api.get("/sqlite-tmp", "refresh=1").headers["etag"] == etag


def test_refresh_is_refused_to_who_comes_too_often(api: Api) -> None:
    api.post("/insert", {"count": 3})
    assert api.get("/sqlite-tmp", "refresh=1").status == 200
    refused = api.get("/sqlite-tmp", "refresh=1")
    assert_problem(refused, "too-many-requests", "once in 10 s")
    assert refused.headers["retry-after"] == "10"
    assert api.get("/sqlite-tmp").json["consumed"]["copied_bytes"] == 0


@pytest.mark.parametrize("value", ["0", "true", "2", "01"])
def test_refresh_is_1_or_not_there(api: Api, value: str) -> None:
    assert_problem(
        api.get("/sqlite-tmp", f"refresh={value}"), "malformed-request", f'refresh: got "{value}", allowed: 1'
    )


def test_refresh_is_for_the_copying_path_alone(api: Api) -> None:
    for path in ("/sqlite-efs", "/ddb", "/ddb/stats", "/sqlite-efs/x", "/snapshots"):
        assert_problem(api.get(path, "refresh=1"), "malformed-request", "refresh")


def test_a_copy_is_reported_by_the_request_that_made_it_or_not_at_all(api: Api) -> None:
    api.post("/insert", {})
    assert api.get("/sqlite-tmp/unknown").status == 404
    assert api.get("/sqlite-tmp").json["copy"] is None


def test_another_schema_version_is_another_etag(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = Api(environ).get("/sqlite-efs").headers["etag"]
    monkeypatch.setattr(MODEL, "schema_version", MODEL.schema_version + 1)
    assert Api(environ).get("/sqlite-efs").headers["etag"] != before


# Questions that are kept


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that were parsed, in order."""
    queries: list[str] = []
    original = Request.checked_parameters

    def checked_parameters(asked: Request, allowed: tuple[str, ...]) -> Any:
        queries.append(asked.query)
        return original(asked, allowed)

    monkeypatch.setattr(Request, "checked_parameters", checked_parameters)
    return queries


@ANY_SOURCE
def test_a_question_is_parsed_once_and_answered_anew(api: Api, source: str, parsed: list[str]) -> None:
    api.post("/insert", {"count": 3})
    first = api.get(source, "limit=2")
    inserted = api.post("/insert", {"count": 2}).json
    parsed.clear()
    second = api.get(source, "limit=2", min_bookmark=inserted["bookmark"])
    assert parsed == []
    assert [row["id"] for row in second.json["data"]] == inserted["ids"][::-1]
    assert second.headers["etag"] != first.headers["etag"]
    assert api.get(source, "limit=02", if_none_match=second.headers["etag"]).status == 304
    assert parsed == ["limit=02"]


@ANY_SOURCE
def test_two_paths_with_the_same_query_are_two_questions(api: Api, source: str) -> None:
    one, other = api.post("/insert", {"count": 2}).json["ids"]
    for _ in range(2):
        assert api.get(f"{source}/{one}").json["data"]["id"] == one
        assert api.get(f"{source}/{other}").json["data"]["id"] == other
        assert api.get(f"{source}/stats").json["stats"]["count"] == 2
        assert api.get(source).json["count"] == 2


@ANY_SOURCE
def test_a_wrong_header_is_told_of_a_question_that_is_kept(api: Api, source: str) -> None:
    api.post("/insert", {})
    assert api.get(source, "limit=1").status == 200
    assert_problem(api.get(source, "limit=1", min_bookmark="x"), "malformed-request", "Min-Bookmark")
    assert api.get(source, "limit=1").status == 200


@ANY_SOURCE
def test_a_question_for_a_row_is_not_kept_since_another_id_comes_next(api: Api, source: str, parsed: list[str]) -> None:
    (row_id,) = api.post("/insert", {}).json["ids"]
    parsed.clear()
    for _ in range(2):
        assert api.get(f"{source}/{row_id}").json["data"]["id"] == row_id
    assert parsed == ["", ""]


def test_a_wrong_question_is_wrong_each_time(api: Api, parsed: list[str]) -> None:
    for _ in range(2):
        assert_problem(api.get("/sqlite-efs", "limit=0"), "malformed-request", "limit")
    assert parsed == ["limit=0", "limit=0"]


def test_so_many_questions_are_kept_and_no_more(api: Api, parsed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.api.read.MAX_KEPT_QUESTIONS", 3)
    asked = ["limit=1", "limit=2", "limit=3"]
    for _ in range(2):
        assert [api.get("/sqlite-efs", query).status for query in asked] == [200] * 3
    assert parsed == asked
    assert api.get("/sqlite-efs", "limit=4").status == 200
    assert api.get("/sqlite-efs", "limit=1").status == 200
    assert parsed == [*asked, "limit=4", "limit=1"]


# The bookmark that is asked for


def request(headers: dict[str, str]) -> Request:
    return Request(event("GET", "/ddb", headers=headers))


def test_min_bookmark_is_read_from_its_header() -> None:
    errors: list[dict[str, str]] = []
    assert min_bookmark(request({}), errors) == NOTHING
    assert min_bookmark(request({"min-bookmark": "0.0"}), errors) == NOTHING
    assert min_bookmark(request({"min-bookmark": "1767225600000.42"}), errors) == Bookmark(1767225600000, 42)
    assert errors == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "7.",
        ".9",
        "7.9.3",
        "-7.9",
        "7.-9",
        "07.9",
        "7.09",
        "7,9",
        " 7.9",
        "7.9 ",
        "\u0667.9",
        "7.9,7.9",
        "a.b",
        '"7.9"',
        f"{MAX_EPOCH + 1}.0",
        f"1.{MAX_SEQ + 1}",
        "9" * 5000 + ".1",
        "1e3.4",
        "7.9\n",
    ],
)
def test_a_min_bookmark_that_is_none_is_malformed(text: str) -> None:
    errors: list[dict[str, str]] = []
    assert min_bookmark(request({"min-bookmark": text}), errors) == NOTHING
    (error,) = errors
    assert (error["field"], error["allowed"]) == ("Min-Bookmark", "<epoch>.<seq>, two integers")


def test_a_column_without_a_filter_is_told_from_a_name_that_is_unknown(api: Api) -> None:
    problem = assert_problem(api.get("/sqlite-efs", "seq=1&sequence=1"), "malformed-request")
    said = {error["field"]: error["allowed"] for error in problem["errors"]}
    assert said["seq"] == f"seq has no filter; {said['sequence']}"
