"""The components by themselves, as another program uses them: any arguments, any name, any parent, any provider."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from handlers.routes import (
    AUTHORIZER,
    COMMAND,
    FUNCTIONS,
    MIGRATOR,
    PROJECTOR,
    QUERY,
    RELATIONAL,
    SESSIONS,
    WARMER,
    WORKER,
    gateway_routes,
)
from infra.account import Account
from infra.compute.function import DataAccess, FunctionArgs, FunctionComponent, NetworkPlace
from infra.compute.identity import IdentityArgs, IdentityComponent
from infra.compute.jobs import JobsArgs, JobsComponent
from infra.data.backup import BackupArgs, BackupComponent
from infra.data.bucket import BucketArgs
from infra.data.lake import LakeArgs, LakeComponent
from infra.data.queue import QueueArgs
from infra.data.secret import SecretArgs
from infra.data.sessions import SessionsArgs, SessionsComponent
from infra.data.sessions_rights import lookup_policy, secrets_policy, sessions_policy
from infra.data.storage import StorageArgs, StorageComponent
from infra.database.database import DatabaseArgs, DatabaseComponent
from infra.database.groups import DatabaseGroups, DatabaseGroupsArgs, DatabaseGroupsComponent
from infra.database.proxy import ProxyArgs, ProxyComponent
from infra.database.rights import call_policy, connect_policy, feed_policy, master_policy, user_arn
from infra.edge.distribution import EdgeArgs, EdgeComponent, EdgeDomain
from infra.edge.key import EdgeKeyArgs, EdgeKeyComponent
from infra.foundation.existing_network import ExistingNetworkArgs, ExistingNetworkComponent
from infra.foundation.flow_logs import FlowLogs
from infra.foundation.key import KeyArgs, KeyComponent
from infra.foundation.network import NetworkArgs, NetworkComponent
from infra.gateway.api import ApiArgs, ApiComponent
from infra.gateway.callers import IAM, JWT, NONE, SESSION, Callers
from infra.gateway.domain import Domain
from infra.gateway.target import Target
from infra.jobs.feed import FeedArgs, FeedComponent
from infra.jobs.projection import Follower, ProjectionArgs, ProjectionComponent, Stream
from infra.jobs.schedules import ScheduledCall, SchedulesArgs, SchedulesComponent
from infra.jobs.work import ORDERS, Followed, WorkArgs, WorkComponent
from infra.jobs.worker_rights import worker_table_policy
from infra.naming import Naming
from infra.rebuild.rebuild import RebuildArgs, RebuildComponent
from infra.rollout.calls import calls_of
from infra.rollout.rollout import RolledFunction, RolloutArgs, RolloutComponent
from infra.stack import ACCESS
from infra.watch.alarms import AlarmRule, AlarmsArgs, AlarmsComponent
from infra.watch.budget import BudgetArgs, BudgetComponent
from infra.watch.dashboard import DashboardArgs, DashboardComponent
from infra.watch.metric import of_queue
from infra.watch.topic import TopicArgs, TopicComponent
from tests.infra import contract
from tests.infra.graph import Graph, graph_of

CIDR = ipaddress.IPv4Network("10.0.0.0/24")
ACCOUNT = Account(partition="aws", region="us-east-1", account_id="123456789012")
CODE = pulumi.AssetArchive({"index.py": pulumi.StringAsset("handler = None")})
CALLERS = Callers(
    read_auth=JWT,
    jwt_issuer="https://issuer.example.com",
    jwt_audience=("readers",),
    cors_origins=("https://example.com",),
)
EDGE_DOMAIN = EdgeDomain(name="data.example.com", certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/2")
PAGE = Path(__file__).parents[2] / "README.md"  # any file that a page may have
DOMAIN = Domain(name="api.example.com", certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/1")
ONLY_DOMAIN = dataclasses.replace(DOMAIN, is_only=True)
ALL_ARGS = (
    *(KeyArgs, NetworkArgs, ExistingNetworkArgs, IdentityArgs, StorageArgs, DataAccess, FunctionArgs, ApiArgs),
    *(ProjectionArgs, SchedulesArgs, TopicArgs, AlarmsArgs, DashboardArgs, BudgetArgs, BackupArgs, RolloutArgs),
    *(BucketArgs, QueueArgs, JobsArgs, WorkArgs, LakeArgs, RebuildArgs, SecretArgs, EdgeKeyArgs, EdgeArgs),
    *(SessionsArgs, DatabaseArgs, DatabaseGroupsArgs, ProxyArgs, FeedArgs, NetworkPlace),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """The differences between two uses of the components."""

    prefix: str = ""
    own_key: bool = True
    own_network: bool = True
    flow_logs: bool = True
    protect: bool = False
    backup_days: int | None = 7
    backup_files: bool = True
    tracing: bool = True
    cidr: ipaddress.IPv4Network = CIDR
    zones: int = 2
    concurrency: int = -1
    memory_mb: int = 512
    callers: Callers = CALLERS
    domain: Domain | None = DOMAIN
    window_s: int | None = 1
    metrics: bool = True
    jobs: bool = True
    has_firewall: bool = True
    worker_timeout_s: int = 60
    has_proxy: bool = True
    has_figures: bool = True


def build(case: Case, opts: pulumi.ResourceOptions | None = None) -> None:
    """All components, by arguments alone, under names that begin with the prefix."""
    naming = Naming(project="shop", stack=f"{case.prefix}test", stage="dev")
    key_arn = (
        KeyComponent(
            f"{case.prefix}key",
            KeyArgs(
                naming=naming, protect=case.protect, announces=True, imports_part="imports", edge_logs_part="edge-logs"
            ),
            opts,
        ).key.arn
        if case.own_key
        else None
    )
    network = build_network(case, naming, key_arn, opts)
    identities = {
        name: IdentityComponent(
            f"{case.prefix}{name}-identity",
            IdentityArgs(
                naming=naming,
                function=name,
                log_days=14,
                in_network=name in (*ACCESS, RELATIONAL),
                tracing=case.tracing,
                key_arn=key_arn,
                stores=["s3"] if name == WORKER else [],
            ),
            opts,
        )
        for name in FUNCTIONS
    }
    storage = StorageComponent(
        f"{case.prefix}storage",
        StorageArgs(
            naming=naming,
            table_name=naming.name("ledger"),
            max_reads=10,
            max_writes=10,
            subnet_ids=network.subnet_ids,
            security_group_id=network.file_system_group_id,
            writer_role_arns=[identities[COMMAND].role.arn, identities[PROJECTOR].role.arn],
            reader_role_arns=[identities[QUERY].role.arn],
            protect=case.protect,
            key_arn=key_arn,
        ),
        opts,
    )
    if case.backup_days:
        BackupComponent(
            f"{case.prefix}backup",
            BackupArgs(
                naming=naming,
                table_arn=storage.table.arn,
                file_system_arn=storage.file_system.arn if case.backup_files else None,
                days=case.backup_days,
                protect=case.protect,
                key_arn=key_arn,
            ),
            opts,
        )
    access = SessionsComponent(
        f"{case.prefix}access", SessionsArgs(naming=naming, protect=case.protect, key_arn=key_arn), opts
    )
    groups, database = build_database(case, naming, network, key_arn, opts)
    rights = {WORKER: worker_rights(storage), **guard_rights(access), **database_rights(database, storage)}
    points = {COMMAND: storage.writer, QUERY: storage.reader, PROJECTOR: storage.writer}
    functions: dict[str, FunctionComponent] = {}
    for name, identity in identities.items():
        subnet_ids = list(network.subnet_ids.values())
        beside_the_data = (
            DataAccess(
                subnet_ids=subnet_ids,
                security_group_ids=[network.function_group_id],
                access=ACCESS[name],
                table_arn=storage.table.arn,
                file_system_arn=storage.file_system.arn,
                access_point_arn=points[name].arn,
            )
            if name in points
            else None
        )
        beside_the_database = NetworkPlace(subnet_ids=subnet_ids, security_group_ids=[groups.relational])
        functions[name] = FunctionComponent(
            f"{case.prefix}{name}",
            FunctionArgs(
                naming=naming,
                function=name,
                code=CODE,
                handler="index.handler",
                sources="0123456789abcdef",
                runtime="python3.13",
                environment={"TABLE_NAME": storage.table.name},
                role_name=identity.role.name,
                role_arn=identity.role.arn,
                log_group_name=identity.log_group.name,
                place=beside_the_database if name == RELATIONAL else beside_the_data,
                invokes=[functions[QUERY].alias.arn] if name == WARMER else (),
                rights=rights.get(name, {}),
                memory_mb=case.memory_mb,
                timeout_s=case.worker_timeout_s,
                tmp_mb=512,
                concurrency=case.concurrency,
                tracing=case.tracing,
                moves_alias=name not in calls_of(),
                key_arn=key_arn,
                ready=(network, identity, storage),
            ),
            opts,
        )
    targets = {
        name: Target(
            function_name=functions[name].function.name,
            alias_name=functions[name].alias.name,
            invoke_arn=functions[name].alias.invoke_arn,
        )
        for name in (COMMAND, QUERY, SESSIONS, AUTHORIZER, RELATIONAL)
    }
    api = ApiComponent(
        f"{case.prefix}api",
        ApiArgs(
            naming=naming,
            targets=targets,
            routes=gateway_routes(has_sessions=case.callers.use_sessions(), has_postgres=True),
            callers=case.callers,
            authorizer=targets[AUTHORIZER],
            rate=10,
            burst=10,
            log_days=14,
            domain=case.domain,
            key_arn=key_arn,
        ),
        opts,
    )
    projector = functions[PROJECTOR]
    followed = Stream(arn=storage.table.stream_arn, table_arn=storage.table.arn, window_s=case.window_s or 0)
    projection = ProjectionComponent(
        f"{case.prefix}projection",
        ProjectionArgs(
            naming=naming,
            follower=Follower.from_function(projector, identities[PROJECTOR]),
            stream=None if case.window_s is None else followed,
            key_arn=key_arn,
        ),
        opts,
    )
    FeedComponent(
        f"{case.prefix}feed",
        FeedArgs(
            naming=naming,
            follower=Follower.from_function(functions[RELATIONAL], identities[RELATIONAL]),
            stream=followed,
            queue_arn=projection.queue.arn,
            key_arn=key_arn,
        ),
        opts,
    )
    call = ScheduledCall(
        description="Upkeep", alias_arn=projector.alias.arn, every="7 minutes", event={"task": "maintain"}
    )
    SchedulesComponent(
        f"{case.prefix}schedules",
        SchedulesArgs(naming=naming, calls={"maintain": call}, queue_arn=projection.queue.arn, key_arn=key_arn),
        opts,
    )
    topic = TopicComponent(
        f"{case.prefix}topic",
        TopicArgs(naming=naming, part="alarms", emails=["ops@example.com"], key_arn=key_arn),
        opts,
    )
    rule = AlarmRule(description="Not empty", metrics={"messages": of_queue("Messages", projection.queue.name)})
    alarms = AlarmsComponent(
        f"{case.prefix}alarms", AlarmsArgs(naming=naming, rules={"queue": rule}, topic_arn=topic.topic.arn), opts
    )
    DashboardComponent(
        f"{case.prefix}dashboard",
        DashboardArgs(
            naming=naming,
            functions={name: function.function.name for name, function in functions.items()},
            query_memory_mb=case.memory_mb,
            metrics=case.metrics,
            api_id=api.api.id,
            table_name=storage.table.name,
            file_system_id=storage.file_system.id,
            queue_name=projection.queue.name,
            database=database.instance.identifier,
            alarm_arns=[alarm.arn for alarm in alarms.alarms.values()],
        ),
        opts,
    )
    BudgetComponent(f"{case.prefix}budget", BudgetArgs(naming=naming, usd=1, topic_arns=[topic.topic.arn]), opts)
    build_rollout(case, naming, functions, key_arn, opts)
    build_edge(case, naming, api, key_arn, opts)
    build_work(case, naming, opts, worker=functions[WORKER], storage=storage, projection=projection, key_arn=key_arn)
    LakeComponent(
        f"{case.prefix}lake",
        LakeArgs(naming=naming, columns=[("seq", "bigint")], protect=case.protect, key_arn=key_arn),
        opts,
    )
    RebuildComponent(
        f"{case.prefix}rebuild",
        RebuildArgs(naming=naming, projector_arn=projector.alias.arn, timeout_s=60, log_days=14, key_arn=key_arn),
        opts,
    )


def build_edge(
    case: Case,
    naming: Naming,
    api: ApiComponent,
    key_arn: pulumi.Output[str] | None,
    opts: pulumi.ResourceOptions | None,
) -> None:
    key = EdgeKeyComponent(f"{case.prefix}edge-key", EdgeKeyArgs(naming=naming, key_arn=key_arn), opts)
    args = EdgeArgs(
        naming=naming,
        api_url=api.url,
        edge_key=key.value,
        files={"dashboard/index.html": PAGE},
        domain=EDGE_DOMAIN if case.domain else None,
        rate_limit=100 if case.has_firewall else None,
        log_days=30 if case.has_firewall else None,
        key_arn=key_arn,
    )
    EdgeComponent(f"{case.prefix}edge", args, opts)


def guard_rights(access: SessionsComponent) -> dict[str, dict[str, pulumi.Output[str]]]:
    secrets = pulumi.Output.all(access.secret.arn).apply(secrets_policy)
    return {
        SESSIONS: {"table": access.table.arn.apply(sessions_policy), "secrets": secrets},
        AUTHORIZER: {"table": access.table.arn.apply(lookup_policy), "secrets": secrets},
    }


def database_rights(database: DatabaseComponent, storage: StorageComponent) -> dict[str, dict[str, pulumi.Output[str]]]:
    def connect(resource_id: str) -> str:
        return connect_policy([user_arn(ACCOUNT, resource_id, "reader")])

    def feed(table_arn: str) -> str:
        return feed_policy(table_arn, ["notes"])

    call = pulumi.Output.from_input(call_policy("arn:aws:lambda:us-east-1:123456789012:function:shop-relational"))
    return {
        RELATIONAL: {"connect": database.instance.resource_id.apply(connect), "table": storage.table.arn.apply(feed)},
        MIGRATOR: {"master": database.secret_arn.apply(master_policy), "call": call},
    }


def build_database(
    case: Case,
    naming: Naming,
    network: NetworkComponent | ExistingNetworkComponent,
    key_arn: pulumi.Output[str] | None,
    opts: pulumi.ResourceOptions | None,
) -> tuple[DatabaseGroups, DatabaseComponent]:
    assert network.prefix_list_id is not None
    groups = DatabaseGroupsComponent(
        f"{case.prefix}database-groups",
        DatabaseGroupsArgs(
            naming=naming,
            vpc_id=network.vpc_id,
            dynamodb_prefix_list_id=network.prefix_list_id,
            has_proxy=case.has_proxy,
        ),
        opts,
    ).ids
    subnet_ids = list(network.subnet_ids.values())
    database = DatabaseComponent(
        f"{case.prefix}database",
        DatabaseArgs(
            naming=naming,
            subnet_ids=subnet_ids,
            security_group_id=groups.database,
            instance_class="db.t4g.micro",
            storage_gb=20,
            multi_az=case.protect,
            backup_days=1,
            has_figures=case.has_figures,
            log_days=14,
            protect=case.protect,
            key_arn=key_arn,
        ),
        opts,
    )
    if groups.proxy is not None:
        ProxyComponent(
            f"{case.prefix}database-proxy",
            ProxyArgs(
                naming=naming,
                subnet_ids=subnet_ids,
                security_group_id=groups.proxy,
                identifier=database.instance.identifier,
                resource_id=database.instance.resource_id,
                user="reader",
                log_days=14,
                key_arn=key_arn,
            ),
            opts,
        )
    return groups, database


def worker_rights(storage: StorageComponent) -> dict[str, pulumi.Output[str]]:
    def policy(arn: str) -> str:
        return worker_table_policy(arn, appends=True)

    return {"table": storage.table.arn.apply(policy)}


def build_work(
    case: Case,
    naming: Naming,
    opts: pulumi.ResourceOptions | None,
    *,
    worker: FunctionComponent,
    storage: StorageComponent,
    projection: ProjectionComponent,
    key_arn: pulumi.Output[str] | None,
) -> None:
    place = JobsComponent(
        f"{case.prefix}jobs",
        JobsArgs(
            naming=naming,
            timeout_s=case.worker_timeout_s,
            put_origins=case.callers.cors_origins,
            key_arn=key_arn,
        ),
        opts,
    )
    WorkComponent(
        f"{case.prefix}work",
        WorkArgs(
            naming=naming,
            alias_arn=worker.alias.arn,
            role_name=naming.name(WORKER),
            stream=Followed(arn=storage.table.stream_arn, table_arn=storage.table.arn, patterns=[ORDERS]),
            failures_arn=projection.queue.arn,
            queue_arn=place.queue.arn if case.jobs else None,
            dead_letters_arn=place.dead_letters.arn if case.jobs else None,
        ),
        opts,
    )


def build_rollout(
    case: Case,
    naming: Naming,
    functions: Mapping[str, FunctionComponent],
    key_arn: pulumi.Output[str] | None,
    opts: pulumi.ResourceOptions | None,
) -> None:
    tested = [
        RolledFunction(name=functions[name].function.name, arn=functions[name].function.arn, calls=calls)
        for name, calls in calls_of().items()
    ]
    args = RolloutArgs(
        naming=naming,
        functions=tested,
        percent=10,
        bake_s=15,
        log_days=14,
        alarms=["any"],
        tracing=case.tracing,
        key_arn=key_arn,
    )
    RolloutComponent(f"{case.prefix}rollout", args, opts)


def build_network(
    case: Case, naming: Naming, key_arn: pulumi.Output[str] | None, opts: pulumi.ResourceOptions | None
) -> NetworkComponent | ExistingNetworkComponent:
    name, tables = f"{case.prefix}network", [naming.name("ledger")]
    if not case.own_network:
        subnet_ids = {str(number): f"subnet-{number}" for number in range(case.zones)}
        args = ExistingNetworkArgs(naming=naming, vpc_id="vpc-1", subnet_ids=subnet_ids)
        return ExistingNetworkComponent(name, args, opts)
    flow_logs = FlowLogs(retention_days=14, key_arn=key_arn) if case.flow_logs else None
    args = NetworkArgs(naming=naming, cidr=case.cidr, zones=case.zones, tables=tables, flow_logs=flow_logs)
    return NetworkComponent(name, args, opts)


def broken(seen: Graph) -> list[str]:
    """Broken rules, without the one that knows the key's name in the whole program."""
    rule = contract.with_a_key_of_its_own_everything_uses_it.__name__
    return [sentence for sentence in contract.violations(seen) if not sentence.startswith(rule)]


