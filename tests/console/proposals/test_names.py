from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.proposals.names import column_names, renamed, table_name, valid
from handlers.imports.names import simplified
from handlers.model.columns import Text
from handlers.model.model import Model
from handlers.model.rules import is_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("createdAt", "createdAt"),
        ("SKU", "SKU"),
        ("Unit Price", "unit_price"),
        ("in-stock?", "in_stock"),
        ("Größe (cm)", "grosse_cm"),
        ("Ärger", "arger"),
        ("2024", "column_2024"),
        ("東京", "column_1"),
        ("_x", "x"),
        ("a" * 70, "a" * 63),
        ("", "column_1"),
    ],
)
def test_a_name_is_made_valid(name: str, expected: str) -> None:
    assert valid(name, "column_1") == expected


def test_names_that_are_taken_get_another_one() -> None:
    names = column_names(["id", "ID", "order", "source_id", "Name", "name", "NAME", "oid"])
    assert list(names.values()) == [
        *("source_id", "source_ID_2", "source_order", "source_id_3", "Name", "name_2", "NAME_3", "source_oid")
    ]


def test_only_names_that_import_does_not_match_are_told() -> None:
    assert renamed({"Unit Price": "unit_price", "SKU": "SKU", "id": "source_id", "Größe": "grosse"}) == {
        "id": "source_id",
        "Größe": "grosse",
    }


@settings(max_examples=40)
@given(
    st.lists(st.text(max_size=70) | st.sampled_from(["id", "Id", "from", "a" * 63, "a" * 64]), min_size=1, unique=True)
)
def test_names_of_any_file_make_a_model(theirs: list[str]) -> None:
    names = column_names(theirs)
    assert list(names) == theirs
    Model("t", *(Text(name, max_length=1) for name in list(names.values())[:100]))
    assert all(simplified(name) == simplified(ours) for name, ours in names.items() if name not in renamed(names))


@given(st.text(max_size=80) | st.sampled_from(["segment", "sqlite_x", "SQLITE_" + "x" * 60]))
def test_a_table_of_any_file_makes_a_model(stem: str) -> None:
    name = table_name(stem)
    assert is_name(name)
    Model(name, Text("a"))
