from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handlers.api import status
from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import hash_text
from handlers.ledger.ledger import Ledger
from handlers.reads.page import PageQuery
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.names import Name
from handlers.snapshots.segment import Segment
from tests.support.api import Api
from tests.support.meddling import head_of

BUILD = ["version", "python", "sqlite", "region", "memory_mb", "architecture"]


@pytest.fixture
def folder(environ: dict[str, str]) -> Path:
    return Path(environ["EFS_DIR"], "snapshots")


@pytest.fixture
def no_merging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inserts leave a segment each."""
    monkeypatch.setattr("handlers.snapshots.chain.MERGED_ROWS", 1)


def listed(api: Api) -> list[dict[str, Any]]:
    answer = api.get("/snapshots")
    assert answer.status == 200, answer.text
    return answer.json["snapshots"]


# What is published


def test_snapshots_are_listed_newest_first(api: Api, folder: Path, ledger: Ledger) -> None:
    assert listed(api) == []
    inserted = [api.post("/insert", {"count": 2}).json["snapshot"] for _ in range(3)]
    entries = listed(api)
    assert [entry["rows"] for entry in entries] == [6, 4, 2, 0]
    assert [entry["bookmark"] for entry in entries[:3]] == [snapshot["bookmark"] for snapshot in inserted[::-1]]
    newest = entries[0]
    assert set(newest) == {"bookmark", "rows", "bytes", "hash", "published_at", "segments"}
    assert newest["hash"] == hash_text(head_of(ledger).hash)
    assert newest["bytes"] == inserted[-1]["bytes"]
    assert PageQuery({"from": newest["published_at"]}).conditions == [("created_at", ">=", newest["published_at"])]
    assert api.get("/snapshots").headers["cache-control"] == "no-store"
    assert listed(api) == entries
    assert api("HEAD", "/snapshots").text == ""
    assert len(list(folder.iterdir())) == 4


@pytest.mark.usefixtures("no_merging")
def test_a_snapshots_segments_are_its_files_newest_first(api: Api, folder: Path, ledger: Ledger) -> None:
    for count in (3, 2, 4):
        api.post("/insert", {"count": count})
    newest, *older = listed(api)
    assert [(segment["first"], segment["last"]) for segment in newest["segments"]] == [(6, 9), (4, 5), (1, 3)]
    assert newest["segments"][1:] == older[0]["segments"]
    for segment in newest["segments"]:
        (path,) = folder.glob(f"*-{segment['last']:012d}-{segment['first']:012d}-*-{segment['digest']}.db")
        assert path.stat().st_size == segment["bytes"]
    assert newest["bytes"] == sum(segment["bytes"] for segment in newest["segments"])
    assert newest["hash"] == hash_text(head_of(ledger).hash)


def test_all_histories_are_listed_the_newest_first(api: Api) -> None:
    api.post("/insert", {"count": 2})
    new = api.post("/snapshots", {"new_epoch": True}).json["snapshot"]["bookmark"]
    entries = listed(api)
    assert [entry["rows"] for entry in entries] == [2, 2, 0]
    assert entries[0]["bookmark"] == new
    assert entries[0]["segments"] == entries[1]["segments"]


def test_a_request_opens_so_many_files_and_the_next_one_the_others(
    api: Api, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(status, "MOST_OPENED", 4)
    original = status.open_segment

    def counted(path: str, name: Name, verify_max_bytes: int | None = None) -> Segment:
        opened.append(path)
        assert verify_max_bytes == 0  # nobody waits for all bytes of all files here
        return original(path, name, verify_max_bytes)

    monkeypatch.setattr(status, "open_segment", counted)
    for _ in range(6):
        api.post("/insert", {})
    counts = [len(listed(api)) for _ in range(3)]
    assert counts == [4, 7, 7]
    assert len(opened) == len(set(opened)) == 7


def test_the_newest_twenty_are_listed(api: Api) -> None:
    bookmarks = [api.post("/insert", {}).json["bookmark"] for _ in range(22)]
    assert [entry["bookmark"] for entry in listed(api)] == bookmarks[:1:-1]


def test_what_is_no_segment_is_not_listed(api: Api, folder: Path) -> None:
    api.post("/insert", {})
    before = listed(api)
    (folder / Name.of(Bookmark(10**15, 1), 1, "0" * 16)).write_bytes(b"garbage")
    (folder / "notes.txt").write_text("mine")
    assert listed(api) == before


def test_a_snapshot_whose_segment_went_away_is_not_listed_any_more(api: Api, folder: Path) -> None:
    api.post("/insert", {})
    newest, oldest = listed(api)
    (path,) = folder.glob(f"*{oldest['segments'][0]['digest']}*")
    path.unlink()
    assert listed(api) == [newest]


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "gone"), OSError(116, "Stale file handle"), UnprovenError("damaged")], ids=repr
)
def test_a_snapshot_that_cannot_be_looked_at_is_left_out(
    api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    bookmark = api.post("/insert", {}).json["bookmark"]

    def fail(*_: object) -> Segment:
        raise error

    monkeypatch.setattr("handlers.api.status.open_segment", fail)
    assert listed(api) == []
    assert api.get("/health").json["bookmark"] == bookmark


def test_what_is_known_of_segments_does_not_grow_without_end(api: Api, folder: Path) -> None:
    for _ in range(3):
        api.post("/insert", {})
        listed(api)
    newest = listed(api)[0]
    for path in folder.iterdir():
        if newest["segments"][0]["digest"] not in path.name:
            path.unlink()
    assert api.get("/health").status == 200
    assert listed(api) == [newest]


# Health


def test_each_function_tells_of_itself(api: Api) -> None:
    assert api.get("/health").json["bookmark"] == "0.0"
    bookmark = api.post("/insert", {"count": 2}).json["bookmark"]
    for path, role in (("/health", "query"), ("/query/health", "query"), ("/command/health", "command")):
        answer = api.get(path)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.json["role"] == role
        assert answer.json["bookmark"] == bookmark
        assert list(answer.json["build"]) == BUILD
        assert api("HEAD", path).text == ""
    assert api.get("/health").json["retries"] == 0


def test_health_names_no_bookmark_that_nobody_can_reach(api: Api, folder: Path) -> None:
    bookmark = Bookmark.parse(api.post("/insert", {}).json["bookmark"])
    for point in (Bookmark(bookmark.epoch, 9), Bookmark(9999999999999999, 9)):
        (folder / Name.of(point, 5, "0123456789abcdef")).write_bytes(b"x" * 8192)
    assert api.get("/health").json["bookmark"] == str(bookmark)


def test_health_names_no_bookmark_whose_file_a_read_has_found_damaged(api: Api, folder: Path) -> None:
    bookmark = Bookmark.parse(api.post("/insert", {}).json["bookmark"])
    (folder / Name.of(Bookmark(bookmark.epoch, 9), 1, "0123456789abcdef")).write_bytes(b"x" * 8192)
    assert api.get("/sqlite-efs").json["bookmark"] == str(bookmark)
    assert api.get("/health").json["bookmark"] == str(bookmark)
