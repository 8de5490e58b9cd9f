"""Functions with versions and an alias, and the state machine that moves it, on an emulator of their own."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from console.local import process
from console.local.emulator import Emulator
from infra.compute.function import ALIAS_DESCRIPTION, LIVE
from infra.rollout.calls import TrialCall
from infra.rollout.definition import BEFORE, Canary, definition_of
from tests.support.local.processes import PATIENCE_S

ROLE = "arn:aws:iam::000000000000:role/any"
ONE_CALL = (TrialCall(event={"routeKey": "HEAD /health"}),)
WAIT_SCALE = "0.001"  # of a second of waiting

GOOD = """
def handler(event, context):
    return {"statusCode": 200, "body": ""}
"""
REFUSES = GOOD.replace("200", "503")
FAILS = """
def handler(event, context):
    raise MemoryError("too large")
"""
# Answers its first test well, and does something in the middle of the next: whatever it does, it is done in time.
DOES_LATER = """
import boto3, os
def handler(event, context):
    path = {path!r}
    if os.path.exists(path):
        {deed}
    open(path, "w").close()
    return {{"statusCode": 200, "body": ""}}
"""


@contextmanager
def quick_emulator(folder: Path, mocked: Mapping[str, object] | None = None) -> Generator[Emulator]:
    """Start an emulator whose state machines hardly wait, with answers of tasks that are made up for it."""
    answers = folder / "answers.json"
    answers.write_text(json.dumps(mocked or {}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "INHERITED", (*process.INHERITED, "SFN_WAIT_SCALE", "SFN_MOCK_CONFIG"))
        patch.setenv("SFN_WAIT_SCALE", WAIT_SCALE)
        patch.setenv("SFN_MOCK_CONFIG", str(answers))
        with Emulator(folder, start_timeout_s=PATIENCE_S) as running:
            for name, value in running.environment.items():
                patch.setenv(name, value)
            patch.setenv("AWS_REGION", "us-east-1")
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            yield running


def client(service: str) -> Any:
    """Return a client of the emulator that runs."""
    return _client(service, os.environ["AWS_ENDPOINT_URL"])


@cache
def _client(service: str, endpoint: str) -> Any:
    return cast("Any", boto3).client(service, endpoint_url=endpoint)


def archive(code: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("app.py", code)
    return content.getvalue()


class Versioned:
    """A function with one version, and the alias on it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.aws = client("lambda")
        self.aws.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": archive(GOOD)},
            Publish=True,
        )
        self.aws.create_alias(FunctionName=name, Name=LIVE, FunctionVersion="1", Description=ALIAS_DESCRIPTION)

    def publish(self, code: str = GOOD) -> int:
        """Publish a version, also of code that is there already; returns its number."""
        content = archive(f"{code}# {self.newest() + 1}")
        return int(self.aws.update_function_code(FunctionName=self.name, ZipFile=content, Publish=True)["Version"])

    def newest(self) -> int:
        versions = self.aws.list_versions_by_function(FunctionName=self.name)["Versions"]
        return max(int(each["Version"]) for each in versions if each["Version"] != "$LATEST")

    def alias(self) -> dict[str, Any]:
        found = self.aws.get_alias(FunctionName=self.name, Name=LIVE)
        return {key: value for key, value in found.items() if key != "ResponseMetadata"}

    def live(self) -> tuple[int, dict[str, float]]:
        """The version that is called, and the shares of others."""
        found = self.alias()
        return int(found["FunctionVersion"]), found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def point(self, version: int, shares: Mapping[str, float] | None = None, before: str = "") -> None:
        """Move the alias; `before` are the versions that it says were live before."""
        told = {"Description": f"{ALIAS_DESCRIPTION}; {BEFORE}{before}"} if before else {}
        self.aws.update_alias(
            FunctionName=self.name,
            Name=LIVE,
            FunctionVersion=str(version),
            RoutingConfig={"AdditionalVersionWeights": shares or {}},
            **told,
        )


def make_machine(
    name: str,
    functions: Sequence[str],
    *,
    alarms: Sequence[str] = (),
    bake_s: int = 15,
    calls: Sequence[TrialCall] = ONE_CALL,
    own_metrics: bool = False,
) -> str:
    """Make a state machine for these functions; returns its ARN."""
    tests = dict.fromkeys(functions, calls)
    canary = Canary(calls=tests, alarms=alarms, percent=10, bake_s=bake_s, own_metrics=own_metrics)
    definition = json.dumps(definition_of(canary))
    return str(
        client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]
    )


def make_waiting_machine(name: str, seconds: int) -> str:
    """Make a state machine whose executions only wait; returns its ARN."""
    states = {"Wait": {"Type": "Wait", "Seconds": seconds, "End": True}}
    definition = json.dumps({"StartAt": "Wait", "States": states})
    made = client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=ROLE)
    return str(made["stateMachineArn"])


def outputs_of(folder: Path, outputs: Mapping[str, object], stack: str = "") -> None:
    """Put a `pulumi` into a folder that tells these outputs, of the selected stack or of one by its name."""
    (folder / "outputs.json").write_text(json.dumps(outputs))
    asked = f"stack output --json --non-interactive{stack and f' --stack {stack}'}"
    path = folder / "pulumi"
    path.write_text(f'#!/bin/sh\ntest "$*" = "{asked}" && exec cat "{folder}/outputs.json"\n')
    path.chmod(0o755)
