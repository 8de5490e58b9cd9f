"""The lake read by DuckDB, from a copy of its objects, with the types that the table in Glue has."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import duckdb
import pytest

from console.lake.where import where_clause
from handlers.aws.objects import Objects
from handlers.domain.hashes import content_hash
from handlers.lake.lake import Lake
from handlers.lake.stretches import stretches_of
from handlers.ledger.ledger import Ledger
from handlers.rows import MODEL
from infra.data.lake_columns import lake_columns
from tests.handlers.lake.scene import contents, restore
from tests.support.files import make_rows
from tests.support.meddling import EPOCH, all_rows, appender, drafts, head_of, no_time_limit, put_rows

TYPES = {"string": "VARCHAR", "double": "DOUBLE", "bigint": "BIGINT", "boolean": "BOOLEAN"}
PAGES = "lake/root=*/page=*.ndjson.gz"


@pytest.fixture
def copy(ledger: Ledger, objects: Objects, tmp_path: Path, small_pages: int) -> Path:
    """A lake whose ledger has left rows twice, as a folder."""
    put_rows(ledger, make_rows(3 * small_pages + 5))
    Lake(ledger, objects).write(60.0)
    restore(ledger, 2 * small_pages + 3, EPOCH + 1)
    appender(ledger).append(drafts(2 * small_pages), no_time_limit())
    Lake(ledger, objects).write(60.0)
    restore(ledger, 3 * small_pages, EPOCH + 2)
    appender(ledger).append(drafts(4), no_time_limit())
    Lake(ledger, objects).write(60.0)
    for key, content in contents(objects).items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_duckdb_finds_the_ledger_in_it(ledger: Ledger, copy: Path) -> None:
    head = head_of(ledger)
    where = where_clause(stretches_of(head))
    assert len(head.roots) == 3
    table = (
        f"read_json('{copy / PAGES}', columns = {columns()}, hive_partitioning = true, hive_types = {{root: VARCHAR}})"
    )
    names = ", ".join(f'"{name}"' for name in columns())
    rows = ask(f"SELECT {names} FROM {table} WHERE {where} ORDER BY seq")
    assert [shown(row) for row in rows] == [(row[0], *MODEL.shown(row).values()) for row in all_rows(ledger)]
    assert len(rows) == head.stats.count
    if MODEL.statistics is not None:
        values = [value for (value,) in ask(f'SELECT "{MODEL.statistics.name}" FROM {table} WHERE {where}')]
        assert math.fsum(values) == math.fsum(head.stats.sum_parts)
        assert (min(values), max(values)) == (head.stats.minimum, head.stats.maximum)


def test_its_lines_have_the_hash_of_the_ledgers_head(ledger: Ledger, copy: Path) -> None:
    head = head_of(ledger)
    lines = f"read_ndjson_objects('{copy / PAGES}', hive_partitioning = true, hive_types = {{root: VARCHAR}})"
    numbered = f"(SELECT CAST(json ->> 'seq' AS BIGINT) AS seq, CAST(json AS VARCHAR) AS line, root FROM {lines})"
    found = ask(f"SELECT seq, line FROM {numbered} WHERE {where_clause(stretches_of(head))}")
    texts = ["{" + line.removeprefix(f'{{"seq":{seq},') for seq, line in found]
    assert content_hash(0, [seq for seq, _ in found], texts) == head.hash


def test_without_the_condition_there_are_rows_of_the_branches_that_were_left(ledger: Ledger, copy: Path) -> None:
    ((count,),) = ask(f"SELECT count(*) FROM read_ndjson_objects('{copy / PAGES}')")
    assert count > head_of(ledger).seq


def ask(statement: str) -> list[Any]:
    """Return the rows that a statement gives."""
    with duckdb.connect() as connection:
        return connection.execute(statement).fetchall()


def shown(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row that DuckDB read as the API shows it: JSON within JSON is a text to it."""
    kinds = ["integer", "text", *(column.kind for column in MODEL.columns), "text"]
    pairs = zip(kinds, row, strict=True)
    return tuple(json.loads(value) if kind == "json" and value is not None else value for kind, value in pairs)


def columns() -> dict[str, str]:
    return {name: TYPES[kind] for name, kind in lake_columns()}
