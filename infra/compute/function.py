"""One Lambda function with its rights and its alias `live`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra.naming import SOURCES_TAG, Naming
from infra.policies import Access, data_policy, invoke_policy, no_interfaces_policy

ARCHITECTURE = "arm64"
MOUNT_PATH = "/mnt/efs"
LIVE = "live"
ALIAS_DESCRIPTION = "The version that is called"
# Of an alias that Pulumi moves: what `console rollback` has written down there.
WRITTEN_BY_OTHERS = ["description"]
# Of an alias that something else moves: these are as that has left them.
MOVED_BY_OTHERS = ["function_version", "routing_config", "description"]
UNRESERVED = -1
FLEETING_S = 60  # the least that AWS allows


@dataclass(frozen=True, kw_only=True)
class NetworkPlace:
    """A function's place in the network."""

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_ids: Sequence[pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class DataAccess(NetworkPlace):
    """A function's place beside the data: in the network, at the file system, and what it may do there."""

    access: Access
    table_arn: pulumi.Input[str]
    file_system_arn: pulumi.Input[str]
    access_point_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """A function's code and size, its identity, and what it may reach.

    Args:
        function: its part of the stack's names.
        code, handler: its archive, and the entry point in it.
        sources: the hash of what the archive is made of; a tag, so that the state says what was deployed.
        runtime: the Python that runs it, by Lambda's name.
        environment: its variables; with the file system, beside `EFS_DIR`, which is where the file system is mounted.
        place: in the network; without it, the function is outside. One that is `DataAccess` has the file system too.
        invokes: the aliases that it may invoke.
        rights: documents of what else it may do, by the names of its role's policies.
        concurrency: sandboxes that are kept for it and that it may not exceed; -1 = none, 0 = switched off.
        tracing: whether X-Ray records it.
        moves_alias: whether the alias moves to each version that is published; without it, it stays where it was made,
            and something else moves it.
        before_live: what is done with each new version before the alias moves to it.
        has_fleeting_calls: whether its asynchronous calls are dropped where they fail, or find no sandbox for a minute:
            the clock makes the next. Without it AWS's rules hold, or another component's.
        key_arn: encrypts its environment; without it AWS manages the key.
        ready: what has to stand before it is made. A function that is made before its mount targets, network rules and
            policies is refused, or fails at its first request.
    """

    naming: Naming
    function: str
    code: pulumi.Input[pulumi.Archive]
    handler: pulumi.Input[str]
    sources: str
    runtime: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    role_name: pulumi.Input[str]
    role_arn: pulumi.Input[str]
    log_group_name: pulumi.Input[str]
    place: NetworkPlace | None = None
    invokes: Sequence[pulumi.Input[str]] = ()
    rights: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, "pulumi.Output[str]"])
    memory_mb: pulumi.Input[int]
    timeout_s: pulumi.Input[int]
    tmp_mb: pulumi.Input[int]
    concurrency: pulumi.Input[int] = UNRESERVED
    tracing: bool = False
    moves_alias: bool = True
    before_live: Callable[[aws.lambda_.Function], Sequence[pulumi.Resource]] | None = None
    has_fleeting_calls: bool = False
    key_arn: pulumi.Input[str] | None = None
    ready: Sequence[pulumi.Resource] = ()


class FunctionComponent(pulumi.ComponentResource):
    """A function, its versions, and the alias that everybody calls it by."""

    function: aws.lambda_.Function
    alias: aws.lambda_.Alias

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:FunctionComponent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        rights = [
            aws.iam.RolePolicy(f"{name}-{part}", name=part, role=args.role_name, policy=policy, opts=child)
            for part, policy in _policies(args).items()
        ]
        self.function = self._function(name, args, rights)
        if args.place:
            aws.iam.RolePolicy(
                f"{name}-no-interfaces",
                name="no-interfaces",
                role=args.role_name,
                policy=self.function.arn.apply(no_interfaces_policy),
                opts=child,
            )
        self.alias = aws.lambda_.Alias(
            f"{name}-live",
            name=LIVE,
            description=ALIAS_DESCRIPTION,
            function_name=self.function.name,
            function_version=self.function.version,
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=WRITTEN_BY_OTHERS if args.moves_alias else MOVED_BY_OTHERS,
                depends_on=[*args.before_live(self.function)] if args.before_live else None,
            ),
        )
        if args.has_fleeting_calls:
            aws.lambda_.FunctionEventInvokeConfig(
                f"{name}-calls",
                function_name=self.function.name,
                qualifier=self.alias.name,
                maximum_retry_attempts=0,
                maximum_event_age_in_seconds=FLEETING_S,
                opts=child,
            )
        self.register_outputs({"function_name": self.function.name})

    def _function(self, name: str, args: FunctionArgs, rights: Sequence[pulumi.Resource]) -> aws.lambda_.Function:
        files = _files(args)
        return aws.lambda_.Function(
            f"{name}-function",
            name=args.naming.name(args.function),
            role=args.role_arn,
            runtime=args.runtime,
            architectures=[ARCHITECTURE],
            handler=args.handler,
            code=args.code,
            memory_size=args.memory_mb,
            timeout=args.timeout_s,
            reserved_concurrent_executions=args.concurrency,
            ephemeral_storage={"size": args.tmp_mb},
            environment={"variables": {**args.environment, **({"EFS_DIR": MOUNT_PATH} if files else {})}},
            kms_key_arn=args.key_arn,
            vpc_config=_vpc_config(args.place) if args.place else None,
            file_system_config=_mount(files) if files else None,
            logging_config={
                "log_format": "JSON",
                "log_group": args.log_group_name,
                "application_log_level": "INFO",
                "system_log_level": "WARN",
            },
            tracing_config={"mode": "Active" if args.tracing else "PassThrough"},
            publish=True,
            tags={**args.naming.tags(args.function), SOURCES_TAG: args.sources},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.ready, *rights]),
        )


def _files(args: FunctionArgs) -> DataAccess | None:
    return args.place if isinstance(args.place, DataAccess) else None


def _vpc_config(place: NetworkPlace) -> aws.lambda_.FunctionVpcConfigArgsDict:
    return {"subnet_ids": place.subnet_ids, "security_group_ids": place.security_group_ids}


def _mount(data: DataAccess) -> aws.lambda_.FunctionFileSystemConfigArgsDict:
    return {"arn": data.access_point_arn, "local_mount_path": MOUNT_PATH}


def _policies(args: FunctionArgs) -> dict[str, pulumi.Output[str]]:
    """Return the documents of what a function's code may do, by the names of its role's policies."""
    policies = {**args.rights}
    if data := _files(args):
        policies["data"] = _data_policy(data)
    if args.invokes:
        policies["invoke"] = pulumi.Output.all(*args.invokes).apply(invoke_policy)
    return policies


def _data_policy(data: DataAccess) -> pulumi.Output[str]:
    return pulumi.Output.all(table=data.table_arn, files=data.file_system_arn, point=data.access_point_arn).apply(
        lambda arns: data_policy(
            data.access, table_arn=arns["table"], file_system_arn=arns["files"], access_point_arn=arns["point"]
        )
    )
