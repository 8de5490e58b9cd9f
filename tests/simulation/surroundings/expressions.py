"""DynamoDB's expressions, as far as the handlers use them: conditions, keys, filters, projections and updates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Item = dict[str, Any]
TERM = re.compile(
    r"\s*(?:attribute_not_exists\((\w+)\)|(#?\w+) BETWEEN (:\w+) AND (:\w+)|(#?\w+) (=|<=|>=|<|>) (:\w+))\s*"
)
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def holds(expression: str, item: Mapping[str, Any] | None, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    """Tell whether a condition, terms joined by AND, holds for an item; None: there is none."""
    place = 0
    while place < len(expression):
        term = TERM.match(expression, place)
        assert term, expression
        if not _term_holds(term, item or {}, names, values):
            return False
        place = term.end()
        if place < len(expression):
            assert expression.startswith("AND ", place), expression
            place += len("AND ")
    return True


def updated(expression: str, item: Item, names: Mapping[str, str], values: Mapping[str, Any]) -> Item:
    """Return an item after `SET a = :b, …`."""
    pairs = (pair.split(" = ") for pair in expression.removeprefix("SET ").split(", "))
    return item | {names.get(name, name): values[value] for name, value in pairs}


def projected(expression: str | None, item: Item, names: Mapping[str, str]) -> Item:
    """Return the attributes of an item that a projection names; all without one."""
    if expression is None:
        return dict(item)
    wanted = [names.get(name, name) for name in expression.split(", ")]
    return {name: item[name] for name in wanted if name in item}


def _term_holds(
    term: re.Match[str], item: Mapping[str, Any], names: Mapping[str, str], values: Mapping[str, Any]
) -> bool:
    absent, between, low, high, name, operator, value = term.groups()
    if absent:
        return absent not in item
    name = names.get(name or between, name or between)
    if name not in item:
        return False
    found = _plain(item[name])
    if between:
        return _plain(values[low]) <= found <= _plain(values[high])
    return COMPARED[operator](found, _plain(values[value]))


def _plain(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    return Decimal(value) if kind == "N" else value
