"""From settings to PostgreSQL: the database with its proxy, the function that reads and feeds it, and its set-up.

The migrator is outside the network, from which nothing can reach Secrets Manager. It sets the database up each time
that the relational function or a migration changes, by the new code and before any caller is led to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from handlers.aws.table import VERIFICATION
from handlers.routes import MIGRATOR, RELATIONAL
from infra.account import account_of
from infra.compute.function import UNRESERVED, FunctionComponent, NetworkPlace
from infra.compute.identity import IdentityComponent
from infra.data.storage import StorageComponent
from infra.database.database import DATABASE, MOST_CONNECTIONS, DatabaseArgs, DatabaseComponent
from infra.database.groups import DatabaseGroups, DatabaseGroupsArgs, DatabaseGroupsComponent
from infra.database.proxy import ProxyArgs, ProxyComponent
from infra.database.rights import call_policy, connect_policy, feed_policy, master_policy, proxy_id, user_arn
from infra.jobs.feed import FeedArgs, FeedComponent
from infra.jobs.projection import Follower, ProjectionComponent, Stream
from infra.settings.stack_settings import StackSettings
from infra.stack import AnyNetwork, KeyArn, function_args, make_identity, sources_of

USER = "relational"  # by whom the function logs in, and who owns its tables
FED = (VERIFICATION,)  # partitions of the ledger's table that the function writes into
THREE_READERS = (
    "postgres: the projector, the worker and the relational function all follow the table's stream, and DynamoDB "
    "promises two readers of it their full pace; projection sync, or neither jobs nor notifications, leaves two"
)

UNCAPPED = (
    f"postgres: the database takes {MOST_CONNECTIONS} connections, and each sandbox of the relational function holds "
    "one; relationalConcurrency caps them for nothing, postgresProxy shares them"
)


@dataclass(frozen=True, kw_only=True)
class Relation:
    """The database and its proxy, the function's group, and what has to stand before anybody comes."""

    database: DatabaseComponent
    proxy: ProxyComponent | None
    group_id: pulumi.Input[str]
    ready: Sequence[pulumi.Resource]

    def url(self) -> pulumi.Output[str]:
        """Return the database's address for the function's user, past the proxy; there is no secret in it."""
        instance = self.database.instance
        return pulumi.Output.concat("postgresql://", USER, "@", instance.endpoint, "/", DATABASE)


def make_relation(settings: StackSettings, network: AnyNetwork, key_arn: KeyArn) -> Relation | None:
    """Make the database, its groups and its proxy; nothing where the settings ask for none."""
    if not settings.database.is_there:
        return None
    if not settings.database.has_proxy and settings.functions[RELATIONAL].concurrency == UNRESERVED:
        pulumi.log.warn(UNCAPPED)
    groups, made = _groups(settings, network)
    database = _database(settings, network, groups, key_arn)
    proxy = _proxy(settings, network, groups, database, key_arn) if groups.proxy is not None else None
    parts = [part for part in (network, made, database, proxy) if part]
    return Relation(database=database, proxy=proxy, group_id=groups.relational, ready=parts)


def _groups(settings: StackSettings, network: AnyNetwork) -> tuple[DatabaseGroups, DatabaseGroupsComponent | None]:
    """Make the groups; in a network whose groups are there already, the functions' and the database's are named."""
    given, has_proxy = settings.database.group_id, settings.database.has_proxy
    if network.prefix_list_id is None:
        groups = DatabaseGroups(
            relational=network.function_group_id, database=given, proxy=given if has_proxy else None
        )
        return groups, None
    made = DatabaseGroupsComponent(
        "database-groups",
        DatabaseGroupsArgs(
            naming=settings.naming,
            vpc_id=network.vpc_id,
            dynamodb_prefix_list_id=network.prefix_list_id,
            has_proxy=has_proxy,
        ),
    )
    return made.ids, made


def _database(
    settings: StackSettings, network: AnyNetwork, groups: DatabaseGroups, key_arn: KeyArn
) -> DatabaseComponent:
    return DatabaseComponent(
        "database",
        DatabaseArgs(
            naming=settings.naming,
            subnet_ids=list(network.subnet_ids.values()),
            security_group_id=groups.database,
            instance_class=settings.database.instance_class,
            storage_gb=settings.database.storage_gb,
            multi_az=settings.database.multi_az,
            backup_days=settings.database.backup_days,
            has_figures=settings.watch.alarms,
            log_days=settings.log_days,
            protect=settings.protect,
            key_arn=key_arn,
            permissions_boundary=settings.permissions_boundary,
        ),
    )


def _proxy(
    settings: StackSettings,
    network: AnyNetwork,
    groups: DatabaseGroups,
    database: DatabaseComponent,
    key_arn: KeyArn,
) -> ProxyComponent:
    return ProxyComponent(
        "database-proxy",
        ProxyArgs(
            naming=settings.naming,
            subnet_ids=list(network.subnet_ids.values()),
            security_group_id=groups.proxy or "",
            identifier=database.instance.identifier,
            resource_id=database.instance.resource_id,
            user=USER,
            log_days=settings.log_days,
            key_arn=key_arn,
            permissions_boundary=settings.permissions_boundary,
        ),
    )


