"""The conditions of a filtered page, as its parameters give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handlers.domain.problem import field_error
from handlers.domain.timestamps import TIME_ALLOWED, parse_time
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.model.filters import Condition
    from handlers.reads.page import Reading


def conditions_of(read: Reading, parameters: Mapping[str, str], errors: list[dict[str, str]]) -> list[Condition]:
    """Read the filters, in one order however they are given; two that contradict each other are errors.

    Args:
        read: reads one of the parameters.
        parameters: those that are well-formed.
        errors: what is wrong with them is added here.
    """
    found: dict[tuple[str, str], tuple[str, Any]] = {}
    for name, (column, operator) in MODEL.filters.items():
        value = read(name, column.parse, column.asked)
        if value is not None and found.setdefault((column.name, operator), (name, value))[0] != name:
            errors.append(field_error(name, parameters[name], f"{found[column.name, operator][0]} or this, not both"))
    for name, operator in (("from", ">="), ("to", "<")):
        value = read(name, parse_time, TIME_ALLOWED)
        if value is not None:
            found["created_at", operator] = name, value
    for (column_name, operator), (name, value) in found.items():
        upper = found.get((column_name, "<" if name == "from" else "<="))
        if operator == ">=" and upper is not None and value > upper[1]:
            errors.append(field_error(name, parameters[name], f"at most {upper[0]}"))
    return [(column_name, operator, value) for (column_name, operator), (_, value) in found.items()]
