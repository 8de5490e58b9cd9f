"""The table in memory answers as the emulator does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers.aws.dynamodb import cancellation_codes, error_code
from handlers.ledger.head import HEAD_KEY, Head
from handlers.ledger.idempotency import Call
from handlers.ledger.ledger import Ledger
from tests.faults.calls.table import MemoryTable
from tests.support.meddling import EPOCH, all_rows, appender, drafts, head_of, no_time_limit


@pytest.fixture(params=["emulator", "memory"])
def any_ledger(request: pytest.FixtureRequest) -> Ledger:
    return request.getfixturevalue("ledger") if request.param == "emulator" else MemoryTable().ledger()


def test_rows_are_appended_and_found_by_number_and_by_id(any_ledger: Ledger) -> None:
    call = Call("key", "hash")
    appended = appender(any_ledger).append(drafts(150), no_time_limit(), call)
    assert tuple(row[1] for row in all_rows(any_ledger)) == appended.ids
    assert appender(any_ledger).append(drafts(150), no_time_limit(), call).is_replay
    head = head_of(any_ledger)
    found = any_ledger.row_by_id(head, appended.ids[99], no_time_limit())
    assert found is not None
    assert found[0] == 100
    assert any_ledger.row_by_id(head, "0" * 26, no_time_limit()) is None


def refused(ask: Callable[[], Any]) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(ClientError) as caught:
        ask()
    return error_code(caught.value), cancellation_codes(caught.value)


def test_conditions_and_tokens_hold(any_ledger: Ledger) -> None:
    name = any_ledger.table_name
    head = {**HEAD_KEY, **Head.new(EPOCH).to_item()}
    new = "attribute_not_exists(pk)"
    any_ledger.client.put_item(TableName=name, Item=head, ConditionExpression=new)
    assert refused(lambda: any_ledger.client.put_item(TableName=name, Item=head, ConditionExpression=new)) == (
        "ConditionalCheckFailedException",
        (),
    )
    other: Any = {"pk": {"S": "other"}, "sk": {"N": "0"}}
    puts: Any = [{"Put": {"TableName": name, "Item": item, "ConditionExpression": new}} for item in (other, head)]
    cancelled = refused(lambda: any_ledger.client.transact_write_items(TransactItems=puts, ClientRequestToken="first"))
    assert cancelled == ("TransactionCanceledException", ("None", "ConditionalCheckFailed"))
    assert any_ledger.get(other, no_time_limit()) is None
    for _ in range(2):  # with the same token it is carried out once, and not refused
        any_ledger.client.transact_write_items(TransactItems=puts[:1], ClientRequestToken="second")
    assert any_ledger.get(other, no_time_limit()) == other
