from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.proposals.columns import MOST_FILTERS, Proposed, generous, propose
from console.proposals.survey import Facts, Surveyed
from handlers.model.columns import Json, Text
from handlers.model.model import Model

ROWS = 1000
FACTS = Facts("a", "text", ROWS, 0, 10, False, 1, 5, (), is_flag=False)
KEY: dict[str, Any] = {"distinct": ROWS, "is_unique": True}


def column(name: str, kind: str = "text", **other: Any) -> Facts:
    return replace(FACTS, name=name, kind=kind, **other)


def proposed(*facts: Facts) -> dict[str, Proposed]:
    return {each.facts.name: each for each in propose(Surveyed(ROWS, 0, facts))}


def filtered(*facts: Facts) -> list[str]:
    return [name for name, each in proposed(*facts).items() if each.reason]


@pytest.mark.parametrize(
    ("length", "limit"), [(0, 20), (10, 20), (11, 50), (48, 100), (100, 200), (101, 500), (400, 1000), (501, 2000)]
)
def test_a_limit_has_room(length: int, limit: int) -> None:
    assert generous(length) == limit


def test_the_statistics_are_about_the_first_measure() -> None:
    def about(*facts: Facts) -> list[str]:
        return [name for name, each in proposed(*facts).items() if each.is_statistics]

    key, flag = column("id_", "integer", **KEY), column("flag", "integer", is_flag=True)
    gaps = column("gaps", "number", nulls=1)
    assert about(key, flag, gaps, column("n", "integer"), column("x", "number"), column("y", "number")) == ["x"]
    assert about(key, flag, gaps, column("n", "integer")) == ["n"]
    assert about(key, flag, gaps, column("t")) == []


def test_filters_are_for_what_is_asked_for() -> None:
    names = filtered(
        column("story", high=5000),
        column("free", distinct=900),
        column("same", distinct=1),
        column("number", "number", low=0.0),
        column("json_", "json"),
        column("flag", "boolean"),
        column("group"),
        column("sku", **KEY),
        column("time", "timestamp"),
    )
    assert names == ["number", "group", "sku", "time"]


def test_there_are_few_filters_the_most_useful_first() -> None:
    facts = [column(f"n{number}", "integer") for number in range(9)]
    names = filtered(*facts, column("t1", "timestamp"), column("g1"), *(column(f"k{each}", **KEY) for each in range(4)))
    assert len(names) == MOST_FILTERS
    assert set(names) == {"n0", "t1", "g1", "k0", "k1"}


def test_no_filter_has_the_name_of_anothers_bound() -> None:
    assert filtered(column("min_x", **KEY), column("x", "number")) == ["x"]
    assert filtered(column("x", **KEY), column("max_x", **KEY), column("y", **KEY)) == ["x"]


@pytest.mark.parametrize("lengths", [(10, 10), (30_000, 20_000), (60_000, 30_000), (400_000, 10), (0, 0)])
@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_row_is_never_larger_than_the_ledger_takes(lengths: tuple[int, int], kind: str) -> None:
    columns = proposed(*(column(f"c{length}_{n}", kind, high=length) for n, length in enumerate(lengths))).values()
    Model(
        "t", *(Text(c.name, max_length=c.limit) if kind == "text" else Json(c.name, max_bytes=c.limit) for c in columns)
    )
    if sum(lengths) * 4 < 370_000:
        assert all(each.limit >= each.facts.high for each in columns)


def test_what_no_column_can_hold_is_left_out() -> None:
    assert list(proposed(column("blob", ""), column("a"))) == ["a"]
    assert len(proposed(*(column(f"c{number}") for number in range(120)))) == 100


def test_an_export_is_proposed_without_what_the_ledger_gives() -> None:
    assert list(proposed(column("seq"), column("id"), column("a"), column("created_at"))) == ["a"]
    assert [each.name for each in proposed(column("id"), column("a")).values()] == ["source_id", "a"]
