from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from handlers.model.column import Column, ModelError
from handlers.model.columns import Boolean, Integer, Json, Number, Text
from handlers.model.model import Model


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([], "0 columns are declared, 1 to 100 are allowed"),
        ([Integer(f"a{number}") for number in range(101)], "101 columns are declared"),
        ([Text("a-b")], "the column 'a-b' needs a name of letters, digits and _, a letter first"),
        ([Text("_a")], "the column '_a' needs a name"),
        ([Text("a" * 64)], "needs a name"),
        ([Text("ID")], "the column name ID is taken"),
        ([Text("cursor")], "the column name cursor is taken"),
        ([Text("a"), Text("A")], "there are two columns A"),
        ([Number("a", statistics=True), Integer("b", statistics=True)], "statistics are about one column, not a, b"),
        ([Number("a", statistics=True, required=False)], "statistics are about a, so it is required or has a default"),
        ([Json("a", filter=True)], "a is JSON, which has no filter"),
        ([Text("price", filter=True), Text("min_price", filter=True)], "the filter of min_price has the name of"),
        ([Boolean(f"a{number}", filter=True) for number in range(11)], "11 columns have a filter, 10 are allowed"),
        ([Text("a", max_length=97_501)], "a row could have 390005 bytes, 390000 are allowed"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_broken_rule_is_named(columns: list[Column], said: str) -> None:
    with pytest.raises(ModelError) as caught:
        Model("things", *columns)
    assert str(caught.value).startswith("handlers/rows.py: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("table", ["", "a b", "sqlite_things", "segment", "Source", '"'])
def test_a_table_has_a_name_of_its_own(table: str) -> None:
    with pytest.raises(ModelError, match="the table"):
        Model(table, Text("a"))


def test_all_broken_rules_are_named_at_once() -> None:
    with pytest.raises(ModelError, match=r"the table.*; the column.*; there are two"):
        Model("a b", Text("a-b"), Text("c"), Text("c"))


def test_what_is_allowed_is_allowed() -> None:
    assert Model("order", Text("group"), Text("min_price"), Text("price", filter=True), Text("value", filter=True))
    assert Model("a", *(Integer(f"a{number}") for number in range(100)))
    assert Model("a", *(Boolean(f"a{number}", filter=True) for number in range(10)))
    assert Model("a", Text("a", max_length=97_498), Text("b", choices=["x"], max_length=1))


def model(column: Any) -> Model:
    return Model("t", column)


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (
            lambda: Text("a", default="ab", max_length=1),
            "the default of a is 'ab', allowed: a text of 0 to 1 char",
        ),
        (lambda: model(Text("a", choices=cast("Any", (1, 2)))), r"the choices of a are \(1, 2\), allowed: texts"),
        (lambda: model(Text("a", min_length=5, max_length=1)), "a allows no text: min_length is 5, max_length 1"),
        (lambda: model(Text("a", min_length=-1)), "a allows no text: min_length is -1"),
        (lambda: model(Number("a", minimum=5, maximum=1)), "a allows no number: minimum is 5, maximum 1"),
        (lambda: model(Number("a", minimum=cast("Any", "0"))), "a allows no number: minimum is '0', maximum None"),
        (lambda: Integer("a", default=1.5), "the default of a is 1.5, allowed: an integer of 64 bits"),
        (lambda: Json("a", default={1, 2}), "the default of a is {1, 2}, allowed: JSON"),
        (lambda: model("a"), "'a' is no column: Text, Number"),
    ],
    ids=["default", "choices", "lengths", "negative", "limits", "limit", "fraction", "set", "no column"],
)
def test_a_column_that_cannot_be_is_refused_by_name(declare: Callable[[], object], said: str) -> None:
    with pytest.raises(ModelError, match=f"^handlers/rows.py: {said}"):
        declare()


def test_a_text_is_one_choice() -> None:
    assert Text("a", choices="abc").choices == ("abc",)
