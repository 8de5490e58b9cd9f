"""Answers that both functions give alike."""

from __future__ import annotations

import json
import os
import sys
from _sqlite3 import sqlite_version  # as snapshot.py has it

from handlers import VERSION
from handlers.api.request import Response

TYPE_CHECKING = False  # the typing module would cost 1.3 ms of a cold start
if TYPE_CHECKING:
    from handlers.domain.bookmark import Bookmark
    from handlers.settings import Settings

JSON_TYPE = "application/json"


def json_response(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    """An answer that is not to be cached."""
    common = {"content-type": JSON_TYPE, "cache-control": "no-store"}
    return Response(status, json.dumps(content), common | (headers or {}))


def health_response(
    role: str, bookmark: Bookmark, build: dict[str, object], members: dict[str, object] | None = None
) -> Response:
    """The function is well: its role, its build (`build_of`) and the newest bookmark it knows."""
    content: dict[str, object] = {"status": "ok", "role": role, "build": build, "bookmark": str(bookmark)}
    return json_response(200, content | (members or {}))


def build_of(settings: Settings) -> dict[str, object]:
    """What answers here, and on what: a measurement means little without it. None: not known."""
    return {
        "version": VERSION,
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "sqlite": sqlite_version,
        "region": settings.region or None,
        "memory_mb": settings.memory_mb,
        "architecture": os.uname().machine or None,
    }
