"""The outbox: events put down in the table, from which its stream takes them outside.

Whoever puts them is within a network that reaches nothing but the table, and has finished what the event tells of: an
event that cannot be put down is logged, and missed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline, write_if
from handlers.aws.table import EVENT, EVENTS, PARTITION_KEY, SORT_KEY, TTL
from handlers.domain.hashes import blake2b
from handlers.domain.timestamps import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.dynamodb import Client, Item
    from handlers.events.event import Event

KEEP_S = 24 * 3600
LIMIT_S = 4.0  # time for one attempt: a caller may be waiting for its answer
NUMBER_BYTES = 15  # a number in DynamoDB has 38 digits

_log = logging.getLogger(__name__)


class Outbox:
    """The events of one table.

    Args:
        make_deadline: gives each event the limit of its write.
    """

    def __init__(
        self, client: Client, table_name: str, make_deadline: Callable[[], Deadline] = lambda: Deadline(limit_s=LIMIT_S)
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._make_deadline = make_deadline
        self._last_id = ""

    def put(self, event: Event) -> None:
        """Put an event down, unless it is there: one write. Logs what keeps it from being done."""
        if event.id == self._last_id:  # a fault that every call finds again
            return
        item = item_of(event)
        try:
            write_if(
                lambda: self._client.put_item(
                    TableName=self._table_name, Item=item, ConditionExpression=f"attribute_not_exists({PARTITION_KEY})"
                ),
                self._make_deadline(),
            )
            self._last_id = event.id
        except Exception:  # noqa: BLE001 - whatever it is, the work that the event tells of is done
            _log.exception("an event was not put down: %s", event.id)


def item_of(event: Event) -> Item:
    """Return an event as the table keeps it; two of one id have one place."""
    number = int.from_bytes(blake2b(event.id.encode(), digest_size=NUMBER_BYTES).digest(), "big")
    return {
        PARTITION_KEY: {"S": EVENTS},
        SORT_KEY: {"N": str(number)},
        EVENT: {"S": event.to_text()},
        TTL: {"N": str(int(seconds_of(event.at)) + KEEP_S)},
    }
