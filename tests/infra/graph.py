"""Records what a Pulumi program registers, as plain data.

Each recording has an event loop, a monitor and a root stack of its own and leaves nothing behind, so that recordings
neither see nor disturb one another.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from unittest.mock import patch

os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"  # an Output in an f-string is an error, not a text

from google.protobuf import json_format
from pulumi import Output
from pulumi.runtime import mocks, set_all_config, set_mocks
from pulumi.runtime.proto.source_pb2 import StackTrace
from pulumi.runtime.settings import get_root_resource, reset_options
from pulumi.runtime.stack import Stack, run_pulumi_func

from infra.account import account_behind

ACCOUNT, REGION = "123456789012", "us-east-1"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d")
QUOTA = 1000
STACK = "pulumi:pulumi:Stack"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}  # how the SDK marks a value as one
# What a registration says beside its options: the resource itself, and what the SDK tells the engine about itself.
NO_OPTIONS = {
    *("type", "name", "parent", "custom", "object", "dependencies", "propertyDependencies", "version", "packageRef"),
    *("acceptSecrets", "acceptResources", "acceptsByteString", "supportsPartialValues", "supportsResultReporting"),
    *("sourcePosition", "stackTrace", "deleteBeforeReplaceDefined"),
}


@dataclass(frozen=True)
class Node:
    """One registered resource.

    `inputs` and `options` have the engine's spelling, and `options` holds only those that are set; `parent` and
    `dependencies` are URNs.
    """

    urn: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    is_custom: bool
    options: dict[str, Any]
    dependencies: frozenset[str]

    def at(self, path: str) -> Any:
        """The input at a path such as "attributes.0.name", in a JSON text too; None where there is nothing."""
        value: Any = self.inputs
        for key in path.split("."):
            if isinstance(value, str):
                value = json.loads(value)
            if isinstance(value, list):
                value = cast("list[Any]", value)[int(key)]
            else:
                value = cast("dict[str, Any]", value or {}).get(key)
        return value


def kind_of(node: Node) -> str:
    """The end of the type's name; CloudFront's functions, which are no functions of Lambda's, have one of their own."""
    return "ViewerFunction" if node.type.startswith("aws:cloudfront/function:") else node.type.rpartition(":")[2]


@dataclass(frozen=True, order=True)
class Lookup:
    """One question to the cloud; `arguments` are JSON, `provider` is empty for the default one."""

    token: str
    arguments: str
    provider: str


@dataclass(frozen=True)
class Graph:
    """Everything that a program registered and asked for.

    `outputs` are those of the stack, `registered` counts the registrations of each component's outputs.
    """

    nodes: tuple[Node, ...]
    outputs: dict[str, Any]
    registered: Mapping[str, int]
    lookups: tuple[Lookup, ...]

    def of(self, *types: str) -> list[Node]:
        """The nodes of these types, given as the end of the type's name: "Function" is Lambda's."""
        return [node for node in self.nodes if kind_of(node) in types]

    def one(self, kind: str, name: str = "") -> Node:
        """The only node of a type, and of this name if one is given."""
        (node,) = [node for node in self.of(kind) if name in ("", node.name)]
        return node

    def find(self, urn: str) -> Node:
        """The node of a URN."""
        (node,) = [node for node in self.nodes if node.urn == urn]
        return node


@dataclass
class _Cloud(mocks.Mocks):
    """Answers as AWS would, as far as the program looks."""

    zones: tuple[str, ...] = ZONES
    quota: int = QUOTA

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        service = args.typ.split(":")[1].split("/")[0]
        # What the provider computes, spelled so that a snapshot of the graph can be read.
        computed: dict[str, Any] = {
            "arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{args.name}",
            "keyId": f"{args.name}-key-id",
            "version": "1",
            "prefixListId": f"{args.name}-prefix-list",
            "streamArn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{args.name}/stream/1",
            "url": f"https://{service}.{REGION}.amazonaws.com/{ACCOUNT}/{args.name}",
            "invokeArn": f"arn:aws:apigateway:{REGION}:lambda:path/{args.name}",
            "executionArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{args.name}",
            "apiEndpoint": f"https://{args.name}.example.com",
            "bucketRegionalDomainName": f"{args.name}.s3.{REGION}.amazonaws.com",
            "domainName": f"{args.name}.cloudfront.net",
            "endpoint": f"{args.name}.example.com:5432",
            "resourceId": f"db-{args.name}",
            "masterUserSecrets": [{"secretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!{args.name}"}],
        }
        state = computed | cast("dict[str, Any]", args.inputs)  # pyright: ignore[reportUnknownMemberType] - untyped
        if args.typ.endswith(":DomainName"):
            state["domainNameConfiguration"] = {
                **state["domainNameConfiguration"],
                "targetDomainName": "target.example.com",
            }
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        answers: dict[str, dict[str, Any]] = {
            "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": list(reversed(self.zones))},
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
            "aws:index/getPartition:getPartition": {"partition": "aws"},
            "aws:index/getRegion:getRegion": {"region": REGION},
            "aws:ec2/getPrefixList:getPrefixList": {"id": "prefix-list-of-region"},
            "aws:secretsmanager/getRandomPassword:getRandomPassword": {"randomPassword": "drawn"},
            "aws:secretsmanager/getSecretVersion:getSecretVersion": {"secretString": "current"},
            "aws:servicequotas/getServiceQuota:getServiceQuota": {"value": float(self.quota)},
        }
        return answers[args.token], []


