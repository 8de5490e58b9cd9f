"""Against an emulator's Step Functions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest

from console.local.emulator import Emulator
from handlers.aws.machine import StateMachine
from handlers.aws.sdk import ServiceError

ROLE = "arn:aws:iam::000000000000:role/any"
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}


@pytest.fixture
def states(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    made = cast("Any", boto3).client("stepfunctions")
    yield made
    made.close()


@pytest.fixture
def arn(states: Any) -> Iterator[str]:
    made: str = states.create_state_machine(name="waits", definition=json.dumps(WAITS), roleArn=ROLE)["stateMachineArn"]
    yield made
    for found in states.list_executions(stateMachineArn=made, statusFilter="RUNNING")["executions"]:
        states.stop_execution(executionArn=found["executionArn"])
    states.delete_state_machine(stateMachineArn=made)


def test_an_execution_is_started_once_however_often_it_is_asked_for(states: Any, arn: str) -> None:
    machine = StateMachine(arn, "")
    for _ in range(2):
        machine.start("job-0", {"job": "1"})
    (running,) = states.list_executions(stateMachineArn=arn)["executions"]
    told = states.describe_execution(executionArn=running["executionArn"])
    assert (running["name"], json.loads(told["input"])) == ("job-0", {"job": "1"})
    states.stop_execution(executionArn=running["executionArn"])
    machine.start("job-0", {"job": "1"})
    assert len(states.list_executions(stateMachineArn=arn)["executions"]) == 1


def test_a_machine_that_is_not_there_is_an_error(states: Any, arn: str) -> None:
    with pytest.raises(ServiceError) as caught:
        StateMachine(f"{arn}-else", "").start("job-0", {})
    assert caught.value.code == "StateMachineDoesNotExist"
