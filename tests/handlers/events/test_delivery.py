"""Against a real topic with real queues of the emulator; refusals are answers of the SDK's client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from console.local.emulator import Emulator
from handlers.aws.sdk import ServiceError
from handlers.aws.topic import Topic
from handlers.events.delivery import Delivery
from handlers.events.event import Event
from handlers.events.outbox import item_of
from tests.handlers.events.samples import Listeners, diverged, ended, record, record_of
from tests.support.meddling import client_error


@pytest.fixture
def listeners(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listeners]:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    made = Listeners(emulator.environment)
    yield made
    made.close()


class Refusing:
    """A client of a service that refuses every message.

    Args:
        code: its name for the reason.
    """

    def __init__(self, code: str) -> None:
        self._code = code

    def publish(self, **_: object) -> None:
        raise client_error(self._code)


def test_each_queue_gets_what_its_filter_lets_through(listeners: Listeners) -> None:
    everything, faults = listeners.subscribe(), listeners.subscribe(type=["job.failed", "ledger.diverged"])
    imports = listeners.subscribe(type=["job.succeeded"], kind=["import"])
    of_epoch = listeners.subscribe(epoch=["2000"])
    told = [
        diverged(),
        ended(),
        ended(state="succeeded"),
        ended(state="succeeded", kind="rebuild", bookmark="2000.5"),
    ]
    delivery = Delivery(listeners.topic())
    for event in told[:2]:
        delivery.deliver(record(event))
    for event in told[2:]:
        delivery.tell(event)

    def received(url: str) -> list[str]:
        return sorted(Event.from_text(message["Message"]).id for message in listeners.received(url))

    assert received(everything) == sorted(event.id for event in told)
    assert received(faults) == sorted(event.id for event in told[:2])
    assert received(imports) == [told[2].id]
    assert received(of_epoch) == [told[3].id]


def test_a_message_has_the_subject_and_the_attributes(listeners: Listeners) -> None:
    url = listeners.subscribe()
    Delivery(Topic(listeners.arn)).deliver(record(ended()))
    (message,) = listeners.received(url)
    assert message["Subject"] == ended().subject
    assert message["Message"] == ended().to_text()
    attributes = {name: attribute["Value"] for name, attribute in message["MessageAttributes"].items()}
    assert attributes == ended().attributes


def test_a_record_that_comes_again_is_sent_again_with_the_same_id(listeners: Listeners) -> None:
    url = listeners.subscribe()
    for _ in range(2):
        Delivery(listeners.topic()).deliver(record(diverged()))
    assert {Event.from_text(message["Message"]).id for message in listeners.received(url)} == {diverged().id}


def gone(item: dict[str, Any]) -> dict[str, Any]:
    """The record of an item that is past its time."""
    made = record_of(item, "REMOVE")
    del made["dynamodb"]["NewImage"]
    return made


@pytest.mark.parametrize(
    "brought",
    [record_of({"pk": {"S": "job"}, "sk": {"N": "7"}, "event": {"S": "{}"}}), gone(dict(item_of(diverged())))],
    ids=["another item", "an event that was removed"],
)
def test_other_records_bring_no_event(brought: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    Delivery(Topic("arn:aws:sns:eu-central-1:1:gone", Refusing("NotFound"))).deliver(brought)
    assert not caplog.text


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"event": {"N": "7"}},
        {"event": {"S": "no JSON"}},
        {"event": {"S": diverged().to_text().replace("1000.9", "soon")}},
        {"event": {"S": diverged().to_text().replace('"fault"', '"faults"')}},
    ],
    ids=["nothing", "a number", "no JSON", "no bookmark", "a member missing"],
)
def test_what_is_no_event_is_logged_and_blocks_nothing(item: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    brought = record_of({"pk": {"S": "event"}, "sk": {"N": "7"}, **item})
    Delivery(Topic("arn:aws:sns:eu-central-1:1:gone", Refusing("NotFound"))).deliver(brought)
    assert "this is no event, and was left" in caplog.text


def test_a_topic_that_is_gone_is_an_error_so_that_the_record_comes_again(listeners: Listeners) -> None:
    delivery = Delivery(Topic(listeners.arn + "-gone", listeners.topics))
    with pytest.raises(ServiceError, match="-gone took no message") as caught:
        delivery.deliver(record(diverged()))
    assert caught.value.code == "NotFound"


@pytest.mark.parametrize("code", ["InternalError", "AuthorizationError", "KMSThrottling"])
def test_a_topic_that_is_away_is_an_error(code: str) -> None:
    delivery = Delivery(Topic("arn:aws:sns:eu-central-1:1:away", Refusing(code)))
    with pytest.raises(ServiceError):
        delivery.tell(ended())


def test_an_event_that_the_topic_never_takes_is_logged_and_blocks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    Delivery(Topic("arn:aws:sns:eu-central-1:1:full", Refusing("InvalidParameter"))).deliver(record(ended()))
    assert "an event was refused, and left" in caplog.text
