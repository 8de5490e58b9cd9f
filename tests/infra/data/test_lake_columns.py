from __future__ import annotations

import pytest

from handlers.model import columns
from handlers.model.column import Column, ModelError
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model
from handlers.rows import MODEL
from infra.data.lake_columns import TYPES, lake_columns


def test_every_column_of_a_row_has_its_type() -> None:
    model = Model(
        "kinds",
        Text("City"),
        Number("size"),
        Integer("count_of"),
        Boolean("flag"),
        Timestamp("moment"),
        Json("anything"),
    )
    assert lake_columns(model) == [
        ("seq", "bigint"),
        ("id", "string"),
        ("city", "string"),
        ("size", "double"),
        ("count_of", "bigint"),
        ("flag", "boolean"),
        ("moment", "string"),
        ("anything", "string"),
        ("created_at", "string"),
    ]


def test_the_columns_are_those_that_are_declared_and_no_kind_is_left_out() -> None:
    assert [name for name, _ in lake_columns()] == [name.lower() for name in MODEL.names]
    declared = (each for each in vars(columns).values() if isinstance(each, type) and issubclass(each, Column))
    assert {each.kind for each in declared if each is not Column} == set(TYPES)


def test_a_column_with_the_name_of_the_partition_is_refused() -> None:
    with pytest.raises(ModelError, match="has a column root of its own"):
        lake_columns(Model("plants", Text("Root")))
