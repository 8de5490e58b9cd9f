"""From settings to components: which setting goes into which argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi

from handlers.aws.table import BENCHMARKS, EVENTS, JOBS, VERIFICATION
from handlers.routes import AUTHORIZER, COMMAND, PROJECTOR, QUERY, RELATIONAL, SESSIONS, gateway_routes
from infra.compute.archive import archive_of, handler_of, sources_of
from infra.compute.function import DataAccess, FunctionArgs, FunctionComponent
from infra.compute.identity import IdentityArgs, IdentityComponent
from infra.compute.jobs import IMPORTS, IMPORTS_PART, JobsComponent
from infra.data.backup import BackupArgs, BackupComponent
from infra.data.storage import StorageArgs, StorageComponent
from infra.edge.access_logs import PART as EDGE_LOGS_PART
from infra.foundation.existing_network import ExistingNetworkArgs, ExistingNetworkComponent, GroupIds
from infra.foundation.flow_logs import FlowLogs
from infra.foundation.key import KeyArgs, KeyComponent
from infra.foundation.network import NetworkArgs, NetworkComponent
from infra.gateway.api import ApiArgs, ApiComponent
from infra.gateway.target import Target
from infra.jobs.worker_rights import uploads_policy
from infra.policies import MOUNT, MOUNT_AND_WRITE, TABLE_READS, TABLE_WRITES, Access
from infra.settings.backup_settings import ALL, NONE
from infra.settings.stack_settings import StackSettings
from infra.settings.work_settings import WorkSettings

ACCESS = {
    COMMAND: Access(table_actions=TABLE_WRITES, mount_actions=MOUNT_AND_WRITE),
    QUERY: Access(table_actions=TABLE_READS, mount_actions=MOUNT, partitions=(BENCHMARKS,)),
    PROJECTOR: Access(table_actions=TABLE_READS, mount_actions=MOUNT_AND_WRITE, partitions=(VERIFICATION,)),
}

# Each hour's maintenance finds a cold sandbox, which would hash all that the setting lets it: gigabytes a month.
# Header and meta row are proven all the same, and all bytes of what is merged, and of what replaces a file.
OWN_ENVIRONMENT = {PROJECTOR: {"VERIFY_MAX_BYTES": "0"}}

LEAST_TMP_MB = 512  # that Lambda gives, for functions that keep nothing there

KeyArn = pulumi.Output[str] | None
AnyNetwork = NetworkComponent | ExistingNetworkComponent


def access_of(function: str, work: WorkSettings) -> Access:
    """Return a function's rights on the data: the projector's steps of a rebuild are put down, and what it tells."""
    access = ACCESS[function]
    if function != PROJECTOR:
        return access
    more = [*([JOBS] if work.jobs else []), *([EVENTS] if work.notifications else [])]
    return replace(access, partitions=(*access.partitions, *more))


def make_key(settings: StackSettings) -> KeyArn:
    """Make the stack's own key and return its ARN; nothing where AWS manages the keys."""
    if not settings.own_key:
        return None
    return KeyComponent(
        "key",
        KeyArgs(
            naming=settings.naming,
            protect=settings.protect,
            announces=settings.watch.alarms,
            imports_part=IMPORTS_PART if settings.work.jobs else "",
            edge_logs_part=EDGE_LOGS_PART if settings.edge.is_there else "",
        ),
    ).key.arn


def make_network(settings: StackSettings, key_arn: KeyArn) -> AnyNetwork:
    """Make a network of the stack's own, or find its place in the one that is there already."""
    own = settings.network
    if own.vpc_id:
        return _existing_network(settings)
    flow_logs = FlowLogs(
        retention_days=settings.log_days, key_arn=key_arn, permissions_boundary=settings.permissions_boundary
    )
    return NetworkComponent(
        "network",
        NetworkArgs(
            naming=settings.naming,
            cidr=own.cidr,
            zones=own.zones,
            tables=[settings.table.name],
            flow_logs=flow_logs if own.flow_logs else None,
        ),
    )


def _existing_network(settings: StackSettings) -> ExistingNetworkComponent:
    given = settings.network
    groups = GroupIds(functions=given.function_group_id, files=given.file_system_group_id)
    return ExistingNetworkComponent(
        "network",
        ExistingNetworkArgs(
            naming=settings.naming,
            vpc_id=given.vpc_id,
            subnet_ids={subnet_id: subnet_id for subnet_id in given.subnet_ids},
            groups=groups if given.function_group_id else None,
        ),
    )


def make_identity(
    settings: StackSettings, function: str, key_arn: KeyArn, *, in_network: bool = True, stores: Sequence[str] = ()
) -> IdentityComponent:
    """Make a function's role and log group.

    Args:
        in_network: whether the function gets network interfaces.
        stores: the services through which it uses the stack's key, beside DynamoDB and Lambda.
    """
    return IdentityComponent(
        f"{function}-identity",
        IdentityArgs(
            naming=settings.naming,
            function=function,
            log_days=settings.log_days,
            in_network=in_network,
            tracing=settings.tracing,
            key_arn=key_arn,
            stores=stores,
            permissions_boundary=settings.permissions_boundary,
        ),
    )


