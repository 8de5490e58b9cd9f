"""The read paths asked the same: their answers must be alike to the byte."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from urllib.parse import urlencode

import httpx

from console.client.client import Client
from console.client.failures import unexpected
from console.client.pages import member_text
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.terminal import Advance
from handlers.routes import SOURCES


def list_queries(client: Client) -> list[str]:
    """Return paths and parameters that ask for the data in every way there is."""
    stats = json.loads(member_text(client.get(f"/{SOURCES[0]}/stats").text, "stats"))
    newest = json.loads(member_text(client.get(f"/{SOURCES[0]}", {"limit": "1"}).text, "data"))
    low, high = stats["min"], (stats["min"] + stats["max"]) / 2
    times = {"from": stats["first_created_at"], "to": stats["last_created_at"]}
    return [
        "",
        "?limit=1000&order=asc",
        f"?{urlencode({'min_value': low, 'max_value': high, 'limit': 1000})}",
        f"?{urlencode(times | {'order': 'asc'})}",
        f"/{newest[0]['id']}",
        "/stats",
    ]


def compare_answers(client: Client, asked: Sequence[str], advance: Advance) -> int:
    """Ask each path the same and compare the bytes. Returns how many bytes were equal; raises ConsoleError.

    Args:
        advance: is told of queries that all paths have answered.
    """
    equal_bytes = 0
    for query in asked:
        answers = {source: _content(client.get(f"/{source}{query}"), query) for source in SOURCES}
        advance(1)
        differing = [source for source in SOURCES if answers[source] != answers[SOURCES[0]]]
        if differing:
            message = f"GET /{differing[0]}{query} and GET /{SOURCES[0]}{query} give different bookmarks or data"
            raise ConsoleError(message, f"{PROGRAM} verify --url {shlex.quote(client.url)}")
        equal_bytes += len(answers[SOURCES[0]][1])
    return equal_bytes


def _content(response: httpx.Response, query: str) -> tuple[str, bytes]:
    name = "stats" if query == "/stats" else "data"
    try:
        return member_text(response.text, "bookmark"), member_text(response.text, name).encode()
    except ValueError as error:
        raise unexpected(response, f"no {name} in it") from error
