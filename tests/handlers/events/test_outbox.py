from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.events.event import Event
from handlers.events.outbox import KEEP_S, LIMIT_S, Outbox
from handlers.ledger.ledger import Ledger
from tests.handlers.events.samples import NOW_S, diverged, ended
from tests.support.meddling import Clock, Fault, Meddled, client_error, lose_answer, no_time_limit, refuse, timeout

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def events_of(ledger: Ledger) -> list[dict[str, Any]]:
    answer = ledger.client.query(
        TableName=ledger.table_name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "event"}},
    )
    return [dict(item) for item in answer["Items"]]


def outbox(ledger: Ledger) -> Outbox:
    return Outbox(ledger.client, ledger.table_name, no_time_limit)


def test_an_event_stands_in_the_table_for_a_day(ledger: Ledger) -> None:
    outbox(ledger).put(diverged())
    (item,) = events_of(ledger)
    assert Event.from_text(item["event"]["S"]) == diverged()
    assert item["expires_at"] == {"N": str(int(NOW_S) + KEEP_S)}


def test_what_is_told_again_by_another_sandbox_changes_nothing(ledger: Ledger) -> None:
    outbox(ledger).put(diverged())
    outbox(ledger).put(diverged(now_s=NOW_S + 60))
    (item,) = events_of(ledger)
    assert Event.from_text(item["event"]["S"]).at == diverged().at


def test_different_events_have_different_places(ledger: Ledger) -> None:
    for event in (diverged(), diverged("another fault"), ended(), ended(state="succeeded")):
        outbox(ledger).put(event)
    assert len(events_of(ledger)) == 4


def meddled(ledger: Ledger, *faults: Fault) -> tuple[Meddled, Outbox]:
    client = Meddled(ledger.client, {"put_item": list(faults)}, {})
    return client, Outbox(cast("DynamoDBClient", client), ledger.table_name, no_time_limit)


def test_a_sandbox_that_told_of_it_does_not_even_ask(ledger: Ledger) -> None:
    client, box = meddled(ledger)
    for _ in range(3):
        box.put(diverged())
    assert len(client.calls) == 1


def test_an_answer_that_got_lost_is_no_loss(ledger: Ledger) -> None:
    _, box = meddled(ledger, lose_answer)
    box.put(diverged())
    assert len(events_of(ledger)) == 1


@pytest.mark.parametrize(
    "error",
    [client_error("AccessDeniedException"), client_error("ValidationException"), RuntimeError("a defect")],
    ids=["forbidden", "refused", "a defect"],
)
def test_an_event_that_cannot_be_put_down_is_logged_and_tried_again_when_it_is_told_again(
    ledger: Ledger, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    _, box = meddled(ledger, refuse(error))
    box.put(diverged())
    assert f"an event was not put down: {diverged().id}" in caplog.text
    assert not events_of(ledger)
    box.put(diverged())
    assert len(events_of(ledger)) == 1


def test_a_table_that_hangs_is_asked_once(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()

    def hang(_: object) -> None:
        clock.pass_s(3.0)
        raise timeout()

    client = Meddled(ledger.client, {}, {"put_item": hang})
    Outbox(cast("DynamoDBClient", client), ledger.table_name, lambda: Deadline(clock, clock.sleep, LIMIT_S)).put(
        diverged()
    )
    assert len(client.calls) == 1
    assert "an event was not put down" in caplog.text