def test_two_of_each_live_side_by_side() -> None:
    def both() -> None:
        build(Case(prefix="one-"))
        build(Case(prefix="two-"))

    seen = graph_of(both)
    assert broken(seen) == []
    assert len(seen.nodes) == 2 * len(graph_of(lambda: build(Case())).nodes)
    names = [(node.type, node.inputs["name"]) for node in seen.nodes if node.is_custom and "name" in node.inputs]
    of_its_parent = (
        "runtime",
        "key",
        "data",
        "no-interfaces",
        "live",
        "$default",
        "jwt",
        "session",
        "edge",
        "secrets",
        "invoke",
        "projection",
        "feed",
        "connect",
        "master",
        "call",
        "figures",
        "copy",
        "restore",
        "table",
        "files",
        "rollout",
        "rebuild",
        "ledger",
        "work",
    )
    fixed = [pair for pair in names if pair[1] not in of_its_parent]
    assert len(fixed) == len(set(fixed))


def test_components_live_inside_others() -> None:
    class Outer(pulumi.ComponentResource):
        """Holds all of them."""

        def __init__(self) -> None:
            super().__init__("test:index:Outer", "outer")
            build(Case(), opts=pulumi.ResourceOptions(parent=self))
            self.register_outputs({})

    seen = graph_of(Outer)
    outer = seen.one("Outer")
    assert {node.parent for node in seen.nodes if not node.is_custom and node is not outer} == {outer.urn}
    assert broken(seen) == []


