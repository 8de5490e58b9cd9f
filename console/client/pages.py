"""The API's answers cut into their JSON texts: what a path sent, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx

from console.client.client import Client, read_members
from console.client.failures import unexpected
from handlers.domain.bookmark import Bookmark
from handlers.domain.paging import MAX_LIMIT

_decoder = json.JSONDecoder()


class Page:
    """One answer of a list route."""

    def __init__(self, response: httpx.Response) -> None:
        members = read_members(response)
        try:
            self.bookmark = Bookmark.parse(str(members["bookmark"]))
            self.next = str(members["next"]) if members["next"] is not None else None
            self.texts = row_texts(response.text)
        except (KeyError, ValueError) as error:
            raise unexpected(response, f"no page of rows ({error})") from error


class Walk:
    """All rows of one path as of a bookmark, oldest first. `seconds` grows with the time spent on requests.

    Args:
        cursor: where to go on; None: at the first row.
    """

    def __init__(self, client: Client, source: str, as_of: Bookmark, cursor: str | None = None) -> None:
        self.source = source
        self.cursor = cursor
        self._client = client
        self._as_of = as_of
        self.seconds = 0.0

    def pages(self) -> Iterator[list[str]]:
        """Yield the rows' JSON texts, a page at a time. Meanwhile `cursor` is where the next page begins."""
        while True:
            page = self._page()
            self.cursor = page.next
            yield page.texts
            if self.cursor is None:
                return

    def _page(self) -> Page:
        parameters = {"as_of": str(self._as_of), "order": "asc", "limit": str(MAX_LIMIT)}
        response = self._client.get(f"/{self.source}", parameters | ({"cursor": self.cursor} if self.cursor else {}))
        self.seconds += response.elapsed.total_seconds()
        return Page(response)


def member_text(body: str, name: str) -> str:
    """Return the JSON text of the answer's first member of this name. Raises ValueError."""
    start = _after(body, f'"{name}":')
    return body[start : _decoder.raw_decode(body, start)[1]]


def row_texts(body: str) -> list[str]:
    """Return the JSON texts of the rows in `data`. Raises ValueError."""
    position = _after(body, '"data":[')
    texts: list[str] = []
    while body[position] != "]":
        _, end = _decoder.raw_decode(body, position)
        texts.append(body[position:end])
        position = end + (body[end] == ",")
    return texts


def _after(body: str, mark: str) -> int:
    return body.index(mark) + len(mark)
