from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from console.costs import row_size
from console.costs.row_size import (
    SEGMENT_BYTES,
    item_bytes,
    ledger_row_bytes,
    random_row_bytes,
    shown_row_bytes,
    snapshot_bytes_a_row_byte,
)
from console.costs.scenario import Scenario
from console.errors import ConsoleError
from handlers.domain.bookmark import Bookmark
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model
from handlers.rows import MODEL

WIDE = Model("things", Text("name"), Integer("stock", filter=True), Number("price", statistics=True), Json("tags"))


@pytest.mark.parametrize(
    ("number", "size_bytes"),
    [("0", 1), ("7", 2), ("12", 2), ("123", 3), ("1200", 2), ("-0.0012", 2), ("1.25e-7", 3), ("100001", 4)],
)
def test_a_number_has_a_byte_for_two_digits_that_count_and_one_more(number: str, size_bytes: int) -> None:
    assert item_bytes({"n": {"N": number}}) == 1 + size_bytes


def test_names_and_texts_count_in_utf_8() -> None:
    assert item_bytes({"größe": {"S": "Zürich"}, "id": {"S": ""}}) == 7 + 7 + 2


def test_a_row_counts_with_its_key() -> None:
    row = MODEL.row_of(5, "0" * 26, MODEL.random_draft(Random(1)), row_size.TIME)
    assert ledger_row_bytes(row, row_size.EPOCH) > item_bytes(MODEL.to_item(row)) + len("pksk")


def test_a_row_that_is_shown_is_as_large_as_the_one_that_was_stored() -> None:
    draft = MODEL.random_draft(Random(1))
    shown = {"id": "0" * 26, **MODEL.draft_fields(draft), "created_at": row_size.TIME}
    row = MODEL.row_of(500, "0" * 26, draft, row_size.TIME)
    assert shown_row_bytes(shown, Bookmark(row_size.EPOCH, 500)) == ledger_row_bytes(row, row_size.EPOCH)


def test_a_row_may_be_older_than_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def model(*, longest: int, most: float, choices: Sequence[str], default: bool) -> Model:
        return Model(
            "things",
            Text("name", max_length=longest, choices=choices),
            Number("price", maximum=most),
            Integer("stock", maximum=int(most)),
            Boolean("in_stock", default=default),
            Timestamp("seen_at", required=False),
            Json("tags", max_bytes=longest, default=[]),
        )

    wide = model(longest=5000, most=1e9, choices=(), default=True)
    draft = ("x" * 3000, 5e8, 10**8, 0, None, f'"{"ü" * 2000}"')
    shown = {"id": "0" * 26, **wide.draft_fields(draft), "created_at": row_size.TIME}
    monkeypatch.setattr("console.costs.row_size.MODEL", wide)
    size_bytes = ledger_row_bytes(wide.row_of(500, "0" * 26, draft, row_size.TIME), row_size.EPOCH)
    monkeypatch.setattr("console.costs.row_size.MODEL", model(longest=5, most=1, choices=("y",), default=False))
    assert shown_row_bytes(shown, Bookmark(row_size.EPOCH, 500)) == size_bytes


def test_rows_of_another_data_model_are_said_to_be() -> None:
    column = MODEL.columns[0].name
    for fields in ({}, {column: [1]}):
        with pytest.raises(ConsoleError, match=f"the API's rows are not of this data model: {column}") as error:
            shown_row_bytes({"id": "1", **fields, "created_at": row_size.TIME}, Bookmark(1, 1))
        assert "handlers/rows.py" in error.value.hint


def test_what_is_assumed_is_what_random_rows_take() -> None:
    assert Scenario().row_bytes == random_row_bytes()
    assert Scenario(rows=10).snapshot_bytes == pytest.approx(10 * random_row_bytes() * snapshot_bytes_a_row_byte())


def test_another_data_model_has_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.costs.row_size.MODEL", WIDE)
    assert random_row_bytes.__wrapped__() == 145


def test_a_segment_has_a_page_for_its_schema_each_table_and_each_index() -> None:
    assert 4096 * (3 + MODEL.indexes.count("CREATE")) == SEGMENT_BYTES
