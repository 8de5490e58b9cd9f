from __future__ import annotations

import pytest

from handlers.aws import table
from handlers.ledger.ledger import Ledger


@pytest.mark.parametrize(("seq", "page"), [(1, 0), (1000, 0), (1001, 1), (2000, 1), (2001, 2)])
def test_a_page_holds_a_thousand_sequence_numbers(seq: int, page: int) -> None:
    assert table.page_of(seq) == page


def test_pages_of_different_epochs_have_different_keys() -> None:
    assert table.rows_key(7, 3) == "ledger#7#3"
    assert len({table.rows_key(epoch, page) for epoch in (1, 11) for page in (0, 1, 10, 11)}) == 8


def test_dynamodb_accepts_the_definition(ledger: Ledger) -> None:
    description = ledger.client.describe_table(TableName=ledger.table_name)["Table"]
    assert [key.get("AttributeName") for key in description.get("KeySchema", [])] == ["pk", "sk"]
    assert description.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
    indexes = {index.get("IndexName"): index for index in description.get("GlobalSecondaryIndexes", [])}
    assert {name: index.get("Projection", {}) for name, index in indexes.items()} == {
        table.BY_ID: {"ProjectionType": "ALL"},
        table.BY_JOB_STATE: {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["job", "expires_at"]},
    }


def test_time_to_live_can_be_switched_on_for_its_attribute(ledger: Ledger) -> None:
    setting = {"Enabled": True, "AttributeName": table.TTL}
    ledger.client.update_time_to_live(TableName=ledger.table_name, TimeToLiveSpecification=setting)  # pyright: ignore[reportArgumentType] - plain data
    described = ledger.client.describe_time_to_live(TableName=ledger.table_name)["TimeToLiveDescription"]
    assert described.get("AttributeName") == "expires_at"
