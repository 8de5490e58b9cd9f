"""The tables of another data model than the shipped one: texts that are too long for an index."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from urllib.parse import urlencode

import psycopg
import pytest

from tests.handlers.feed.test_change import Fed
from tests.support.api import Answer, Context, event

LONG = """
from handlers.model.columns import Text
from handlers.model.model import Model

MODEL = Model("notes", Text("note", filter=True), Text("word", max_length=500, filter=True))
"""


def odd_text(luck: Random, count: int) -> str:
    """A text whose characters have four bytes each, and that nothing compresses."""
    return "".join(chr(luck.randrange(0x10000, 0x110000)) for _ in range(count))


@pytest.fixture
def version(environ: dict[str, str]) -> Iterator[Fed]:
    made = Fed(LONG, environ)
    yield made
    made.stop()


def answer_of(version: Fed, query: dict[str, str]) -> str:
    with version.active():
        made = event("GET", "/postgres", None, {}, urlencode(query))
        answer = Answer(version._relational(made, Context()))  # pyright: ignore[reportPrivateUsage] - a gateway's way
    assert answer.status == 200, answer.text
    return data_of(answer)


def data_of(answer: Answer) -> str:
    return answer.text.partition(",")[2].partition(',"timings_ms"')[0]


def notes(luck: Random) -> list[str]:
    """Texts of the most bytes, alike in more than an index holds, and the ends of what it holds."""
    long = odd_text(luck, 1000)
    alike = [long[:250] + last for last in ("", "a", "b", "\0")]
    return [long, long[:999] + "x", *alike, long[:249], "é" * 500, "é" * 501, "", "short"]


def test_the_longest_texts_are_fed_and_found_as_sqlite_finds_them(version: Fed, database_url: str) -> None:
    luck = Random(1)
    texts = notes(luck)
    items = [{"note": text, "word": odd_text(luck, 500)} for text in texts]
    assert version.send("POST", "/insert", {"items": items}).status == 201
    assert version.send("POST", "/snapshots", {}).status in (200, 201)
    assert version.relate(task="maintain")["rows"] == len(items)
    for text in filter(None, texts):  # nobody can ask for a blank one
        for name in ("note", "min_note", "max_note"):
            query = {name: text, "limit": "1000"}
            wanted = version.send("GET", "/sqlite-efs", raw_query=urlencode(query))
            assert answer_of(version, query) == data_of(wanted)


def test_long_texts_come_out_of_their_index(version: Fed, database_url: str) -> None:
    luck = Random(2)
    version.send("POST", "/insert", {"items": [{"note": odd_text(luck, 300), "word": "w"} for _ in range(200)]})
    version.relate(task="maintain")
    with version.active():
        filters, page = version.module("postgres.filter"), version.module("reads.page")
        table = version.module("postgres.tables").table_name
        query = page.PageQuery({"note": odd_text(luck, 600), "limit": "5"})
    with psycopg.connect(database_url) as connection:
        ((epoch,),) = connection.execute("SELECT epoch FROM home WHERE is_live").fetchall()
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_bitmapscan = off")
        sql, arguments = filters.indexed_sql(query, table(epoch), 1, 200)
        lines = connection.execute(f"EXPLAIN {sql}".encode(), arguments).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert "_by_1" in plan
    assert 'Index Cond: ("substring"(note, 1, 1000) =' in plan
