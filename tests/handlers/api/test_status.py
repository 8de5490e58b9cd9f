from __future__ import annotations

import os
from pathlib import Path

import pytest

from handlers.api import status
from handlers.domain.bookmark import Bookmark
from handlers.reads.page import PageQuery
from handlers.snapshots.catalog import Name
from tests.support.api import Api

BUILD = ["version", "python", "sqlite", "region", "memory_mb", "architecture"]

# What is published


def test_snapshots_are_listed_newest_first(api: Api, environ: dict[str, str]) -> None:
    assert api.get("/snapshots").json == {"snapshots": []}
    inserted = [api.post("/insert", {"count": 2}).json for _ in range(3)]
    full = api.post("/snapshots", {"full": True}).json["snapshot"]
    answer = api.get("/snapshots")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    listed = answer.json["snapshots"]
    files = sorted(os.listdir(Path(environ["EFS_DIR"]) / "snapshots"), reverse=True)
    greatest = {str(Name(file).bookmark): Name(file).digest for file in reversed(files)}
    assert {entry["bookmark"]: entry["digest"] for entry in listed} == greatest
    bookmarks = [entry["bookmark"] for entry in listed]
    assert bookmarks == sorted(greatest, key=Bookmark.parse, reverse=True)
    assert [bookmark for bookmark in bookmarks if bookmark.endswith((".2", ".4", ".6"))][-3:] == [
        entry["bookmark"] for entry in inserted[::-1]
    ]
    newest = listed[0]
    assert set(newest) == {"bookmark", "rows", "bytes", "hash", "digest", "published_at"}
    assert (newest["rows"], newest["hash"]) == (6, full["hash"])
    assert newest["bytes"] == (Path(environ["EFS_DIR"]) / "snapshots" / files[0]).stat().st_size
    assert PageQuery({"from": newest["published_at"]}).created_from == newest["published_at"]
    assert api.get("/snapshots").json["snapshots"] == listed
    assert api("HEAD", "/snapshots").text == ""


def test_the_newest_twenty_are_listed_and_no_more_files_opened(
    api: Api, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def described(path: str, name: Name) -> dict[str, object]:
        opened.append(path)
        return {"bookmark": str(name.bookmark)}

    monkeypatch.setattr(status, "describe", described)
    folder = Path(environ["EFS_DIR"]) / "snapshots"
    folder.mkdir()
    for seq in range(1, 31):
        for digest in "ab":
            (folder / Name.of(Bookmark(1000, seq), digest * 16)).touch()
    listed = [entry["bookmark"] for entry in api.get("/snapshots").json["snapshots"]]
    assert listed == [f"1000.{seq}" for seq in range(30, 10, -1)]
    assert len(opened) == 20


def test_what_is_no_snapshot_is_not_listed(api: Api, environ: dict[str, str]) -> None:
    api.post("/insert", {})
    listed = api.get("/snapshots").json
    folder = Path(environ["EFS_DIR"]) / "snapshots"
    (folder / Name.of(Bookmark(10**15, 1), "0" * 16)).write_bytes(b"garbage")
    (folder / "notes.txt").write_text("mine")
    assert api.get("/snapshots").json == listed


def test_a_snapshot_that_went_away_is_not_listed_any_more(api: Api, environ: dict[str, str]) -> None:
    api.post("/insert", {})
    folder = Path(environ["EFS_DIR"]) / "snapshots"
    kept, *_, gone = api.get("/snapshots").json["snapshots"]
    (path,) = (path for path in folder.iterdir() if gone["digest"] in path.name)
    path.unlink()
    assert api.get("/snapshots").json["snapshots"] == [kept]


@pytest.mark.parametrize("error", [FileNotFoundError(2, "gone"), OSError(116, "Stale file handle")])
def test_a_snapshot_that_cannot_be_looked_at_is_left_out(
    api: Api, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    api.post("/insert", {})

    def fail(*_: object) -> dict[str, object]:
        raise error

    monkeypatch.setattr("handlers.api.status.describe", fail)
    answer = api.get("/snapshots")
    assert (answer.status, answer.json) == (200, {"snapshots": []})
    assert api.get("/health").json["bookmark"] == "0.0"


def test_health_names_no_bookmark_that_nobody_can_read(api: Api, environ: dict[str, str]) -> None:
    bookmark = api.post("/insert", {}).json["bookmark"]
    garbage = Path(environ["EFS_DIR"]) / "snapshots" / "9999999999999999-999999999999-0123456789abcdef.db"
    garbage.write_bytes(b"x" * 8192)
    assert api.get("/health").json["bookmark"] == bookmark


def test_what_is_known_of_snapshots_does_not_grow_without_end(api: Api, environ: dict[str, str]) -> None:
    for _ in range(3):
        api.post("/insert", {})
        api.get("/snapshots")
    folder = Path(environ["EFS_DIR"]) / "snapshots"
    kept, *gone = sorted(folder.iterdir(), reverse=True)
    for path in gone:
        path.unlink()
    assert api.get("/health").status == 200
    (entry,) = api.get("/snapshots").json["snapshots"]
    assert entry["digest"] in kept.name


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
