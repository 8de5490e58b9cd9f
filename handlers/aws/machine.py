"""A state machine of Step Functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handlers.aws.sdk import ServiceError, ask, make_service

if TYPE_CHECKING:
    from collections.abc import Mapping

THERE_ALREADY = "ExecutionAlreadyExists"


class StateMachine:
    """One state machine.

    Args:
        arn: the machine's.
        region: of the machine.
    """

    def __init__(self, arn: str, region: str) -> None:
        self._arn = arn
        self._client: Any = make_service("stepfunctions", region)

    def start(self, name: str, content: Mapping[str, object]) -> None:
        """Start an execution; one that has the name already counts as started.

        Args:
            name: its name; AWS remembers it for 90 days after its end.
            content: its input.

        Raises ServiceError.
        """
        text = json.dumps(content)
        try:
            ask(
                f"start the execution {name}",
                lambda: self._client.start_execution(stateMachineArn=self._arn, name=name, input=text),
            )
        except ServiceError as error:
            if error.code != THERE_ALREADY:
                raise
