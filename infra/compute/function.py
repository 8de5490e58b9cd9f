"""One Lambda function with its access to the data and its alias `live`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from archives.standard_library import PYTHON
from infra.naming import Naming
from infra.policies import Access, data_policy, no_interfaces_policy

RUNTIME, ARCHITECTURE = f"python{PYTHON}", "arm64"
MOUNT_PATH = "/mnt/efs"
LIVE = "live"
UNRESERVED = -1


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """A function's code and size, its identity, its place in the network, and its access to the data.

    Args:
        function: its part of the stack's names.
        code, handler: its archive, and the entry point in it.
        environment: its variables beside `EFS_DIR`, which is where the file system is mounted.
        concurrency: sandboxes that are kept for it and that it may not exceed; -1 = none, 0 = switched off.
        tracing: whether X-Ray records it.
        key_arn: encrypts its environment; without it AWS manages the key.
        ready: what has to stand before it is made. A function that is made before its mount targets, network rules and
            policies is refused, or fails at its first request.
    """

    naming: Naming
    function: str
    code: pulumi.Input[pulumi.Archive]
    handler: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    role_name: pulumi.Input[str]
    role_arn: pulumi.Input[str]
    log_group_name: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_ids: Sequence[pulumi.Input[str]]
    access: Access
    table_arn: pulumi.Input[str]
    file_system_arn: pulumi.Input[str]
    access_point_arn: pulumi.Input[str]
    memory_mb: pulumi.Input[int]
    timeout_s: pulumi.Input[int]
    tmp_mb: pulumi.Input[int]
    concurrency: pulumi.Input[int] = UNRESERVED
    tracing: bool = False
    key_arn: pulumi.Input[str] | None = None
    ready: Sequence[pulumi.Resource] = ()


class FunctionComponent(pulumi.ComponentResource):
    """A function behind its alias, which moves to each version that is published."""

    function: aws.lambda_.Function
    alias: aws.lambda_.Alias

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:FunctionComponent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        data = aws.iam.RolePolicy(
            f"{name}-data", name="data", role=args.role_name, policy=_data_policy(args), opts=child
        )
        self.function = self._function(name, args, data)
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
            description="What the gateway calls",
            function_name=self.function.name,
            function_version=self.function.version,
            opts=child,
        )
        self.register_outputs({"function_name": self.function.name})

    def _function(self, name: str, args: FunctionArgs, data: aws.iam.RolePolicy) -> aws.lambda_.Function:
        return aws.lambda_.Function(
            f"{name}-function",
            name=args.naming.name(args.function),
            role=args.role_arn,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler=args.handler,
            code=args.code,
            memory_size=args.memory_mb,
            timeout=args.timeout_s,
            reserved_concurrent_executions=args.concurrency,
            ephemeral_storage={"size": args.tmp_mb},
            environment={"variables": {**args.environment, "EFS_DIR": MOUNT_PATH}},
            kms_key_arn=args.key_arn,
            vpc_config={"subnet_ids": args.subnet_ids, "security_group_ids": args.security_group_ids},
            file_system_config={"arn": args.access_point_arn, "local_mount_path": MOUNT_PATH},
            logging_config={
                "log_format": "JSON",
                "log_group": args.log_group_name,
                "application_log_level": "INFO",
                "system_log_level": "WARN",
            },
            tracing_config={"mode": "Active" if args.tracing else "PassThrough"},
            publish=True,
            tags=args.naming.tags(args.function),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.ready, data]),
        )


def _data_policy(args: FunctionArgs) -> pulumi.Output[str]:
    return pulumi.Output.all(table=args.table_arn, files=args.file_system_arn, point=args.access_point_arn).apply(
        lambda arns: data_policy(
            args.access, table_arn=arns["table"], file_system_arn=arns["files"], access_point_arn=arns["point"]
        )
    )
