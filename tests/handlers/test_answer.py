from __future__ import annotations

import json
import platform
import sqlite3

from handlers import VERSION
from handlers.answer import health_response, json_response
from handlers.bookmark import Bookmark


def test_an_answer_is_json_that_is_not_cached() -> None:
    response = json_response(201, {"a": 1}, {"etag": '"1"'})
    assert (response.status, json.loads(response.body)) == (201, {"a": 1})
    assert response.headers == {"content-type": "application/json", "cache-control": "no-store", "etag": '"1"'}


def test_health_tells_role_build_and_bookmark() -> None:
    response = health_response("query", Bookmark(7, 3), {"retries": 2})
    assert json.loads(response.body) == {
        "status": "ok",
        "role": "query",
        "build": {"version": VERSION, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version},
        "bookmark": "7.3",
        "retries": 2,
    }
    assert "retries" not in json.loads(health_response("command", Bookmark(7, 3)).body)