def make_migrator_identity(settings: StackSettings, key_arn: KeyArn) -> IdentityComponent:
    """Make the role and the log group of the function that reads the master user's secret."""
    return make_identity(settings, MIGRATOR, key_arn, in_network=False, stores=["secretsmanager"])


def make_migrator(
    settings: StackSettings, identity: IdentityComponent, relation: Relation, key_arn: KeyArn
) -> FunctionComponent:
    """Make the function that has the database set up. It comes before the other, whose name it knows."""
    relational, secret_arn = settings.naming.name(RELATIONAL), relation.database.secret_arn
    call = call_policy(account_of().arn("lambda", f"function:{relational}"))
    environment = {"MASTER_SECRET_ARN": secret_arn, "RELATIONAL_FUNCTION": relational}
    rights = {"master": secret_arn.apply(master_policy), "call": pulumi.Output.from_input(call)}
    args = function_args(settings, MIGRATOR, identity, environment, key_arn)
    return FunctionComponent(MIGRATOR, replace(args, rights=rights))


def make_relational(
    settings: StackSettings,
    identity: IdentityComponent,
    *,
    network: AnyNetwork,
    storage: StorageComponent,
    relation: Relation,
    migrator: FunctionComponent,
    key_arn: KeyArn,
) -> FunctionComponent:
    """Make the function that reads and feeds PostgreSQL; its alias moves once the database is set up for it."""

    def set_up(function: aws.lambda_.Function) -> list[pulumi.Resource]:
        return [_set_up(function, migrator, relation)]

    proxy = relation.proxy
    environment: dict[str, pulumi.Input[str]] = {
        **settings.environment,
        "TABLE_NAME": storage.table.name,
        "DATABASE_URL": relation.url(),
        **({"DATABASE_PROXY": proxy.proxy.endpoint} if proxy else {}),
    }
    args = replace(
        function_args(settings, RELATIONAL, identity, environment, key_arn),
        place=NetworkPlace(subnet_ids=list(network.subnet_ids.values()), security_group_ids=[relation.group_id]),
        rights=_rights(storage, relation),
        moves_alias=not settings.rollout.is_canary,
        has_fleeting_calls=False,  # its tasks leave their failures in the queue
        before_live=set_up,
        ready=(identity, storage, *relation.ready),
    )
    return FunctionComponent(RELATIONAL, args)


def _rights(storage: StorageComponent, relation: Relation) -> dict[str, pulumi.Output[str]]:
    """Return the documents of what the function may do: log in as one user, and read the ledger."""
    account, proxy = account_of(), relation.proxy
    ids = [relation.database.instance.resource_id, *([proxy.proxy.arn.apply(proxy_id)] if proxy else [])]
    return {
        "connect": pulumi.Output.all(*ids).apply(
            lambda ids: connect_policy([user_arn(account, resource_id, USER) for resource_id in ids])
        ),
        "table": storage.table.arn.apply(lambda arn: feed_policy(arn, FED)),
    }


def _set_up(function: aws.lambda_.Function, migrator: FunctionComponent, relation: Relation) -> pulumi.Resource:
    """Have the new code set the database up; where that fails, the deployment does, and callers keep the old code."""
    return aws.lambda_.Invocation(
        f"{MIGRATOR}-setup",
        function_name=migrator.function.name,
        input="{}",
        triggers={
            RELATIONAL: sources_of(RELATIONAL),
            MIGRATOR: sources_of(MIGRATOR),
            "database": relation.database.instance.resource_id,
        },
        opts=pulumi.ResourceOptions(parent=migrator, depends_on=[function]),
    )


def make_feed(
    settings: StackSettings,
    function: FunctionComponent,
    identity: IdentityComponent,
    *,
    storage: StorageComponent,
    projection: ProjectionComponent,
    key_arn: KeyArn,
) -> FeedComponent:
    """Let the function follow the table's stream, whoever else does."""
    if settings.projection.follows_the_stream() and settings.work.follows_the_stream():
        pulumi.log.warn(THREE_READERS)
    stream = Stream(arn=storage.table.stream_arn, table_arn=storage.table.arn, window_s=settings.projection.window_s)
    return FeedComponent(
        "feed",
        FeedArgs(
            naming=settings.naming,
            follower=Follower.from_function(function, identity),
            stream=stream,
            queue_arn=projection.queue.arn,
            key_arn=key_arn,
        ),
    )


def export_relation(relation: Relation, functions: Mapping[str, FunctionComponent], feed: FeedComponent) -> None:
    """Export where the database is, whose secret sets it up, and the names of its functions."""
    pulumi.export("database_endpoint", relation.database.instance.endpoint)
    pulumi.export("database_secret_arn", relation.database.secret_arn)
    if relation.proxy:
        pulumi.export("database_proxy", relation.proxy.proxy.endpoint)
    pulumi.export("relational_stream_mapping", feed.mapping.id)
    for name in (RELATIONAL, MIGRATOR):
        pulumi.export(f"{name}_function", functions[name].function.name)
