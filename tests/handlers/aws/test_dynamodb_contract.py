"""What the ledger relies on, asked of whatever stands in for DynamoDB here."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from handlers.aws.dynamodb import cancellation_codes, error_code
from handlers.ledger.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable


def put(ledger: Ledger, sk: int, condition: str = "", **attributes: dict[str, str]) -> Any:
    action: dict[str, Any] = {
        "TableName": ledger.table_name,
        "Item": {"pk": {"S": "contract"}, "sk": {"N": str(sk)}, **attributes},
    }
    return {"Put": action | ({"ConditionExpression": condition} if condition else {})}


def transact(ledger: Ledger, actions: list[Any], token: str = "") -> None:
    ledger.client.transact_write_items(TransactItems=actions, ClientRequestToken=token or str(uuid.uuid4()))


def seqs(ledger: Ledger, **more: Any) -> list[int]:
    answer = ledger.client.query(
        TableName=ledger.table_name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "contract"}},
        ConsistentRead=True,
        **more,
    )
    return [int(item["sk"].get("N", 0)) for item in answer["Items"]]


def failure(act: Callable[[], object]) -> ClientError:
    with pytest.raises(ClientError) as caught:
        act()
    return caught.value


def test_a_transaction_is_done_whole_or_not_at_all_and_says_which_action_failed(ledger: Ledger) -> None:
    transact(ledger, [put(ledger, 2)])
    actions = [put(ledger, 1), put(ledger, 2, "attribute_not_exists(pk)"), put(ledger, 3)]
    error = failure(lambda: transact(ledger, actions))
    assert error_code(error) == "TransactionCanceledException"
    assert cancellation_codes(error) == ("None", "ConditionalCheckFailed", "None")
    assert seqs(ledger) == [2]


def test_the_same_token_applies_once_even_where_its_condition_would_fail_now(ledger: Ledger) -> None:
    actions = [put(ledger, 1, "attribute_not_exists(pk)")]
    token = str(uuid.uuid4())
    transact(ledger, actions, token)
    transact(ledger, actions, token)
    assert error_code(failure(lambda: transact(ledger, actions))) == "TransactionCanceledException"


def test_the_same_token_with_other_actions_is_refused(ledger: Ledger) -> None:
    token = str(uuid.uuid4())
    transact(ledger, [put(ledger, 1)], token)
    error = failure(lambda: transact(ledger, [put(ledger, 2)], token))
    assert error_code(error) == "IdempotentParameterMismatchException"


def test_a_transaction_has_100_actions_at_most(ledger: Ledger) -> None:
    transact(ledger, [put(ledger, sk) for sk in range(100)])
    error = failure(lambda: transact(ledger, [put(ledger, sk) for sk in range(200, 301)]))
    assert error_code(error) == "ValidationException"
    assert seqs(ledger) == list(range(100))


def test_two_actions_upon_one_item_are_refused(ledger: Ledger) -> None:
    error = failure(lambda: transact(ledger, [put(ledger, 1), put(ledger, 1)]))
    assert error_code(error) == "ValidationException"


def test_a_strong_read_sees_the_write_before_it(ledger: Ledger) -> None:
    for sk in range(50):
        transact(ledger, [put(ledger, sk)])
        assert len(seqs(ledger)) == sk + 1


def test_a_query_counts_what_its_filter_left_out(ledger: Ledger) -> None:
    transact(ledger, [put(ledger, sk, value={"N": str(sk)}) for sk in range(10)])
    answer = ledger.client.query(
        TableName=ledger.table_name,
        KeyConditionExpression="pk = :pk",
        FilterExpression="#value >= :low",
        ExpressionAttributeNames={"#value": "value"},
        ExpressionAttributeValues={":pk": {"S": "contract"}, ":low": {"N": "7"}},
    )
    assert (answer["Count"], answer["ScannedCount"]) == (3, 10)


@pytest.mark.parametrize("text", ["1E+126", "1E-131"])
def test_numbers_beyond_the_range_are_refused(ledger: Ledger, text: str) -> None:
    error = failure(lambda: transact(ledger, [put(ledger, 1, value={"N": text})]))
    assert error_code(error) == "ValidationException"


def test_a_failed_condition_of_a_single_put_has_a_name_of_its_own(ledger: Ledger) -> None:
    action: dict[str, Any] = put(ledger, 1, "attribute_not_exists(pk)")["Put"]
    ledger.client.put_item(**action)
    assert error_code(failure(lambda: ledger.client.put_item(**action))) == "ConditionalCheckFailedException"


def test_a_missing_table_and_a_key_that_is_too_long_have_names_of_their_own(ledger: Ledger) -> None:
    key: Any = {"pk": {"S": "x"}, "sk": {"N": "0"}}
    error = failure(lambda: ledger.client.get_item(TableName="missing-table", Key=key))
    assert error_code(error) == "ResourceNotFoundException"
    long_key: Any = {"pk": {"S": "x" * 2049}, "sk": {"N": "0"}}
    error = failure(lambda: ledger.client.get_item(TableName=ledger.table_name, Key=long_key))
    assert error_code(error) == "ValidationException"
