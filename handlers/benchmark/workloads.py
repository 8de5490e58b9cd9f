"""The requests of a benchmark: the same data set always gives the same.

A request is a path and a query, as the function is asked for them by a client.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.reads.page import PageQuery
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Ask = Callable[[str, str], Mapping[str, Any]]  # path and query to the gateway's dictionary

SAMPLES = 50  # rows spread over the whole data set, for ids and for the bounds of ranges
Suffix = tuple[str, str]  # what follows a source in a path, and the query


class DataSet:
    """The data that requests are made from: the newest snapshot's bookmark, and some rows of it. Raises Problem."""

    def __init__(self, ask: Ask) -> None:
        first = asked(ask, "/sqlite-efs", "limit=1")
        self.bookmark = Bookmark.parse(first["bookmark"])
        if not self.bookmark.seq:
            raise Problem("no-rows", "There is nothing to measure in an empty data set: insert some rows")
        positions = {number * self.bookmark.seq // SAMPLES for number in range(SAMPLES)}
        self._rows = [self._row_after(ask, position) for position in sorted(positions)]
        Random(1).shuffle(self._rows)  # noqa: S311 - no secret: neighbours would share pages of the file

    def _row_after(self, ask: Ask, position: int) -> Mapping[str, Any]:
        cursor = f"&cursor={PageQuery({'order': 'asc'}).cursor(str(self.bookmark), position)}" if position else ""
        return asked(ask, "/sqlite-efs", f"limit=1&order=asc{cursor}")["data"][0]

    def newest_100(self) -> list[Suffix]:
        """Ask for the page that everybody asks for."""
        return [("", "limit=100")]

    def by_id(self) -> list[Suffix]:
        """Ask for rows from everywhere in the data set."""
        return [(f"/{row['id']}", "") for row in self._rows]

    def range(self) -> list[Suffix]:
        """Ask for the rows between two neighbouring values of the sample: about one row in fifty."""
        name, at_least, below = MODEL.range
        values = sorted(row[name] for row in self._rows)
        bounds = zip(values, values[1:] or values, strict=False)
        return [("", f"{at_least}={low}&{below}={high}".replace("+", "%2B")) for low, high in bounds]

    def stats(self) -> list[Suffix]:
        """Ask for statistics of all rows, without a transfer of any."""
        return [("/stats", "")]


WORKLOADS: dict[str, Callable[[DataSet], list[Suffix]]] = {
    "newest-100": DataSet.newest_100,
    "by-id": DataSet.by_id,
    "range": DataSet.range,
    "stats": DataSet.stats,
}


def asked(ask: Ask, path: str, raw_query: str) -> Mapping[str, Any]:
    """Return the content of an answer. Raises Problem (503) where it is not 200."""
    response = ask(path, raw_query)
    if response["statusCode"] != 200:
        raise unavailable(f"GET {path} answers {response['statusCode']}: {json.loads(response['body'])['detail']}")
    return json.loads(response["body"])
