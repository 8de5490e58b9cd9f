"""Executions of the state machine: each rolls one version of one function out."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console.errors import ConsoleError

RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"
MOST_NAME = 44  # characters of a function's name in an execution's, which has 80 at most
STOPPED = "console rollback"


@dataclass(frozen=True)
class Rolling:
    """An execution, and what it was asked for."""

    arn: str
    function: str
    version: int


@dataclass(frozen=True)
class Ended:
    """The end of an execution: whether the version is live, and if not, why not."""

    is_live: bool
    reason: str


class Executions:
    """The executions of one state machine.

    Args:
        client: boto3's, of Step Functions.
        machine_arn: the state machine's.
    """

    def __init__(self, client: Any, machine_arn: str) -> None:  # noqa: ANN401 - boto3's
        self._client = client
        self._machine_arn = machine_arn

    def running(self) -> dict[str, Rolling]:
        """Return those that are under way, by their functions."""
        asked = {"stateMachineArn": self._machine_arn, "statusFilter": RUNNING}
        pages = self._client.get_paginator("list_executions").paginate(**asked)
        found = [self._described(each["executionArn"]) for page in pages for each in page["executions"]]
        return {each.function: each for each in found}

    def start(self, function: str, version: int) -> Rolling:
        """Begin to roll a version out."""
        name = f"{function[-MOST_NAME:]}-{version}-{datetime.now(UTC):%Y%m%dT%H%M%S-%f}"
        order = json.dumps({"function": function, "version": version})
        answer = self._client.start_execution(stateMachineArn=self._machine_arn, name=name, input=order)
        return Rolling(answer["executionArn"], function, version)

    def stop(self, execution: Rolling) -> None:
        """End an execution where it is; the alias stays as it has left it."""
        self._client.stop_execution(executionArn=execution.arn, error="Stopped", cause=STOPPED)

    def ended(self, execution: Rolling) -> Ended | None:
        """Return how an execution has ended; None while it runs."""
        found: dict[str, Any] = self._client.describe_execution(executionArn=execution.arn)
        if found["status"] == RUNNING:
            return None
        return Ended(found["status"] == SUCCEEDED, found.get("cause") or found.get("error") or found["status"].lower())

    def _described(self, arn: str) -> Rolling:
        order = json.loads(self._client.describe_execution(executionArn=arn)["input"])
        return Rolling(arn, order["function"], int(order["version"]))


def look_closer(arn: str) -> str:
    """Return the command that shows every step of an execution."""
    return f"aws stepfunctions get-execution-history --region {arn.split(':')[3]} --execution-arn {shlex.quote(arn)}"


def refuse(running: Rolling, why: str) -> ConsoleError:
    """Return the error for a rollout that is in the way."""
    message = f"{running.function}: version {running.version} is being rolled out, {why}"
    return ConsoleError(message, "the same command once that has ended")
