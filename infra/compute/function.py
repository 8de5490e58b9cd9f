"""One Lambda function with its access to the data and its alias `live`.

It waits for the whole of its network, its identity and its storage: a function that is made before its mount targets,
rules and policies stand is refused, or fails at its first request.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.aws.table import BENCHMARKS
from handlers.routes import COMMAND, QUERY
from infra.compute.archive import archive_of, handler_of
from infra.compute.identity import IdentityComponent
from infra.data.storage import StorageComponent
from infra.foundation.network import NetworkComponent
from infra.naming import Naming
from infra.policies import MOUNT, MOUNT_AND_WRITE, TABLE_READS, TABLE_WRITES, data_policy, no_interfaces_policy
from infra.settings import UNRESERVED, StackSettings
from infra.typed_config import ConfigError

RUNTIME, ARCHITECTURE = "python3.13", "arm64"
MOUNT_PATH = "/mnt/efs"
LIVE = "live"
KEPT_UNRESERVED = 100  # Lambda lets nobody reserve the last hundred
CONCURRENCY_QUOTA = "L-B99A9384"
# Actions on the table, actions on the file system, partitions of the table that may be written to all the same.
ACCESS = {COMMAND: (TABLE_WRITES, MOUNT_AND_WRITE, ()), QUERY: (TABLE_READS, MOUNT, (BENCHMARKS,))}


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """What a function depends on."""

    naming: Naming
    settings: StackSettings
    function: str
    network: NetworkComponent
    identity: IdentityComponent
    storage: StorageComponent
    key_arn: pulumi.Output[str] | None


class FunctionComponent(pulumi.ComponentResource):
    """A function behind its alias."""

    function_name: pulumi.Output[str]
    alias_name: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:FunctionComponent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        data = aws.iam.RolePolicy(
            f"{name}-data", name="data", role=args.identity.role_name, policy=_data_policy(args), opts=child
        )
        function = self._function(name, args, data)
        aws.iam.RolePolicy(
            f"{name}-no-interfaces",
            name="no-interfaces",
            role=args.identity.role_name,
            policy=function.arn.apply(no_interfaces_policy),
            opts=child,
        )
        alias = aws.lambda_.Alias(
            f"{name}-live",
            name=LIVE,
            description="What the gateway calls",
            function_name=function.name,
            function_version=function.version,
            opts=child,
        )
        self.function_name, self.alias_name, self.invoke_arn = function.name, alias.name, alias.invoke_arn
        self.register_outputs({"function_name": self.function_name})

    def _function(self, name: str, args: FunctionArgs, data: aws.iam.RolePolicy) -> aws.lambda_.Function:
        settings, own = args.settings, args.settings.functions[args.function]
        variables = {**settings.environment, "TABLE_NAME": args.storage.table_name, "EFS_DIR": MOUNT_PATH}
        return aws.lambda_.Function(
            f"{name}-function",
            name=args.naming.name(args.function),
            role=args.identity.role_arn,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler=handler_of(args.function),
            code=archive_of(args.function),
            memory_size=own.memory_mb,
            timeout=own.timeout_s,
            reserved_concurrent_executions=own.concurrency,
            ephemeral_storage={"size": settings.tmp_mb},
            environment={"variables": variables},
            kms_key_arn=args.key_arn,
            vpc_config={"subnet_ids": args.network.subnet_ids, "security_group_ids": [args.network.function_group_id]},
            file_system_config={"arn": args.storage.access_point_arns[args.function], "local_mount_path": MOUNT_PATH},
            logging_config={
                "log_format": "JSON",
                "log_group": args.identity.log_group_name,
                "application_log_level": "INFO",
                "system_log_level": "WARN",
            },
            tracing_config={"mode": "Active"},
            publish=True,
            # Lambda holds its network interfaces for some 20 minutes after a function is gone. Parted from our
            # security groups they no longer hold up the deletion of those.
            replace_security_groups_on_destroy=True,
            replacement_security_group_ids=[args.network.default_group_id],
            tags=args.naming.tags(args.function),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.network, args.identity, args.storage, data]),
        )


def _data_policy(args: FunctionArgs) -> pulumi.Output[str]:
    table_actions, mount_actions, partitions = ACCESS[args.function]
    access_point_arn = args.storage.access_point_arns[args.function]
    return pulumi.Output.all(args.storage.table_arn, args.storage.file_system_arn, access_point_arn).apply(
        lambda arns: data_policy(arns[0], table_actions, arns[1], mount_actions, arns[2], partitions=partitions)
    )


def check_concurrency(settings: StackSettings) -> None:
    """Hold the reserved concurrency against the account's limit, where any is reserved. Raises ConfigError."""
    reserved = sum(own.concurrency for own in settings.functions.values() if own.concurrency != UNRESERVED)
    if not reserved:
        return
    limit = int(aws.servicequotas.get_service_quota(service_code="lambda", quota_code=CONCURRENCY_QUOTA).value)
    if reserved > limit - KEPT_UNRESERVED:
        allowed = f"together at most {max(0, limit - KEPT_UNRESERVED)}, the account's {limit} less {KEPT_UNRESERVED}"
        raise ConfigError("commandConcurrency and queryConcurrency", reserved, allowed)
