from __future__ import annotations

import json
import sqlite3
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model, Row, times_of
from handlers.rows import MODEL

PRODUCTS = Model(
    "order",
    Text("group", max_length=40, filter=True),
    Text("name", required=False),
    Number("price", minimum=0, statistics=True),
    Integer("stock", default=3),
    Boolean("in_stock", required=False, filter=True),
    Timestamp("updated_at", required=False, filter=True),
    Json("tags", required=False),
)
NOTES = Model("notes", Text("text"))
MODELS = {"shipped": MODEL, "products": PRODUCTS, "notes": NOTES}
ANY_MODEL = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
ID = "01KDVDNW00AYEYAEJN3YJ8N6R4"
TIME = "2026-01-01T00:00:00.000Z"
EMPTY = {"group": "g", "price": 1}


def rows_of(model: Model, seed: int, count: int = 3) -> list[Row]:
    """Random rows; in each, some of what need not be given is missing."""
    luck = Random(seed)
    rows: list[Row] = []
    for seq in range(1, count + 1):
        fields = model.draft_fields(model.random_draft(luck))
        optional = [column.name for column in model.columns if not column.required]
        kept = {name: value for name, value in fields.items() if name not in optional or luck.random() < 0.5}
        draft, errors = model.parse_draft(kept, "")
        assert draft is not None, errors
        rows.append(model.row_of(seq, ID, draft, TIME))
    return rows


@ANY_MODEL
@given(seed=st.integers(0, 10**6))
def test_rows_survive_the_ledger(model: Model, seed: int) -> None:
    rows = rows_of(model, seed)
    items = [model.to_item(row) for row in rows]
    assert model.rows_of([row[0] for row in rows], items) == rows
    assert model.rows_of([], []) == []


@ANY_MODEL
@given(seed=st.integers(0, 10**6))
def test_rows_survive_sqlite(model: Model, seed: int) -> None:
    rows = rows_of(model, seed)
    connection = sqlite3.connect(":memory:")
    connection.executescript(model.ddl + model.indexes)
    places = ", ".join("?" * (len(model.names) + 1))
    inserted = [(*row, "") for row in rows]
    inserted = [(row[0], f"{row[0]}", *row[2:]) for row in inserted]
    connection.executemany(f"INSERT INTO {model.sql_table} VALUES ({places})", inserted)
    assert connection.execute(f"SELECT * FROM {model.sql_table} ORDER BY seq").fetchall() == inserted
    connection.close()


@ANY_MODEL
@given(seed=st.integers(0, 10**6))
def test_rows_are_shown_with_every_column_in_order(model: Model, seed: int) -> None:
    rows = rows_of(model, seed)
    texts = model.json_texts(rows)
    assert texts == [model.json_text(row) for row in rows]
    for row, text in zip(rows, texts, strict=True):
        shown = json.loads(text)
        assert list(shown) == ["id", *(column.name for column in model.columns), "created_at"]
        given = {name: value for name, value in shown.items() if name not in ("id", "created_at")}
        assert model.parse_draft(given, "") == (row[2:-1], [])
    assert model.json_texts([]) == []


def test_a_row_is_shown_without_spaces() -> None:
    draft, _ = PRODUCTS.parse_draft(EMPTY | {"name": 'a"\n', "in_stock": True, "tags": {"a": [1, 2]}}, "")
    assert draft is not None
    assert PRODUCTS.json_text(PRODUCTS.row_of(1, ID, draft, TIME)) == (
        f'{{"id":"{ID}","group":"g","name":"a\\"\\n","price":1.0,"stock":3,"in_stock":true,"updated_at":null,'
        f'"tags":{{"a":[1,2]}},"created_at":"{TIME}"}}'
    )


def test_a_draft_names_every_wrong_field() -> None:
    draft, errors = PRODUCTS.parse_draft({"price": -1, "sku": 7, "in_stock": "yes"}, "items[3].")
    assert draft is None
    assert {error["field"].removeprefix("items[3]."): error["allowed"] for error in errors} == {
        "sku": "only group, name, price, stock, in_stock, updated_at, tags",
        "group": "a text of 0 to 40 characters",
        "price": PRODUCTS.columns[2].allowed,
        "in_stock": "true or false",
    }


def test_null_is_as_good_as_nothing() -> None:
    nulls = dict.fromkeys(["name", "stock", "tags"])
    assert PRODUCTS.parse_draft(EMPTY | nulls, "") == PRODUCTS.parse_draft(EMPTY, "")
    draft, _ = PRODUCTS.parse_draft(EMPTY, "")
    assert draft is not None
    assert draft == ("g", None, 1.0, 3, None, None, None)
    assert PRODUCTS.draft_fields(draft) == {"group": "g", "price": 1.0, "stock": 3}


@ANY_MODEL
def test_random_drafts_are_valid_and_repeatable(model: Model) -> None:
    one, other = (model.random_draft(Random(7)) for _ in range(2))
    assert one == other != model.random_draft(Random(8))
    assert model.parse_draft(model.draft_fields(one), "") == (one, [])


def test_a_column_added_later_is_missing_in_older_items() -> None:
    item = PRODUCTS.to_item(rows_of(PRODUCTS, 1, 1)[0])
    for name in ("stock", "tags"):
        item.pop(name, None)
    ((_, _, *values, _),) = PRODUCTS.rows_of([1], [item])
    assert (values[3], values[6]) == (3, None)
    del item["group"]
    with pytest.raises(KeyError, match="group"):
        PRODUCTS.rows_of([1], [item])


def test_numbers_and_times_are_those_of_the_rows() -> None:
    rows = rows_of(PRODUCTS, 1)
    assert PRODUCTS.numbers_of(rows) == [row[4] for row in rows]
    assert NOTES.numbers_of(rows_of(NOTES, 1)) == []
    assert times_of(rows) == [TIME] * 3


def test_versions_tell_one_form_from_another() -> None:
    plain = Model("t", Text("a"), Number("b"))
    same = Model("t", Text("a", max_length=5, description="other"), Number("b", minimum=3))
    assert (plain.schema_version, plain.rows_version) == (same.schema_version, same.rows_version)
    others = {
        "a filter": Model("t", Text("a", filter=True), Number("b")),
        "an order": Model("t", Number("b"), Text("a")),
        "a kind": Model("t", Text("a"), Integer("b")),
        "statistics": Model("t", Text("a"), Number("b", statistics=True)),
        "an optional column": Model("t", Text("a"), Number("b"), Text("c", required=False)),
        "null": Model("t", Text("a", required=False), Number("b")),
        "a default": Model("t", Text("a", default="x"), Number("b")),
        "another default": Model("t", Text("a", default="y"), Number("b")),
    }
    versions = {name: model.schema_version for name, model in others.items()}
    assert len({*versions.values(), plain.schema_version}) == len(others) + 1
    assert others["a filter"].rows_version == plain.rows_version
    rest = {model.rows_version for name, model in others.items() if name != "a filter"}
    assert len({*rest, plain.rows_version}) == len(others)
    assert all(1 <= version <= 999_999 for version in [*versions.values(), *rest])


def test_a_kind_alone_makes_another_version_although_sqlite_keeps_it_alike() -> None:
    integers, booleans = Model("t", Integer("a")), Model("t", Boolean("a"))
    assert integers.ddl == booleans.ddl
    assert integers.schema_version != booleans.schema_version
