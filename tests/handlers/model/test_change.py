"""A model in place of another one: what is refused, and what rows of either are to the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from handlers.model.column import Column, ModelError
from handlers.model.columns import Boolean, Integer, Number, Text
from handlers.model.model import VERSION, Model

if TYPE_CHECKING:
    from handlers.model.change import Upgrade

FIRST = Model("randoms", Number("amount", statistics=True), Text("city", required=False))
ID, TIME = "01KDVDNW00AYEYAEJN3YJ8N6R4", "2026-01-01T00:00:00.000Z"


def replacing(*columns: Column, upgrade: Upgrade | None = None, before: Model = FIRST) -> Model:
    """A model of the first one's columns, in another order, and others."""
    return Model("payments", before.columns[1], *columns, before.columns[0], replaces=before, upgrade=upgrade)


def country_of(row: Mapping[str, Any]) -> dict[str, object]:
    return {**row, "country": {"Rome": "it", None: None}.get(row["city"], "elsewhere")}


SECOND = replacing(Text("country", required=False, filter=True), upgrade=country_of)
THIRD = Model("payments", *SECOND.columns, Boolean("is_open", default=True), replaces=SECOND)
WITH_DEFAULT = replacing(Integer("places", default=2))


def row_of(model: Model, fields: dict[str, object], seq: int = 1) -> tuple[Any, ...]:
    draft, errors = model.parse_draft(fields, "")
    assert draft is not None, errors
    return model.row_of(seq, ID, draft, TIME)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([Number("amount", statistics=True)], "city is left out"),
        (
            [*FIRST.columns[:1], Integer("city", required=False)],
            "city was text, may be null and is integer, may be null",
        ),
        ([*FIRST.columns[:1], Text("city")], "city was text, may be null and is text"),
        ([*FIRST.columns, Text("country")], "country is new and required, and no upgrade gives it to old rows"),
        ([Number("amount"), FIRST.columns[1]], "the statistics were about amount and are about none"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_the_columns_before_could_not_read_is_refused(columns: list[Column], said: str) -> None:
    with pytest.raises(ModelError) as caught:
        Model("payments", *columns, replaces=FIRST)
    assert said in str(caught.value)
    assert "docs/schema-change.md" in str(caught.value)


def test_a_default_may_be_given_and_not_be_changed() -> None:
    before = Model("things", Integer("required"), Integer("optional", default=1))
    Model("things", Integer("required", default=7), *before.columns[1:], replaces=before)
    with pytest.raises(ModelError, match="the default of optional was 1 and is 2"):
        Model("things", *before.columns[:1], Integer("optional", default=2), replaces=before)


def test_there_is_something_to_replace_and_it_is_another_model() -> None:
    with pytest.raises(ModelError, match="it declares nothing"):
        Model("things", Text("name"), upgrade=dict)
    with pytest.raises(ModelError, match="leave it out"):
        Model("randoms", *FIRST.columns, replaces=FIRST)


def test_rows_of_all_models_before_are_upgraded_step_by_step() -> None:
    rows = [row_of(FIRST, {"amount": 1, "city": "Rome"}, 1), row_of(SECOND, {"amount": 2, "city": "Rome"}, 2)]
    rows += [row_of(FIRST, {"amount": 3}, 3), row_of(THIRD, {"amount": 4, "is_open": False}, 4)]
    items = [model.to_item(row) for model, row in zip((FIRST, SECOND, FIRST, THIRD), rows, strict=True)]
    assert VERSION not in items[0]
    assert items[3][VERSION] == {"N": str(THIRD.rows_version)}
    assert THIRD.rows_of([1, 2, 3, 4], items) == [
        (1, ID, "Rome", "it", 1.0, 1, TIME),
        (2, ID, "Rome", None, 2.0, 1, TIME),  # null was meant
        (3, ID, None, None, 3.0, 1, TIME),
        (4, ID, None, None, 4.0, 0, TIME),
    ]
    assert [row[3] for row in SECOND.rows_of([1, 2, 3, 4], items)] == ["it", None, None, None]  # newer ones by name
    assert [row[2] for row in FIRST.rows_of([1, 2, 3, 4], items)] == [1.0, 2.0, 3.0, 4.0]
    assert [model.has_upgrade for model in (FIRST, WITH_DEFAULT, SECOND, THIRD)] == [False, False, True, True]
    assert [VERSION in model.read_attributes for model in (FIRST, WITH_DEFAULT, THIRD)] == [False, False, True]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"country": 7}, "ValueError(7)"),
        ({"country": "it", "city": "Oslo"}, "it changes city"),
        (None, "TypeError"),
    ],
    ids=["a wrong value", "an old column", "no row"],
)
def test_a_wrong_upgrade_names_the_row(given: Any, said: str) -> None:
    model = replacing(Text("country"), upgrade=lambda row: given)
    item = FIRST.to_item(row_of(FIRST, {"amount": 1, "city": "Rome"}))
    with pytest.raises(ValueError, match="the upgrade of row 41") as caught:
        model.rows_of([41], [item])
    assert said in str(caught.value)


def test_a_row_has_the_text_that_the_columns_before_show() -> None:
    row = row_of(WITH_DEFAULT, {"amount": 1, "city": "Rome", "places": 9})
    before = row_of(FIRST, {"amount": 1, "city": "Rome"})
    assert WITH_DEFAULT.texts_in(FIRST.rows_version, [row]) == FIRST.json_texts([before])
    assert WITH_DEFAULT.texts_in(WITH_DEFAULT.rows_version, [row]) == WITH_DEFAULT.json_texts([row])
    assert FIRST.rows_of([1], [WITH_DEFAULT.to_item(row)]) == [before]


@pytest.mark.parametrize("places", [2, 9])
def test_a_draft_means_the_same_to_both_where_it_says_nothing_new(places: int) -> None:
    old, _ = FIRST.parse_draft({"amount": 1}, "")
    new, _ = WITH_DEFAULT.parse_draft({"amount": 1, "places": places}, "")
    assert old is not None
    assert new is not None
    assert (WITH_DEFAULT.meaning(new) == FIRST.meaning(old)) == (places == 2)


def test_segments_are_of_a_model_by_their_number_and_a_hash_of_its_own_where_rows_have_other_texts() -> None:
    renamed = Model("payments", *FIRST.columns, replaces=FIRST)
    assert [THIRD.of_schema(each.schema_version) for each in (THIRD, SECOND, FIRST)] == [THIRD, SECOND, FIRST]
    assert THIRD.of_schema(0) is FIRST
    assert [each.counterpart for each in (FIRST, renamed, SECOND, THIRD)] == [None, None, FIRST, SECOND]
