"""The commands that switch a stack off, as docs/operations.md prints them, run against the emulator."""

from __future__ import annotations

import importlib
import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from console.local.emulator import Emulator
from tests.infra.program import graph
from tests.infra.watch.commands import commands, run
from tests.infra.watch.test_operations import section
from tests.support.local.processes import until

FUNCTIONS = ("query", "command", "projector", "worker")
ONCE = Config(retries={"total_max_attempts": 1})  # what is switched off would be asked again
CODE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "here"}\n'
OFF, WORKER_OFF, ON, WORKER_ON = (block.split("```")[0] for block in section("Switching it off").split("```\naws")[1:])


class Stack:
    """Functions, a gateway and a table with its stream, as small as they can be."""

    def __init__(self, emulator: Emulator, client: Callable[[str], Any]) -> None:
        self.client, self._url = client, emulator.url
        self.names = {function: f"switch-{function}" for function in FUNCTIONS}
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("index.py", CODE)
        arns = {function: self._function(name, archive.getvalue()) for function, name in self.names.items()}
        self.api_id = self._api(arns["query"])
        self.mappings = self._mappings()
        self.outputs = {f"{function}_function": name for function, name in self.names.items()}
        self.outputs |= {"api_id": self.api_id, **self.mappings}

    def _function(self, name: str, code: bytes) -> str:
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role="arn:aws:iam::000000000000:role/any",
            Handler="index.handler",
            Code={"ZipFile": code},
        )
        self.client("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
        return made["FunctionArn"]

    def _api(self, function_arn: str) -> str:
        gateway = self.client("apigatewayv2")
        api_id = gateway.create_api(Name="switch", ProtocolType="HTTP")["ApiId"]
        integration = gateway.create_integration(
            ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=function_arn, PayloadFormatVersion="2.0"
        )
        gateway.create_route(ApiId=api_id, RouteKey="$default", Target=f"integrations/{integration['IntegrationId']}")
        gateway.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
        return api_id

    def _mappings(self) -> dict[str, str]:
        """Two functions follow the stream, and one takes messages of two queues."""
        stream_arn = self._stream()
        made = {
            "stream_mapping": self._mapping("projector", stream_arn, StartingPosition="TRIM_HORIZON"),
            "worker_stream_mapping": self._mapping("worker", stream_arn, StartingPosition="TRIM_HORIZON"),
        }
        for queue in ("jobs", "dead_letters"):
            arn = f"arn:aws:sqs:us-east-1:000000000000:switch-{queue}"
            self.client("sqs").create_queue(QueueName=f"switch-{queue}")
            made[f"{queue}_mapping"] = self._mapping("worker", arn)
        return made

    def _mapping(self, function: str, arn: str, **more: str) -> str:
        made = self.client("lambda").create_event_source_mapping(
            EventSourceArn=arn, FunctionName=self.names[function], **more
        )
        return made["UUID"]

    def _stream(self) -> str:
        table = self.client("dynamodb").create_table(
            TableName="switch",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        return table["LatestStreamArn"]

    def run(self, block: str) -> int:
        """Run the commands of a block; return how many there were."""
        return len([run(words, self.client) for words in commands("aws" + block, self.outputs)])

    def status(self) -> int:
        """The status that the gateway answers with."""
        url = f"{self._url}/_aws/execute-api/{self.api_id}/$default/anything"
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def answer(self, function: str) -> str:
        """The body that a function answers with, or why it does not."""
        try:
            answer = self.client("lambda").invoke(FunctionName=self.names[function])
        except ClientError as error:
            return str(error.response.get("Error", {}).get("Code"))
        return json.loads(answer["Payload"].read())["body"]

    def states(self) -> set[str]:
        """The states of all mappings."""
        get = self.client("lambda").get_event_source_mapping
        return {get(UUID=mapping)["State"] for mapping in self.mappings.values()}

    def throttles(self) -> dict[str, Any]:
        stage = self.client("apigatewayv2").get_stage(ApiId=self.api_id, StageName="$default")
        return stage.get("DefaultRouteSettings", {})


@pytest.fixture
def stack(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    boto3: Any = importlib.import_module("boto3")  # its own types are incomplete
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = boto3.client(service, config=ONCE)
        return clients[service]

    yield Stack(emulator, client)
    for made in clients.values():
        made.close()


def test_the_commands_stop_every_function_and_the_stream_and_bring_them_back(stack: Stack) -> None:
    assert [stack.answer(function) for function in FUNCTIONS] == ["here"] * 4
    assert stack.status() == 200

    assert (stack.run(OFF), stack.run(WORKER_OFF)) == (5, 4)
    assert [stack.answer(function) for function in FUNCTIONS] == ["TooManyRequestsException"] * 4
    assert stack.status() >= 429
    assert stack.states() == {"Disabled"}
    assert stack.throttles() == {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 0}

    assert (stack.run(ON), stack.run(WORKER_ON)) == (5, 4)
    until(lambda: stack.states() == {"Enabled"})
    assert [stack.answer(function) for function in FUNCTIONS] == ["here"] * 4
    assert stack.status() == 200


def test_the_way_back_publishes_since_old_records_are_not_given_to_the_projector() -> None:
    assert graph("prod").one("EventSourceMapping").at("maximumRecordAgeInSeconds") == 3600
    assert "older than an hour" in section("Switching it off")
    outputs = {"query_function": "q", "command_function": "c", "projector_function": "p", "stream_mapping": "m"}
    (invoke,) = [words for words in commands("aws" + ON, outputs) if "invoke" in words]
    assert invoke[invoke.index("--function-name") + 1] == "p:live"
    assert json.loads(invoke[invoke.index("--payload") + 1]) == {"task": "maintain"}


def test_the_way_back_ends_with_what_the_settings_say() -> None:
    assert ON.strip().splitlines()[-1] == "pulumi up --refresh"
