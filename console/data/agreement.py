"""The read paths asked the same: their answers must be alike to the byte."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx

from console.client.client import Client
from console.client.failures import unexpected
from console.client.pages import member_text
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.terminal import Advance
from handlers.domain.paging import MAX_LIMIT
from handlers.routes import SOURCES
from handlers.rows import MODEL

ALIASES = ("min_value", "max_value")  # of the statistics' column: with its own name beside them they are refused


def list_queries(client: Client) -> list[str]:
    """Return paths and parameters that ask for the data in every way there is: by each filter, and by several."""
    stats = json.loads(member_text(client.get(f"/{SOURCES[0]}/stats").text, "stats"))
    newest = json.loads(member_text(client.get(f"/{SOURCES[0]}", {"limit": str(MAX_LIMIT)}).text, "data"))
    filters = filter_parameters(newest)
    times = {"from": stats["first_created_at"], "to": stats["last_created_at"]}
    asked = [{"limit": MAX_LIMIT, "order": "asc"}, *({name: text} for name, text in filters.items())]
    lower = {name: text for name, text in filters.items() if name.startswith("min_") and name not in ALIASES}
    asked += [times | {"order": "asc"}, lower | times]
    return ["", *(f"?{urlencode(parameters)}" for parameters in asked), f"/{newest[0]['id']}", "/stats"]


def filter_parameters(newest: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return a value for each filter there is, from the middle of the newest rows that have one.

    Args:
        newest: as a read path shows them.
    """
    parameters: dict[str, str] = {}
    for name, (column, _) in MODEL.filters.items():
        values = sorted(row[column.name] for row in newest if row[column.name] not in (None, ""))
        if values:
            value = values[len(values) // 2]
            parameters[name] = value if isinstance(value, str) else json.dumps(value)
    return parameters


def compare_answers(client: Client, asked: Sequence[str], advance: Advance) -> int:
    """Ask each home the same and compare the bytes. Returns how many bytes were equal; raises ConsoleError.

    The first one answers as of its newest bookmark, the others of no older one: one that is fed may still be behind.

    Args:
        advance: is told of queries that all paths have answered.
    """
    equal_bytes = 0
    for query in asked:
        first, *others = client.homes()
        answer = _content(client.get(f"/{first}{query}"), query)
        for home in others:
            if _content(client.get(f"/{home}{query}", headers={"min-bookmark": answer[0]}), query) != answer:
                message = f"GET /{home}{query} and GET /{first}{query} give different bookmarks or data"
                raise ConsoleError(message, f"{PROGRAM} verify --url {shlex.quote(client.url)}")
        advance(1)
        equal_bytes += len(answer[1])
    return equal_bytes


def _content(response: httpx.Response, query: str) -> tuple[str, bytes]:
    """Return the bookmark and the JSON text of an answer."""
    name = "stats" if query == "/stats" else "data"
    try:
        return json.loads(member_text(response.text, "bookmark")), member_text(response.text, name).encode()
    except ValueError as error:
        raise unexpected(response, f"no {name} in it") from error