def function_args(
    settings: StackSettings,
    function: str,
    identity: IdentityComponent,
    environment: Mapping[str, pulumi.Input[str]],
    key_arn: KeyArn,
) -> FunctionArgs:
    """Return what every function has: its code, its size, its identity. `replace` adds what is its own."""
    own = settings.functions[function]
    return FunctionArgs(
        naming=settings.naming,
        function=function,
        code=archive_of(function, settings.runtime),
        handler=handler_of(function),
        sources=sources_of(function),
        runtime=settings.runtime,
        environment=environment,
        role_name=identity.role.name,
        role_arn=identity.role.arn,
        log_group_name=identity.log_group.name,
        memory_mb=own.memory_mb,
        timeout_s=own.timeout_s,
        tmp_mb=LEAST_TMP_MB,
        concurrency=own.concurrency,
        tracing=settings.tracing,
        has_fleeting_calls=True,
        key_arn=key_arn,
        ready=(identity,),
    )


def make_storage(
    settings: StackSettings, network: AnyNetwork, identities: Mapping[str, IdentityComponent], key_arn: KeyArn
) -> StorageComponent:
    """Make the table, and the file system with its doors: one to write, one to read."""
    return StorageComponent(
        "storage",
        StorageArgs(
            naming=settings.naming,
            table_name=settings.table.name,
            max_reads=settings.table.max_reads,
            max_writes=settings.table.max_writes,
            subnet_ids=network.subnet_ids,
            security_group_id=network.file_system_group_id,
            writer_role_arns=[identities[function].role.arn for function in (COMMAND, PROJECTOR)],
            reader_role_arns=[identities[QUERY].role.arn],
            protect=settings.protect,
            key_arn=key_arn,
        ),
    )


def make_backup(settings: StackSettings, storage: StorageComponent, key_arn: KeyArn) -> BackupComponent | None:
    """Make daily backups of the table, and of the file system where the settings ask for them, too."""
    if settings.backup.of == NONE:
        return None
    return BackupComponent(
        "backup",
        BackupArgs(
            naming=settings.naming,
            table_arn=storage.table.arn,
            file_system_arn=storage.file_system.arn if settings.backup.of == ALL else None,
            days=settings.backup.days,
            protect=settings.protect,
            key_arn=key_arn,
            permissions_boundary=settings.permissions_boundary,
        ),
    )


def make_function(
    settings: StackSettings,
    function: str,
    *,
    network: AnyNetwork,
    identity: IdentityComponent,
    storage: StorageComponent,
    jobs: JobsComponent | None,
    key_arn: KeyArn,
) -> FunctionComponent:
    """Make a function once its network, its identity and its storage stand.

    With `jobs`, the command function hands out the URLs by which files are sent: a URL carries its own right to put.
    """
    access_points = {COMMAND: storage.writer, QUERY: storage.reader, PROJECTOR: storage.writer}
    uploads = jobs.bucket if jobs and function == COMMAND else None
    environment = {
        **settings.environment,
        **OWN_ENVIRONMENT.get(function, {}),
        "TABLE_NAME": storage.table.name,
        **({"JOBS_BUCKET": uploads.bucket} if uploads else {}),
    }
    args = replace(
        function_args(settings, function, identity, environment, key_arn),
        place=DataAccess(
            subnet_ids=list(network.subnet_ids.values()),
            security_group_ids=[network.function_group_id],
            access=access_of(function, settings.work),
            table_arn=storage.table.arn,
            file_system_arn=storage.file_system.arn,
            access_point_arn=access_points[function].arn,
        ),
        rights={"uploads": uploads.arn.apply(lambda arn: uploads_policy(arn, IMPORTS))} if uploads else {},
        tmp_mb=settings.tmp_mb,
        moves_alias=not settings.rollout.is_canary,
        has_fleeting_calls=function != PROJECTOR,  # whose tasks leave their failures in the queue
        ready=(network, identity, storage),
    )
    return FunctionComponent(function, args)


def make_api(settings: StackSettings, functions: Mapping[str, FunctionComponent], key_arn: KeyArn) -> ApiComponent:
    """Make the gateway in front of the functions that answer requests."""
    targets = {
        name: Target(
            function_name=component.function.name,
            alias_name=component.alias.name,
            invoke_arn=component.alias.invoke_arn,
        )
        for name, component in functions.items()
    }
    return ApiComponent(
        "api",
        ApiArgs(
            naming=settings.naming,
            targets={name: targets[name] for name in (COMMAND, QUERY, SESSIONS, RELATIONAL) if name in targets},
            routes=gateway_routes(
                has_sessions=settings.api.callers.use_sessions(),
                has_postgres=settings.database.is_there,
                provider=settings.database.provider,
            ),
            callers=replace(settings.api.callers, has_edge=settings.edge.is_there),
            authorizer=targets.get(AUTHORIZER),
            rate=settings.api.rate,
            burst=settings.api.burst,
            throttles=settings.api.throttles,
            log_days=settings.log_days,
            domain=settings.api.domain,
            key_arn=key_arn,
        ),
    )
