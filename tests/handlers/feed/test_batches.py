"""Batches of rows: never more than memory has room for, whatever the data model allows."""

from __future__ import annotations

import pytest

from handlers.feed import batches
from handlers.feed.batches import MOST_BATCH_BYTES, batch_rows
from handlers.model.columns import Json, Number, Text
from tests.handlers.feed.site import Site
from tests.handlers.feed.test_change import Fed

LARGE = """
from handlers.model.columns import Text
from handlers.model.model import Model

MODEL = Model("files", Text("content", max_length=90_000))
"""


def test_rows_are_as_many_as_their_largest_have_room() -> None:
    assert batch_rows(5000, [Number("amount")]) == 5000
    large = batch_rows(5000, [Text("note", max_length=1000), Json("all", max_bytes=380_000)])
    assert 1 < large < MOST_BATCH_BYTES / 384_000


def test_every_part_of_the_feed_keeps_to_that(environ: dict[str, str], database_url: str) -> None:
    version = Fed(LARGE, {**environ, "DATABASE_URL": database_url, "DATABASE_AUTH": "trust"})
    names = {"feeder": "CHUNK_ROWS", "inheritance": "COPIED_ROWS", "proof": "READ_ROWS", "batches": "READ_ROWS"}
    with version.active():
        found = {getattr(version.module(f"feed.{module}"), name) for module, name in names.items()}
    assert found == {batch_rows(10_000, [Text("content", max_length=90_000)])}
    version.stop()


def test_pages_of_the_ledger_are_read_in_parts_where_whole_ones_have_no_room(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "READ_ROWS", 3)
    site.ledger.grow(8)
    assert site.feed().rows == 8
    assert [(span.first, span.last) for span in site.ledger.spans] == [(1, 3), (4, 6), (7, 8)]
    site.check()