@pytest.mark.parametrize("own_network", [True, False])
def test_everything_made_and_asked_for_goes_through_the_provider_that_a_component_was_given(own_network: bool) -> None:
    def elsewhere() -> None:
        provider = aws.Provider("elsewhere", region="eu-west-1")
        build(Case(own_network=own_network), opts=pulumi.ResourceOptions(provider=provider))

    seen = graph_of(elsewhere)
    made = {node.options.get("provider", "") for node in seen.nodes if node.is_custom and node.type[:4] == "aws:"}
    asked = {lookup.provider for lookup in seen.lookups}
    assert seen.lookups
    assert len(made) == 1
    assert made == asked
    assert "::elsewhere::" in made.pop()


@st.composite
def any_case(draw: st.DrawFn) -> Case:
    """Any arguments that make sense."""
    address, prefix = draw(st.integers(0x0A000000, 0x0AFFFFFF)), draw(st.integers(16, 26))
    auth = draw(st.tuples(st.sampled_from([IAM, JWT]), st.sampled_from([NONE, IAM, JWT, SESSION])))
    return Case(
        own_key=draw(st.booleans()),
        own_network=draw(st.booleans()),
        has_proxy=draw(st.booleans()),
        has_figures=draw(st.booleans()),
        flow_logs=draw(st.booleans()),
        protect=draw(st.booleans()),
        backup_days=draw(st.none() | st.integers(1, 90)),
        backup_files=draw(st.booleans()),
        tracing=draw(st.booleans()),
        cidr=ipaddress.IPv4Network((address, prefix), strict=False),
        zones=draw(st.integers(2, 3)),
        concurrency=draw(st.integers(-1, 900)),
        memory_mb=draw(st.integers(256, 10240)),
        callers=dataclasses.replace(
            CALLERS,
            write_auth=auth[0],
            read_auth=auth[1],
            jwt_write_scopes=draw(st.sampled_from([(), ("write",)])),
            cors_origins=draw(st.sampled_from([(), ("https://example.com",)])),
            has_edge=draw(st.booleans()),
        ),
        domain=draw(st.sampled_from([None, DOMAIN, ONLY_DOMAIN])),
        window_s=draw(st.none() | st.integers(0, 300)),
        metrics=draw(st.booleans()),
        jobs=draw(st.booleans()),
        has_firewall=draw(st.booleans()),
        worker_timeout_s=draw(st.integers(60, 900)),
    )


