"""The depth of JSON: each reader of it has a limit of its own."""

from __future__ import annotations


def is_nested_within(value: object, depth: int) -> bool:
    """Tell whether arrays and objects lie in each other no deeper than that."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - JSON
    return inner is None or (depth > 0 and all(is_nested_within(each, depth - 1) for each in inner))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - as above
