"""PostgreSQL answers as SQLite does, to the byte, at every point of every history and whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.ledger.ledger import Ledger
from handlers.model.columns import Text
from handlers.postgres import view as view_module
from handlers.postgres.connection import Database
from handlers.postgres.home import Home
from handlers.postgres.reader import PostgresReader
from handlers.reads import page as page_module
from handlers.reads import sqlite_filter, sqlite_view
from handlers.reads.page import NEARBY_ROWS
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.telemetry.usage import Usage
from tests.handlers.reads.test_paths_agree import ALL, World, answers, queries, small_numbers, steps
from tests.support.api import Api
from tests.support.database.feeding import NOTHING_FED, fill, put
from tests.support.filters import asked_as, few_values
from tests.support.meddling import all_rows

__all__ = ["small_numbers"]
PHASES = (Phase.explicit, Phase.generate)  # to make a failing history shorter takes minutes: each has tables of its own
ODD = (
    *("a", "B", "b", "é", "e\u0301", "Z\0", "\0", "", " ", "%s", "%%", "'", '"', "\\", "\\x00", "\n", "\ud7ff"),
    *("\ue000", "\uffff", "𝄞", "NULL", "ﬀ", "İ", "\u0131", "10", "9", "🂡" * 3, "{}", "$1", ":x", "?"),
)


class FedWorld(World):
    """The same, with PostgreSQL fed at each publish."""

    def __init__(self, ledger: Ledger, folder: Path, url: str) -> None:
        super().__init__(ledger, folder)
        self.database = Database(Settings({"DATABASE_URL": url, "DATABASE_AUTH": "trust"}))
        self._url = url
        self._in_postgres = PostgresReader(self.database, 0)
        self.database.run(lambda connection: connection.execute(NOTHING_FED))  # of the example before
        put(url, Home.new(0, is_live=True), [])

    def publish(self, *, compact: bool) -> None:
        super().publish(compact=compact)
        head = self.head
        home = Home(head.epoch, head.seq, head.hash, 0 if MODEL.counterpart else None, head.stats, is_live=True)
        put(self._url, home, self.stored[head.epoch])

    def ask(self, query: dict[str, str], part: float) -> None:
        super().ask(query, part)
        newest = self.snapshots[0].read(NOTHING, Usage(), lambda view: view.bookmark)
        assert self._in_postgres.read(NOTHING, Usage(), lambda view: view.bookmark) == newest
        ids = self._ids()
        for point in (newest, Bookmark(newest.epoch, round(part * newest.seq))):
            wanted, found = (
                reader.read(point, Usage(), lambda view, point=point: answers(view.at(point), query, ids))
                for reader in (self.snapshots[0], self._in_postgres)
            )
            assert found == wanted


@settings(
    max_examples=settings().max_examples // 5,
    phases=PHASES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    history=st.lists(steps, min_size=6, max_size=16),
    sizes=st.tuples(st.sampled_from([250, 700, 5_000_000]), st.sampled_from([7, 50_000])),
)
@example(
    history=[
        ("ask", (ALL, 1.0)),
        ("insert", 15),
        ("publish", False),
        ("insert", 6),
        ("ask", (ALL, 0.8)),
        ("restore", (1.0, 0.5)),
        ("ask", (ALL, 0.95)),
        ("insert", 9),
        ("publish", True),
        ("ask", (ALL, 1.0)),
    ],
    sizes=(250, 7),
)
def test_postgresql_answers_every_question_as_sqlite_does_at_every_point_of_every_history(
    ledger: Ledger, tmp_path: Path, database_url: str, history: list[tuple[str, Any]], sizes: tuple[int, int]
) -> None:
    most_page_bytes, statistics_rows = sizes
    world = FedWorld(ledger, tmp_path, database_url)
    with (
        closing(world.database),
        mock.patch.object(page_module, "MOST_PAGE_BYTES", most_page_bytes),
        mock.patch.object(sqlite_view, "MOST_PAGE_BYTES", most_page_bytes),
        mock.patch.object(view_module, "MOST_PAGE_BYTES", most_page_bytes),
        mock.patch.object(view_module, "STATISTICS_ROWS", statistics_rows),
    ):
        for step, how in history:
            if step == "insert":
                world.insert(how)
            elif step == "publish":
                world.publish(compact=how)
            elif step == "restore":
                world.restore(*how)
            else:
                world.ask(*how)
        world.publish(compact=False)
        world.ask({"limit": "15", "order": "desc"}, 0.5)
    assert world.database.retries == 0


def odd_values(name: str) -> list[str]:
    """What a filter can ask a column for that may go wrong in one database and not in another."""
    column, _ = MODEL.filters[name]
    if not isinstance(column, Text) or column.choices:
        return [asked_as(column, value) for value in few_values(column)]
    return [text[: column.max_length] for text in ODD if len(text) >= column.min_length]


def odd_fields(luck: Random) -> dict[str, object]:
    """A row that a client sends, with texts of that kind."""
    fields = MODEL.draft_fields(tuple(luck.choice(few_values(column)) for column in MODEL.columns))
    for column in MODEL.columns:
        if isinstance(column, Text) and column.is_filterable and not column.choices:
            fields[column.name] = luck.choice(odd_values(column.name))
        elif column.is_nullable and luck.random() < 0.25:
            del fields[column.name]
    return fields


@pytest.fixture
def filled(api: Api, ledger: Ledger, environ: dict[str, str]) -> Iterator[Api]:
    """Rows that came in by the API, in both homes; a filter looks at a few of them before it asks an index."""
    luck = Random(1)
    for count in (70, 40, 1):
        api.post("/insert", {"items": [odd_fields(luck) for _ in range(count)]})
    fill(environ["DATABASE_URL"], ledger)
    with mock.patch.object(sqlite_filter, "NEARBY_ROWS", 2):
        assert NEARBY_ROWS > 2
        yield api


def content(api: Api, path: str, query: dict[str, str]) -> str:
    """An answer without what was measured and who gave it."""
    answer = api.get(path, urlencode(query))
    assert answer.status == 200, answer.text
    return answer.text.partition(",")[2].partition(',"timings_ms"')[0]


@pytest.mark.parametrize("name", list(MODEL.filters))
def test_what_is_odd_is_found_by_both_alike(filled: Api, ledger: Ledger, name: str) -> None:
    epoch = all_rows(ledger) and filled.get("/postgres/stats").json["bookmark"].partition(".")[0]
    for value in odd_values(name):
        for more in ({}, {"as_of": f"{epoch}.90", "order": "asc"}, {"limit": "1000"}):
            query = {name: value, "limit": "5"} | more
            assert content(filled, "/postgres", query) == content(filled, "/sqlite-efs", query)


@given(query=queries)
@settings(max_examples=settings().max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_api_gives_the_same_bytes(filled: Api, query: dict[str, str]) -> None:
    assert content(filled, "/postgres", query) == content(filled, "/sqlite-efs", query)


def test_one_row_and_statistics_too(filled: Api, ledger: Ledger) -> None:
    rows = all_rows(ledger)
    for path in ("/stats", *(f"/{row[1]}" for row in rows[::10])):
        assert content(filled, f"/postgres{path}", {}) == content(filled, f"/sqlite-efs{path}", {})
    for row_id in ("%00", "0" * 26, "\0", "'"):
        assert filled.get(f"/postgres/{row_id}").status == filled.get(f"/sqlite-efs/{row_id}").status == 404
