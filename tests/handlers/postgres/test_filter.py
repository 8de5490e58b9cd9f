"""The statements of filtered pages: how PostgreSQL goes about them. test_paths_agree.py says what they find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from handlers.model.columns import Boolean, Text
from handlers.model.model import Model
from handlers.postgres import filter as filter_module
from handlers.postgres.filter import indexed_sql, nearby_sql
from handlers.postgres.home import Home
from handlers.postgres.tables import table_name
from handlers.reads.page import PageQuery
from handlers.rows import MODEL
from tests.support.database.feeding import put
from tests.support.drafts import VALUE, with_value
from tests.support.files import make_rows

COUNT = 5000
LEAST, MOST = MODEL.range[1:]
TABLE = table_name(1)
RARE = {LEAST: "0.5", MOST: "0.5", "limit": "100"}
COMMON = {LEAST: "0.7", "limit": "100"}


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A table where one value is rare and another common, as PostgreSQL's statistics know."""
    rows = [with_value(row, 0.5 if row[0] % 1000 == 1 else 0.75) for row in make_rows(COUNT)]
    put(database_url, Home.new(1, is_live=True), rows)
    with psycopg.connect(database_url, autocommit=True) as made:
        made.execute(f"ANALYZE {TABLE}".encode())
        yield made


def plan(connection: psycopg.Connection[Any], statement: tuple[str, list[Any]]) -> str:
    sql, arguments = statement
    lines = connection.execute(f"EXPLAIN (ANALYZE, COSTS off, TIMING off) {sql}".encode(), arguments).fetchall()
    return "\n".join(line for (line,) in lines)


def most_rows(plan: str) -> int:
    """How many rows the step had to look at that had to do with most."""
    counted = re.findall(r"rows=(\d+)|Rows Removed by Filter: (\d+)", plan)
    return max(int(found or removed) for found, removed in counted)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.skipif(VALUE == "created_at", reason="the data model has no filter of numbers")
def test_a_rare_value_comes_out_of_its_index(connection: psycopg.Connection[Any], order: str) -> None:
    found = plan(connection, indexed_sql(PageQuery({**RARE, "order": order}), TABLE, 1, COUNT))
    assert re.search(r"Index Scan (Backward )?(using|on) \"?rows_\d+_1_by_\d", found), found
    assert "Seq Scan" not in found
    assert most_rows(found) == COUNT // 1000


@pytest.mark.parametrize("query", [RARE, COMMON], ids=["rare", "common"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_the_rows_nearby_are_read_by_their_place_whatever_is_asked_for(
    connection: psycopg.Connection[Any], query: dict[str, str], order: str
) -> None:
    found = plan(connection, nearby_sql(PageQuery({**query, "order": order}), TABLE, 4000, 4199))
    assert re.search(r"_pkey", found), found
    assert "Seq Scan" not in found
    assert most_rows(found) <= 200


def test_a_common_value_is_not_looked_for_by_walking_the_table_in_order(connection: psycopg.Connection[Any]) -> None:
    found = plan(connection, indexed_sql(PageQuery(COMMON), TABLE, 1, COUNT))
    assert "_pkey" not in found


def test_a_text_is_compared_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model("things", Text("name", max_length=500, filter=True), Boolean("is_new", filter=True))
    monkeypatch.setattr(filter_module, "MODEL", model)
    query = PageQuery({"limit": "5", "order": "asc"})
    query.conditions = [("name", ">=", "é\0"), ("is_new", "=", 1), ("created_at", "<", "2026")]
    sql, arguments = indexed_sql(query, '"t"', 3, 9)
    assert arguments == ["é\0".encode(), 1, "2026", 3, 9, 6]
    assert '"name" >= %s AND "is_new" = %s AND "created_at" < %s' in sql
    assert nearby_sql(query, '"t"', 3, 9)[1] == [3, 9, "é\0".encode(), 1, "2026", 6]


def test_a_text_that_may_be_long_is_compared_by_its_first_bytes_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_module, "MODEL", Model("things", Text("name", filter=True)))
    query = PageQuery({"limit": "5", "order": "asc"})
    query.conditions = [("name", "<=", "é" * 501)]
    sql, arguments = indexed_sql(query, '"t"', 3, 9)
    assert arguments[:2] == ["é".encode() * 500, "é".encode() * 501]
    assert 'substring("name", 1, 1000) <= %s AND "name" <= %s' in sql