@hypothesis_settings(max_examples=5, deadline=None)
@given(any_case())
def test_any_arguments_keep_the_contract(case: Case) -> None:
    seen = graph_of(lambda: build(case))
    assert broken(seen) == []
    assert len(seen.of("MountTarget")) == case.zones
    asked = [node for node in seen.of("Authorizer") if node.inputs["authorizerType"] == "REQUEST"]
    assert len(seen.of("Permission")) == len(seen.of("Route")) + len(asked)
    assert len(seen.of("EventSourceMapping")) == 1 + (case.window_s is not None) + (3 if case.jobs else 1)
    assert len(seen.of("BucketCorsConfiguration")) == bool(case.callers.cors_origins)
    assert len(seen.of("WebAcl")) == len(seen.of("LogDelivery")) == case.has_firewall


def test_tokens_are_those_that_the_state_of_every_stack_holds() -> None:
    kinds = (
        *("Network", "Storage", "Function", "Api", "Identity", "Key", "Projection", "Schedules"),
        *("Topic", "Alarms", "Dashboard", "Budget", "Backup", "Rollout"),
        *("Jobs", "Work", "Lake", "Rebuild", "EdgeKey", "Edge", "Sessions"),
        *("DatabaseGroups", "Database", "Proxy", "Feed"),
    )
    for own_network, parts in ((True, kinds), (False, ("ExistingNetwork", *kinds[1:]))):
        seen = graph_of(lambda own=own_network: build(Case(own_network=own)))
        types = {node.type for node in seen.nodes if not node.is_custom}
        assert types == {f"lambdasqlite:index:{part}Component" for part in parts}


