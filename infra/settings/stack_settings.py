"""All that a stack is configured with: configuration is read here, and nowhere else.

Defaults stand in Pulumi.yaml alone. A value that cannot be used stops the program with one sentence that names the
key, what was got and what is allowed; every rule that needs no cloud is checked here, before anything is registered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from archives.runtimes import ALLOWED, RUNTIMES
from handlers.routes import (
    AUTHORIZER,
    COMMAND,
    MIGRATOR,
    PROJECTOR,
    QUERY,
    RELATIONAL,
    SESSIONS,
    WARMER,
    WORKER,
)
from handlers.settings import SWITCH
from infra.compute.function import UNRESERVED
from infra.naming import SOURCES_TAG, STACK_TAGS, Naming
from infra.settings.api_settings import ApiSettings, read_api
from infra.settings.backup_settings import BackupSettings, read_backup
from infra.settings.database_settings import DatabaseSettings, read_database
from infra.settings.delivery_settings import DeliverySettings, read_delivery
from infra.settings.edge_settings import EdgeSettings, read_edge
from infra.settings.network_settings import NetworkSettings, read_network
from infra.settings.projection_settings import ProjectionSettings, read_projection
from infra.settings.rollout_settings import RolloutSettings, read_rollout
from infra.settings.watch_settings import WatchSettings, read_watch
from infra.settings.work_settings import WorkSettings, read_work
from infra.typed_config import ConfigError, TypedConfig

STAGES = ("dev", "prod", "local")
STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,23}")
# Append (8 s), build (16) and copy have to fit in, and a read on the ledger (8); the gateway gives up after 30. The
# others have as long as Lambda gives; of the relational function's reads the database ends each that is slow.
TIMEOUT_S = {COMMAND: (26, 29), QUERY: (10, 29), PROJECTOR: (60, 900), WORKER: (60, 900), RELATIONAL: (60, 900)}
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400),
    *(545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
OWN_TAGS = (*STACK_TAGS, SOURCES_TAG)
# Two for the queue, two for its dead letters, one for the stream: what Lambda takes from them and finds no sandbox for
# would count as failed.
LEAST_WORKERS = 5
MOST_BAKE_S = 600  # where a function's build watches it
MOST_TAGS = 50 - len(OWN_TAGS)
TAG = r"(?!aws:)[\w .:/+@-]{1,128}=[\w .:/=+@-]{0,256}"


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """The size of one function; `concurrency` is what is reserved for it, -1 = nothing."""

    memory_mb: int
    timeout_s: int
    concurrency: int


# Its work is a handshake and a wait for each sandbox; two of it at once would only wake the same ones.
WARMER_SIZE = FunctionSettings(memory_mb=1024, timeout_s=60, concurrency=1)
# The gateway waits 10 s for an authorizer (source: Amazon API Gateway developer guide, "Quotas for configuring and
# running an HTTP API"). A call of either is a secret that is mostly known already and a few items.
GUARD_SIZE = FunctionSettings(memory_mb=512, timeout_s=10, concurrency=UNRESERVED)
# It waits for the relational function, which has as long as Lambda gives to set the database up.
MIGRATOR_SIZE = FunctionSettings(memory_mb=256, timeout_s=900, concurrency=UNRESERVED)


@dataclass(frozen=True, kw_only=True)
class TableSettings:
    """The ledger's name, and the most units a second of the table and of its index."""

    name: str
    max_reads: int
    max_writes: int


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """Everything that differs between stacks."""

    naming: Naming
    allowed_account_ids: Sequence[str]
    permissions_boundary: str | None
    protect: bool
    own_key: bool
    backup: BackupSettings
    tracing: bool
    log_days: int
    runtime: str
    network: NetworkSettings
    table: TableSettings
    functions: Mapping[str, FunctionSettings]
    tmp_mb: int
    environment: Mapping[str, str]
    projection: ProjectionSettings
    work: WorkSettings
    database: DatabaseSettings
    rollout: RolloutSettings
    api: ApiSettings
    edge: EdgeSettings
    watch: WatchSettings
    delivery: DeliverySettings


def read_settings() -> StackSettings:
    """Return the stack's settings. Raises ConfigError for the first value that cannot be used."""
    config = TypedConfig(pulumi.get_project())
    region = TypedConfig("aws").text("region", "an AWS region such as us-east-1", {*aws.Region}.__contains__)
    naming, projection, watch = _naming(config), read_projection(config), read_watch(config)
    work, api = read_work(config, projection), read_api(config, region)
    edge, network = read_edge(config, api), read_network(config)
    database = read_database(config, network, region)
    boundary = _permissions_boundary(config)
    delivery = read_delivery(config, boundary)
    return StackSettings(
        naming=naming,
        allowed_account_ids=config.texts("allowedAccountIds", r"[0-9]{12}", "account ids of 12 digits"),
        permissions_boundary=boundary,
        protect=config.flag("protect"),
        own_key=config.choice("kms", "aws", "cmk") == "cmk",
        backup=read_backup(config),
        tracing=config.flag("tracing"),
        log_days=_log_days(config),
        runtime=config.text("runtime", ALLOWED, RUNTIMES.__contains__),
        network=network,
        table=_table(config, naming),
        functions={
            **_functions(config, projection.warm_sandboxes, work),
            **_guards(api, edge),
            **_relational(config, database),
        },
        tmp_mb=config.integer("tmpMb", 512, 10240),
        environment={
            **_environment(config),
            **projection.environment(),
            **watch.environment(),
            **work.environment(),
            **api.environment(),
            **edge.environment(),
            **database.environment(),
        },
        projection=projection,
        work=work,
        database=database,
        rollout=_rollout(config, delivery),
        api=api,
        edge=edge,
        watch=watch,
        delivery=delivery,
    )