def _plain(value: Any) -> Any:
    """Without the envelope of an archive, and with integers as integers; an archive is its files' names.

    A secret is {"secret": its value}.
    """
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        if SECRET.items() <= given.items():
            return {"secret": _plain(given["value"])}
        return sorted(given["assets"]) if "assets" in given else {key: _plain(item) for key, item in given.items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextmanager
def _loop_of_this_thread() -> Generator[None]:
    """The monitor answers in threads and needs an event loop there, which nobody else would close."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _options(request: Any) -> dict[str, Any]:
    """Return the options of a registration that differ from the engine's defaults, whatever they are."""
    given = json_format.MessageToDict(request)
    return {key: value for key, value in sorted(given.items()) if key not in NO_OPTIONS and value}


class _Monitor(mocks.MockMonitor):
    def __init__(self, cloud: mocks.Mocks) -> None:
        super().__init__(cloud)
        self.nodes: list[Node] = []
        self.registered: dict[str, int] = {}
        self.lookups: list[Lookup] = []
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        with _loop_of_this_thread():
            response = super().RegisterResource(request)  # pyright: ignore[reportUnknownMemberType] - untyped
        if request.type != STACK:
            node = Node(
                urn=response.urn,
                type=request.type,
                name=request.name,
                parent="" if _is_stack(request.parent) else request.parent,
                inputs=_plain(json_format.MessageToDict(request.object)),
                is_custom=request.custom,
                options=_options(request),
                dependencies=frozenset(request.dependencies),
            )
            with self._lock:
                self.nodes.append(node)
        return response

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        arguments = json.dumps(_plain(json_format.MessageToDict(request.args)), sort_keys=True)
        with self._lock:
            self.lookups.append(Lookup(request.tok, arguments, request.provider))
        with _loop_of_this_thread():
            return super().Invoke(request)  # pyright: ignore[reportUnknownMemberType]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        with self._lock:
            self.registered[request.urn] = self.registered.get(request.urn, 0) + 1
        return super().RegisterResourceOutputs(request)  # pyright: ignore[reportUnknownMemberType]


def _is_stack(urn: str) -> bool:
    return urn.split("::")[2:3] == [STACK]


def graph_of(
    build: Callable[[], object],
    config: Mapping[str, str] | None = None,
    stack: str = "dev",
    *,
    project: str = "lambda-sqlite",
    preview: bool = False,
    zones: tuple[str, ...] = ZONES,
    quota: int = QUOTA,
) -> Graph:
    """Return all that `build` registers under this configuration. Whatever it raises is raised here."""
    account_behind.cache_clear()
    cloud = _Cloud(zones, quota)
    monitor = _Monitor(cloud)
    outputs: dict[str, Any] = {}

    async def run() -> None:
        set_all_config(dict(config or {}))
        set_mocks(cloud, project, stack, preview, monitor=monitor)
        await run_pulumi_func(lambda: cast("None", build()))
        root = get_root_resource()
        assert isinstance(root, Stack)
        for name, value in root.outputs.items():
            outputs[name] = await Output.from_input(value).future()

    try:
        # Where in the source each resource stands takes the SDK a third of the time, and NO_OPTIONS leaves it out.
        with patch("pulumi.runtime.resource._get_stack_trace", StackTrace):
            asyncio.run(run())
    finally:
        reset_options()
        set_all_config({})
    return Graph(
        tuple(sorted(monitor.nodes, key=lambda node: node.urn)),
        outputs,
        monitor.registered,
        tuple(sorted(monitor.lookups)),  # threads ask, in any order
    )
