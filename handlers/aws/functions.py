"""Calls of another function, which wait for its answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 40.0


class InvocationError(Exception):
    """A function was not invoked, or failed.

    Attributes:
        code: Lambda's name for the reason why it was not; "" where Lambda gave none.
    """

    code = ""


class FunctionError(InvocationError):
    """A function was invoked, and failed.

    Attributes:
        kind: the class of its error; "" where it says none.
    """

    def __init__(self, function: str, content: bytes) -> None:
        text = content.decode(errors="replace")
        try:
            found: dict[str, object] = json.loads(text)
            self.kind, said = str(found.get("errorType", "")), str(found.get("errorMessage", text))
        except (ValueError, AttributeError):
            self.kind, said = "", text
        super().__init__(f"{function} failed: {said}")


def make_invoke(
    function_arn: str, at_once: int, answer_timeout_s: float = ANSWER_TIMEOUT_S
) -> Callable[[Mapping[str, object]], object]:
    """Return the call of one function, which hands it an event and returns its answer, in as many threads at once.

    A call is tried once. It raises InvocationError where Lambda refuses or cannot be reached, and FunctionError where
    the function itself fails.

    Args:
        function_arn: the function's, or its name; the region is then the environment's.
        answer_timeout_s: how long it may take.
    """
    import boto3  # noqa: PLC0415 - for those alone who make a call
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=answer_timeout_s,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=at_once,
    )
    region = function_arn.split(":")[3] if ":" in function_arn else None
    client = cast("Any", boto3.client("lambda", region_name=region, config=config))  # pyright: ignore[reportUnknownMemberType] - boto3-stubs covers DynamoDB only

    def invoke(event: Mapping[str, object]) -> object:
        try:
            answer = client.invoke(
                FunctionName=function_arn, InvocationType="RequestResponse", Payload=json.dumps(event).encode()
            )
            content = answer["Payload"].read()
        except ClientError as error:
            refused = InvocationError(f"{function_arn} was not invoked: {error}")
            refused.code = error.response.get("Error", {}).get("Code", "")
            raise refused from error
        except BotoCoreError as error:
            raise InvocationError(f"{function_arn} was not invoked: {error}") from error
        if "FunctionError" in answer:
            raise FunctionError(function_arn, content)
        return json.loads(content)

    return invoke