@pytest.mark.parametrize("args", ALL_ARGS, ids=lambda args: args.__name__)
def test_arguments_name_what_is_needed_and_neither_settings_nor_another_component(args: Any) -> None:
    kinds = {field.name: str(field.type) for field in dataclasses.fields(args)}
    assert not [name for name, kind in kinds.items() if "Settings" in kind or "Component" in kind]


def storage_in(subnet_ids: dict[str, str]) -> Callable[[], object]:
    args = StorageArgs(
        naming=Naming(project="shop", stack="test", stage="dev"),
        table_name="rows",
        max_reads=1,
        max_writes=1,
        subnet_ids=subnet_ids,
        security_group_id="sg-1",
        writer_role_arns=["arn:writer"],
        reader_role_arns=["arn:reader"],
    )
    return lambda: StorageComponent("storage", args)


def test_another_order_of_subnets_moves_no_mount_target() -> None:
    orders = ({"a": "subnet-1", "b": "subnet-2"}, {"b": "subnet-2", "a": "subnet-1"})
    there = [graph_of(storage_in(subnet_ids)) for subnet_ids in orders]
    mounts = [{(node.urn, node.inputs["subnetId"]) for node in seen.of("MountTarget")} for seen in there]
    assert mounts[0] == mounts[1]


def test_a_program_reaches_the_resources_inside() -> None:
    """Each component has them as attributes, so that another program can lean on them or change them."""

    def extended() -> None:
        naming = Naming(project="shop", stack="test", stage="dev")
        args = NetworkArgs(naming=naming, cidr=CIDR, zones=2, tables=["orders-*"])
        network = NetworkComponent("network", args)
        aws.ec2.VpcEndpoint("s3", vpc_id=network.vpc.id, service_name="s3", route_table_ids=[network.route_table.id])

    seen = graph_of(extended)
    assert seen.one("VpcEndpoint", "s3").inputs["routeTableIds"] == ["network-routes-id"]
    resources = contract.statements(seen.one("VpcEndpoint", "network-dynamodb"))[0]["Resource"]
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders-*"
    assert resources == [arn, f"{arn}/index/*"]
