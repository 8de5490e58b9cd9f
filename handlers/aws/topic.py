"""A topic of SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handlers.aws.sdk import ask, make_service, tries

if TYPE_CHECKING:
    from collections.abc import Mapping


READ_TIMEOUT_S = 4.0  # of one attempt: the stream makes the next, and what else it brings waits meanwhile


class Topic:
    """One topic.

    Args:
        arn: its name, region included.
        client: boto3's; None makes one.
    """

    def __init__(self, arn: str, client: Any = None) -> None:  # noqa: ANN401 - boto3-stubs covers DynamoDB only
        self._arn = arn
        self._client = client or make_service("sns", arn.split(":")[3], read_timeout=READ_TIMEOUT_S, retries=tries(1))

    def publish(self, message: str, subject: str, attributes: Mapping[str, str]) -> None:
        """Send a message to whoever has subscribed. Raises ServiceError.

        Args:
            subject: of an e-mail: less than 100 characters of printable ASCII.
            attributes: what subscriptions can filter by; none may be empty.
        """
        ask(
            f"{self._arn} took no message",
            lambda: self._client.publish(
                TopicArn=self._arn,
                Message=message,
                Subject=subject,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            ),
        )
