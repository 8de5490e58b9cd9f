from __future__ import annotations

from handlers.model.columns import Boolean, Integer, Number, Text, Timestamp
from handlers.model.model import Model


def named(model: Model) -> dict[str, tuple[str, str]]:
    return {name: (column.name, operator) for name, (column, operator) in model.filters.items()}


def test_a_filterable_column_has_three_parameters_and_a_boolean_one() -> None:
    model = Model("t", Text("sku", filter=True), Text("name"), Boolean("is_new", filter=True))
    assert named(model) == {
        "sku": ("sku", "="),
        "min_sku": ("sku", ">="),
        "max_sku": ("sku", "<="),
        "is_new": ("is_new", "="),
    }
    assert list(model.filterable) == ["sku", "is_new"]


def test_the_column_of_the_statistics_has_two_more() -> None:
    model = Model("t", Number("price", statistics=True))
    assert named(model) == {
        "min_value": ("price", ">="),
        "max_value": ("price", "<="),
        "price": ("price", "="),
        "min_price": ("price", ">="),
        "max_price": ("price", "<="),
    }


def test_a_column_called_value_has_its_own_bounds() -> None:
    model = Model("t", Number("price", statistics=True), Text("value", filter=True))
    assert named(model)["min_value"] == ("value", ">=")


def test_ranges_are_asked_for_of_the_statistics_or_another_ordered_column_or_of_time() -> None:
    stock, price = Integer("stock", filter=True), Number("price", statistics=True)
    assert Model("t", stock, price).range == ("price", "min_price", "max_price")
    assert Model("t", Text("a", filter=True), stock).range == ("stock", "min_stock", "max_stock")
    optional = Timestamp("at", required=False, filter=True)
    assert Model("t", Text("a", filter=True), optional).range == ("created_at", "from", "to")


def test_no_parameter_has_two_meanings() -> None:
    for name in ("value", "min_value", "max_value"):
        for column in (Text(name), Boolean(name, filter=True)):
            model = Model("t", Number("price", statistics=True), column)
            assert {named(model).get(bound) for bound in ("min_value", "max_value")} <= {(name, "="), None}
