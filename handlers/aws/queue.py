"""A queue of SQS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handlers.aws.sdk import ask, make_service, tries

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_DELAY_S = 900
# What sends a message has done its work: a call has to end before the invocation does.
READ_TIMEOUT_S, ATTEMPTS = 4.0, 2


class Queue:
    """One queue.

    Args:
        url: its address; the region is in it.
    """

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._client: Any = make_service("sqs", region, read_timeout=READ_TIMEOUT_S, retries=tries(ATTEMPTS))

    def send(self, message: Mapping[str, object], delay_s: float = 0.0) -> None:
        """Send a message, which is handed over after a while, `LONGEST_DELAY_S` at most. Raises ServiceError."""
        after_s = min(LONGEST_DELAY_S, round(delay_s))
        ask(
            "SendMessage",
            lambda: self._client.send_message(
                QueueUrl=self._url, MessageBody=json.dumps(message), DelaySeconds=after_s
            ),
        )
