from __future__ import annotations

import json
import os
import platform
import sqlite3

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.gateway.response import health_of, json_response
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.telemetry.runtime import VERSION, runtime_of


def test_an_answer_is_json_that_is_not_cached() -> None:
    response = json_response(201, {"a": 1}, {"etag": '"1"'})
    assert (response.status, json.loads(response.body)) == (201, {"a": 1})
    assert response.headers == {"content-type": "application/json", "cache-control": "no-store", "etag": '"1"'}


def test_health_tells_role_build_and_bookmark() -> None:
    assert health_of("query", Bookmark(7, 3), runtime_of(Settings({}))) == {
        "status": "ok",
        "role": "query",
        "build": {
            "version": VERSION,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "region": None,
            "memory_mb": None,
            "architecture": platform.machine(),
        },
        "columns": MODEL.rows_version,
        "bookmark": "7.3",
    }


def test_the_build_tells_where_it_runs() -> None:
    build = runtime_of(Settings({"AWS_REGION": "eu-central-1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}))
    assert (build["region"], build["memory_mb"]) == ("eu-central-1", 1769)


def test_what_a_machine_does_not_tell_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.uname", lambda: os.uname_result(("Linux", "", "", "", "")))
    assert runtime_of(Settings({}))["architecture"] is None


def test_cookies_are_beside_the_headers() -> None:
    response = json_response(200, {})
    assert "cookies" not in response.to_event()
    response.cookies = ("a=b", "c=d")
    assert response.to_event()["cookies"] == ["a=b", "c=d"]
