"""Statements sent to one read path of an API, and what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from console.client.client import Client, read_members
from console.client.failures import unexpected
from console.errors import ConsoleError

NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)

Value = str | float | bool | None
Parameters = list[Value] | dict[str, Value]


@dataclass(frozen=True)
class ResultSet:
    """The result of a statement.

    Args:
        columns: their names.
        rows: as JSON has them.
        bookmark: of the snapshot.
        is_truncated: more rows follow.
        content: all of the answer.
    """

    columns: list[str]
    rows: list[list[Value]]
    bookmark: str
    is_truncated: bool
    content: dict[str, object]


class SqlSession:
    """Sends statements.

    Args:
        client: of the API.
        source: the read path.
        as_of: the bookmark to read at; empty: the newest snapshot, each time.
        limit: the most rows of an answer.
    """

    def __init__(self, client: Client, source: str, as_of: str, limit: int) -> None:
        self._client = client
        self._path = f"/{source}/sql" + (f"?{urlencode({'as_of': as_of})}" if as_of else "")
        self._limit = limit

    def run(self, sql: str, parameters: Parameters | None = None) -> ResultSet:
        """Run a statement. Raises ConsoleError."""
        body = {"sql": sql, "parameters": parameters or [], "limit": self._limit}
        response = self._client.post(self._path, body)
        content: dict[str, Any] = read_members(response)
        try:
            return ResultSet(
                content["columns"], content["rows"], str(content["bookmark"]), bool(content["truncated"]), content
            )
        except KeyError as error:
            raise unexpected(response, "no result of a statement") from error


def read_parameters(texts: Sequence[str]) -> Parameters:
    """Return the parameters that a command line gives: all by name (`since=2026-01-01`), or all by position.

    A value that is JSON is that value, any other one a text. Raises ConsoleError for a mixture.
    """
    named = [NAMED.fullmatch(text) for text in texts]
    if not any(named):
        return [read_value(text) for text in texts]
    if not all(named):
        hint = """give each a name, as in -p a=1 -p b=2, or none; a text with "=" is written '"a=b"'"""
        raise ConsoleError("--parameter is given with a name and without one", hint, 2)
    return {match[1]: read_value(match[2]) for match in named if match}


def read_value(text: str) -> Value:
    """Return a JSON value that a parameter can have, else the text itself."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, list | dict) else value
