"""The delivery: events of the table's stream, and of jobs that have ended, sent to the topic.

A topic that is away is an error: the stream keeps the record, and brings it again. An event that the topic will never
take is logged and left, since whatever follows would wait for it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from handlers.aws.sdk import ServiceError
from handlers.aws.table import EVENT, EVENTS, PARTITION_KEY
from handlers.events.event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.aws.topic import Topic

REFUSED = frozenset({"InvalidParameter", "ParameterValueInvalid", "ValidationException"})  # a message as it is

_log = logging.getLogger(__name__)


class Delivery:
    """Sends events to a topic."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic

    def deliver(self, record: Mapping[str, Any]) -> None:
        """Send the event that a record of the stream brings; other records bring none. Raises ServiceError."""
        change = record["dynamodb"]
        if change["Keys"][PARTITION_KEY] != {"S": EVENTS} or "NewImage" not in change:
            return
        try:
            event = Event.from_text(change["NewImage"][EVENT]["S"])
            message = (event.to_text(), event.subject, event.attributes)
        except (AttributeError, KeyError, TypeError, ValueError):
            _log.exception("this is no event, and was left: %s", change["Keys"])
            return
        self._send(*message)

    def tell(self, event: Event) -> None:
        """Send an event. Raises ServiceError where the topic is away; logs where it will never take this."""
        self._send(event.to_text(), event.subject, event.attributes)

    def _send(self, text: str, subject: str, attributes: Mapping[str, str]) -> None:
        try:
            self._topic.publish(text, subject, attributes)
        except ServiceError as error:
            if error.code not in REFUSED:
                raise
            _log.error("an event was refused, and left: %s: %s", error, text)
