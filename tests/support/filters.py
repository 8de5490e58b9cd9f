"""Filters by every column that has them, asked for and answered in plain Python: they hold for any data model."""

from __future__ import annotations

import operator
import random
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from handlers.domain.problem import Problem
from handlers.model.column import Column
from handlers.model.model import Row
from handlers.reads.page import PageQuery
from handlers.rows import MODEL

COMPARED = {"=": operator.eq, ">=": operator.ge, "<=": operator.le, "<": operator.lt}
FEW = 4  # values of a column, so that many rows share one


def few_values(column: Column) -> list[Any]:
    """Return a few values that rows can have, in order: the same ones every time."""
    return sorted(column.sample(random.Random(f"{column.name} {number}")) for number in range(FEW))


def few_drafts(luck: random.Random) -> tuple[Any, ...]:
    """Return a draft of such values; one in four that can be null is."""
    return tuple(
        None if column.is_nullable and luck.random() < 0.25 else luck.choice(few_values(column))
        for column in MODEL.columns
    )


def asked_as(column: Column, value: object) -> str:
    """Return the parameter that asks for a row's value."""
    return value if column.kind == "text" else column.show(value).strip('"')  # type: ignore[return-value]


def matching(rows: Sequence[Row], query: dict[str, str]) -> list[Row]:
    """Return the rows that a query lets through, oldest first; null is let through by none of its filters."""
    conditions = [
        (MODEL.names.index(name), COMPARED[compared], value) for name, compared, value in PageQuery(query).conditions
    ]
    return [
        row
        for row in rows
        if all(row[place] is not None and compare(row[place], value) for place, compare, value in conditions)
    ]


def filters(values: dict[str, Sequence[Any]]) -> SearchStrategy[dict[str, str]]:
    """Return queries with any filters by columns, several at once, that the API understands.

    Args:
        values: those to ask for, of columns whose rows have others than a few.
    """
    asked = {
        name: st.sampled_from([asked_as(column, value) for value in values.get(column.name, few_values(column))])
        for name, (column, _) in MODEL.filters.items()
    }
    return st.fixed_dictionaries({}, optional=asked).filter(_is_understood)


def _is_understood(query: dict[str, str]) -> bool:
    try:
        PageQuery(query)
    except Problem:  # a lower bound above the upper one, or two names of one bound
        return False
    return True
