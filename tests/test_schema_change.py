"""Two versions of `handlers/rows.py` side by side over one ledger: both write, publish and read, forth and back.

The newer one has a column more, a filter more and another table. Nobody ever gets a 503, and every path of either
version answers each `Min-Bookmark` with the right rows, whoever wrote or published them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from handlers.ledger.ledger import Ledger
from tests.support.api import SOURCES, Answer
from tests.support.versions import Version

OLD = """
from handlers.model.columns import Number, Text
from handlers.model.model import Model

MODEL = Model("randoms", Number("amount", statistics=True), Text("city", max_length=50))
"""
BEFORE = OLD.replace("MODEL =", "BEFORE =")
NEW = (
    BEFORE
    + """
MODEL = Model(
    "payments",
    Number("amount", statistics=True),
    Text("currency", choices=("EUR", "USD"), default="EUR", filter=True),
    Text("city", max_length=50, filter=True),
    replaces=BEFORE,
)
"""
)
UPGRADED = (
    BEFORE
    + """
MODEL = Model(
    "payments",
    Number("amount", statistics=True),
    Text("currency", choices=("EUR", "USD"), filter=True),
    Text("city", max_length=50, filter=True),
    replaces=BEFORE,
    upgrade=lambda row: {**row, "currency": "USD" if row["city"] == "Boston" else "EUR"},
)
"""
)
FINISHED = NEW.replace("    replaces=BEFORE,\n", "")
CITIES = ("Rome", "Boston", "Oslo")


@dataclass
class Side:
    """A version, and what its clients see of a row."""

    version: Version
    shown: Callable[[dict[str, Any]], dict[str, Any]]
    is_new: bool


@dataclass
class Play:
    """The rows as they were written, and the sides that are on stage."""

    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    bookmark: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def send(self, side: Side, *request: Any, **headers: str) -> Answer:
        answer = side.version.send(*request, **headers)
        assert answer.status < 400, (request, headers, answer.status, answer.text)
        return answer

    def insert(self, side: Side, **headers: str) -> Answer:
        """Insert three rows; a new version gives them currencies."""
        given = [{"amount": number * 0.25, "city": CITIES[number % 3]} for number in itertools.islice(self.numbers, 3)]
        if side.is_new:
            given = [row | {"currency": currency} for row, currency in zip(given, ("EUR", "USD", "EUR"), strict=True)]
        answer = self.send(side, "POST", "/insert", {"items": given}, "", **headers)
        self.bookmark = answer.headers["snapshot-bookmark"]
        assert answer.status in (201, 202)
        for row_id, row in zip(answer.json["ids"], given, strict=True):
            self.rows.append({"id": row_id, "by_new": side.is_new, **row})
        return answer

    def check(self, *sides: Side) -> None:
        """Read everything by every path of every side, at the last bookmark."""
        for side in sides:
            self._check_rows(side)
            self._check_filters(side)

    def _check_rows(self, side: Side) -> None:
        expected = [side.shown(row) for row in self.rows]
        for source in SOURCES:
            page = self.send(side, "GET", source, None, "limit=1000&order=asc", min_bookmark=self.bookmark)
            found = [{name: row[name] for name in expected[0]} for row in page.json["data"]]
            assert found == expected, (source, self.bookmark)
            assert {*page.json["data"][0]} == {*expected[0], "created_at"}
            stats = self.send(side, "GET", f"{source}/stats", None, "", min_bookmark=self.bookmark).json["stats"]
            assert (stats["count"], stats["max"]) == (len(expected), max(row["amount"] for row in expected))
            for row in (expected[0], expected[-1]):
                one = self.send(side, "GET", f"{source}/{row['id']}", None, "", min_bookmark=self.bookmark).json["data"]
                assert {name: one[name] for name in row} == row
            point = self.send(side, "GET", source, None, f"limit=1000&order=asc&as_of={self.bookmark}")
            assert point.json["data"] == page.json["data"]
        for source in SOURCES[:2]:
            fresh = self.send(side, "GET", source, None, "limit=1000&order=asc&fresh=1")
            assert [row["id"] for row in fresh.json["data"]] == [row["id"] for row in expected]
            sql = {"sql": f"SELECT id FROM {side.version.model.table} ORDER BY seq"}
            answer = self.send(side, "POST", f"{source}/sql", sql, "", min_bookmark=self.bookmark)
            assert [row_id for (row_id,) in answer.json["rows"]] == [row["id"] for row in expected]

    def _check_filters(self, side: Side) -> None:
        if not side.is_new:
            return
        for name, value in (("currency", "EUR"), ("currency", "USD"), ("city", "Boston")):
            expected = [row["id"] for row in map(side.shown, self.rows) if row[name] == value]
            for source in SOURCES:
                page = self.send(
                    side, "GET", source, None, f"limit=1000&order=asc&{name}={value}", min_bookmark=self.bookmark
                )
                assert [row["id"] for row in page.json["data"]] == expected, (source, name, value)


def as_old(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "amount", "city")}


def with_default(row: dict[str, Any]) -> dict[str, Any]:
    return {**as_old(row), "currency": row.get("currency", "EUR")}


def upgraded(row: dict[str, Any]) -> dict[str, Any]:
    meant = "USD" if row["city"] == "Boston" else "EUR"
    return {**as_old(row), "currency": row["currency"] if row["by_new"] else meant}


@pytest.fixture(params=["default", "upgrade"])
def sides(request: pytest.FixtureRequest, environ: dict[str, str]) -> tuple[Side, Side]:
    """The old version and the new one, each in sandboxes of its own."""
    source, shown = (NEW, with_default) if request.param == "default" else (UPGRADED, upgraded)
    old = Version(OLD, {**environ, "TMP_DIR": f"{environ['TMP_DIR']}-old"})
    new = Version(source, {**environ, "TMP_DIR": f"{environ['TMP_DIR']}-new"})
    return Side(old, as_old, is_new=False), Side(new, shown, is_new=True)


@dataclass
class Stage:
    """A stage of the change: who writes, and who is read."""

    writers: tuple[int, ...]
    readers: tuple[int, ...]


OLD_ALONE, BOTH, NEW_ALONE = Stage((0,), (0,)), Stage((0, 1), (0, 1)), Stage((1,), (1,))


def test_forth_and_back(sides: tuple[Side, Side]) -> None:
    play = Play()
    for stage in (OLD_ALONE, BOTH, NEW_ALONE, BOTH, OLD_ALONE, BOTH, NEW_ALONE):
        readers = [sides[number] for number in stage.readers]
        play.check(*readers[: 2 if play.rows else 0])  # whoever joins is read before he has written or published
        for _ in range(2):
            for number in stage.writers:
                play.insert(sides[number])
                play.check(*readers)
        for number in stage.writers:
            play.send(sides[number], "POST", "/snapshots", {})
            play.check(*readers)
            done = sides[number].version.task("verify", level="full")
            assert done["is_right"], done


