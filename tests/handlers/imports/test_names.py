from __future__ import annotations

from handlers.imports.names import match_names, missing_names, named_twice, simplified
from tests.handlers.imports.files import MODEL


def test_names_match_exactly_else_but_for_case_spaces_and_hyphens() -> None:
    matched = match_names(["Unit-Price ", "name", "Seq", "created at", "x"], MODEL)
    assert matched.columns == {"Unit-Price ": "unit_price", "name": "name"}
    assert (matched.passed_over, matched.others) == (("Seq", "created at"), ("x",))
    assert simplified(" Unit -  price") == "unit_price"


def test_columns_that_are_there_twice_or_not_at_all_are_found() -> None:
    assert named_twice({"a": "name", "b": "stock", "c": "name"}) == ("name", ["a", "c"])
    assert named_twice({"a": "name", "b": "stock"}) is None
    assert missing_names({"b": "stock"}, MODEL) == ["name"]
    assert missing_names({"b": "name"}, MODEL) == []