def _rollout(config: TypedConfig, delivery: DeliverySettings) -> RolloutSettings:
    rollout = read_rollout(config)
    if delivery.pipelines and rollout.is_canary and rollout.bake_s > MOST_BAKE_S:
        allowed = f"{MOST_BAKE_S} at most with delivery codepipeline, whose builds AWS ends after 15 minutes"
        raise config.fail("rolloutBakeS", rollout.bake_s, allowed)
    return rollout


def _naming(config: TypedConfig) -> Naming:
    stack = pulumi.get_stack()
    if not STACK_NAME.fullmatch(stack):
        raise ConfigError("the stack's name", stack, "1 to 24 of a-z, 0-9 and -, beginning with a letter")
    return Naming(
        project=pulumi.get_project(), stack=stack, stage=config.choice("stage", *STAGES), owner_tags=_tags(config)
    )


def _tags(config: TypedConfig) -> dict[str, str]:
    texts = config.texts("tags", TAG, "tags such as Team=data")
    tags = dict(text.split("=", 1) for text in texts)
    if len(tags) < len(texts) or len(tags) > MOST_TAGS or tags.keys() & {*OWN_TAGS}:
        allowed = f"at most {MOST_TAGS} tags such as Team=data, each key once, none of {', '.join(OWN_TAGS)}"
        raise config.fail("tags", list(texts), allowed)
    return tags


def _permissions_boundary(config: TypedConfig) -> str | None:
    pattern = r"arn:aws[\w-]*:iam::([0-9]{12}|aws):policy/\S+"
    return config.matching("permissionsBoundary", pattern, "the ARN of an IAM policy") or None


def _log_days(config: TypedConfig) -> int:
    days = config.integer("logRetentionDays", RETENTION_DAYS[0], RETENTION_DAYS[-1])
    if days not in RETENTION_DAYS:
        raise config.fail("logRetentionDays", days, "one of " + ", ".join(map(str, RETENTION_DAYS)))
    return days


def _table(config: TypedConfig, naming: Naming) -> TableSettings:
    given = config.matching("tableName", r"[A-Za-z0-9_.-]{3,255}", "a table's name of 3 to 255 letters, digits and _.-")
    return TableSettings(
        name=given or naming.name("ledger"),
        max_reads=config.integer("tableMaxReads", 1, 10**9),
        max_writes=config.integer("tableMaxWrites", 1, 10**9),
    )


def _functions(config: TypedConfig, warm_sandboxes: int, work: WorkSettings) -> dict[str, FunctionSettings]:
    """Return the size of each function; worker and warmer are there only where they have something to do."""
    functions = {function: _function(config, function) for function in (COMMAND, QUERY, PROJECTOR)}
    worker = _function(config, WORKER)
    if work.jobs and 0 < worker.concurrency < LEAST_WORKERS:
        raise config.fail("workerConcurrency", worker.concurrency, f"-1, 0, or {LEAST_WORKERS} and more with jobs")
    if work.needs_the_worker():
        functions[WORKER] = worker
    if not warm_sandboxes:
        return functions
    if functions[QUERY].concurrency != UNRESERVED and warm_sandboxes > functions[QUERY].concurrency:
        raise config.fail("warmSandboxes", warm_sandboxes, "no more than queryConcurrency reserves")
    return {**functions, WARMER: WARMER_SIZE}


def _guards(api: ApiSettings, edge: EdgeSettings) -> dict[str, FunctionSettings]:
    """Return the size of each function that guards the reads; those that nobody asks are not there."""
    has_sessions = api.callers.use_sessions()
    are_there = {SESSIONS: has_sessions, AUTHORIZER: has_sessions or edge.has_key}
    return {function: GUARD_SIZE for function, is_there in are_there.items() if is_there}


def _relational(config: TypedConfig, database: DatabaseSettings) -> dict[str, FunctionSettings]:
    """Return the size of each function of the database's, where there is one."""
    relational = _function(config, RELATIONAL)
    return {RELATIONAL: relational, MIGRATOR: MIGRATOR_SIZE} if database.is_there else {}


def _function(config: TypedConfig, function: str) -> FunctionSettings:
    return FunctionSettings(
        memory_mb=config.integer(f"{function}MemoryMb", 256, 10240),
        timeout_s=config.integer(f"{function}TimeoutS", *TIMEOUT_S[function]),
        concurrency=config.integer(f"{function}Concurrency", 0, 10**6, UNRESERVED),
    )


def _environment(config: TypedConfig) -> dict[str, str]:
    """Return the functions' own settings; they check the values again."""
    return {
        "CHECK_INTERVAL_MS": str(config.integer("checkIntervalMs", 0, 3_600_000)),
        "RETAIN_S": str(config.integer("retainSeconds", 60, 30 * 24 * 3600)),
        "SQL": config.choice("sql", *SWITCH),
        "VERIFY_MAX_BYTES": str(config.integer("verifyMaxBytes", 0, 2**40)),
    }
