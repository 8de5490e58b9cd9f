"""From settings to the work that nobody waits for: jobs, the data lake, notifications, and the worker that does it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi

from handlers.model.column import ModelError
from handlers.routes import PROJECTOR, WORKER
from infra.compute.function import FunctionComponent
from infra.compute.identity import IdentityComponent
from infra.compute.jobs import IMPORTS, JobsArgs, JobsComponent
from infra.data.lake import PAGES, LakeArgs, LakeComponent
from infra.data.lake_columns import lake_columns
from infra.data.storage import StorageComponent
from infra.jobs.projection import ProjectionComponent
from infra.jobs.work import (
    DEAD_LETTERS,
    ENDED_JOBS,
    NEW_EVENTS,
    ORDERS,
    QUEUE,
    STREAM,
    Followed,
    WorkArgs,
    WorkComponent,
)
from infra.jobs.worker_rights import jobs_policy, lake_policy, notifications_policy, worker_table_policy
from infra.rebuild.rebuild import RebuildArgs, RebuildComponent
from infra.settings.stack_settings import StackSettings
from infra.stack import KeyArn, function_args, make_identity
from infra.watch.topic import TopicArgs, TopicComponent

# Outputs by the worker's event sources.
MAPPINGS = {STREAM: "worker_stream_mapping", QUEUE: "jobs_mapping", DEAD_LETTERS: "dead_letters_mapping"}


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """All that the worker works with; each is there where its setting is."""

    jobs: JobsComponent | None
    lake: LakeComponent | None
    topic: TopicComponent | None


def make_workplace(settings: StackSettings, key_arn: KeyArn) -> Workplace:
    """Make the places of jobs, pages and notifications."""
    return Workplace(
        jobs=_jobs(settings, key_arn) if settings.work.jobs else None,
        lake=_lake(settings, key_arn) if settings.work.lake else None,
        topic=_topic(settings, key_arn) if settings.work.notifications else None,
    )


def _jobs(settings: StackSettings, key_arn: KeyArn) -> JobsComponent:
    return JobsComponent(
        "jobs",
        JobsArgs(
            naming=settings.naming,
            timeout_s=settings.functions[WORKER].timeout_s,
            put_origins=settings.api.callers.cors_origins,
            key_arn=key_arn,
        ),
    )


def _lake(settings: StackSettings, key_arn: KeyArn) -> LakeComponent:
    try:
        columns = lake_columns()
    except ModelError as error:
        raise pulumi.RunError(f"lake: {error}") from error
    args = LakeArgs(naming=settings.naming, columns=columns, protect=settings.protect, key_arn=key_arn)
    return LakeComponent("lake", args)


def _topic(settings: StackSettings, key_arn: KeyArn) -> TopicComponent:
    work = settings.work
    return TopicComponent(
        "notifications",
        TopicArgs(
            naming=settings.naming,
            part="notifications",
            emails=work.emails,
            queue_arns=work.queue_arns,
            key_arn=key_arn,
        ),
    )


def make_rebuild(settings: StackSettings, projector: FunctionComponent, key_arn: KeyArn) -> RebuildComponent | None:
    """Make the state machine that makes all segments anew; it is a job, and so there where jobs are."""
    if not settings.work.jobs:
        return None
    return RebuildComponent(
        "rebuild",
        RebuildArgs(
            naming=settings.naming,
            projector_arn=projector.alias.arn,
            timeout_s=settings.functions[PROJECTOR].timeout_s,
            log_days=settings.log_days,
            tracing=settings.tracing,
            key_arn=key_arn,
            permissions_boundary=settings.permissions_boundary,
        ),
    )


def make_worker_identity(settings: StackSettings, key_arn: KeyArn) -> IdentityComponent:
    """Make the worker's role and log group. Beside the table's, it uses the key of whatever it works with."""
    work = settings.work
    stores = {"s3": work.jobs or work.lake, "sns": work.notifications, "sqs": work.follows_the_stream()}
    used = [store for store, is_used in stores.items() if is_used]
    return make_identity(settings, WORKER, key_arn, in_network=False, stores=used)


def make_worker(
    settings: StackSettings,
    identity: IdentityComponent,
    *,
    storage: StorageComponent,
    workplace: Workplace,
    rebuild: RebuildComponent | None,
    key_arn: KeyArn,
) -> FunctionComponent:
    """Make the worker. It is outside the network, where S3, SQS, SNS and Step Functions are reached for nothing."""
    environment = {**settings.environment, "TABLE_NAME": storage.table.name, **_places(workplace, rebuild)}
    args = function_args(settings, WORKER, identity, environment, key_arn)
    return FunctionComponent(WORKER, replace(args, rights=_rights(storage, workplace, rebuild)))


def _places(workplace: Workplace, rebuild: RebuildComponent | None) -> dict[str, pulumi.Output[str]]:
    """Return the variables that say where the worker finds what."""
    places: dict[str, pulumi.Output[str]] = {}
    if jobs := workplace.jobs:
        places |= {"JOBS_BUCKET": jobs.bucket.bucket, "JOBS_QUEUE_URL": jobs.queue.url}
        places["DEAD_LETTERS_ARN"] = jobs.dead_letters.arn
    if rebuild:
        places["REBUILD_MACHINE_ARN"] = rebuild.machine.arn
    if workplace.lake:
        places["LAKE_BUCKET"] = workplace.lake.bucket.bucket
    if workplace.topic:
        places["TOPIC_ARN"] = workplace.topic.topic.arn
    return places


def _rights(
    storage: StorageComponent, workplace: Workplace, rebuild: RebuildComponent | None
) -> dict[str, pulumi.Output[str]]:
    """Return the documents of what the worker may do, by what it is for."""
    jobs, lake, topic = workplace.jobs, workplace.lake, workplace.topic
    rights: dict[str, pulumi.Output[str]] = {}
    if jobs or lake:
        rights["table"] = storage.table.arn.apply(lambda arn: worker_table_policy(arn, appends=jobs is not None))
    if jobs and rebuild:
        arns = pulumi.Output.all(bucket=jobs.bucket.arn, queue=jobs.queue.arn, machine=rebuild.machine.arn)
        rights["jobs"] = arns.apply(
            lambda of: jobs_policy(of["bucket"], IMPORTS, queue_arn=of["queue"], machine_arn=of["machine"])
        )
    if lake:
        rights["lake"] = lake.bucket.arn.apply(lambda arn: lake_policy(arn, PAGES))
    if topic:
        rights["notifications"] = topic.topic.arn.apply(notifications_policy)
    return rights


def make_work(
    settings: StackSettings,
    worker: FunctionComponent,
    identity: IdentityComponent,
    *,
    storage: StorageComponent,
    workplace: Workplace,
    projection: ProjectionComponent,
) -> WorkComponent | None:
    """Make the worker's event sources; the clock is another, and all that the lake needs."""
    work, jobs = settings.work, workplace.jobs
    if not work.follows_the_stream():
        return None
    patterns = [*([ORDERS] if jobs else []), *([NEW_EVENTS] if work.notifications else [])]
    if jobs and work.notifications:
        patterns.append(ENDED_JOBS)
    return WorkComponent(
        "work",
        WorkArgs(
            naming=settings.naming,
            alias_arn=worker.alias.arn,
            role_name=identity.role.name,
            stream=Followed(arn=storage.table.stream_arn, table_arn=storage.table.arn, patterns=patterns),
            failures_arn=projection.queue.arn,
            queue_arn=jobs.queue.arn if jobs else None,
            dead_letters_arn=jobs.dead_letters.arn if jobs else None,
        ),
    )


def export_work(
    workplace: Workplace, worker: FunctionComponent, rebuild: RebuildComponent | None, work: WorkComponent | None
) -> None:
    """Export where the work is done, and what Lambda calls the worker's places on its queues and the stream."""
    pulumi.export("worker_function", worker.function.name)
    for source, mapping in work.mappings.items() if work else ():
        pulumi.export(MAPPINGS[source], mapping.id)
    if jobs := workplace.jobs:
        pulumi.export("imports_bucket", jobs.bucket.bucket)
        pulumi.export("jobs_queue_url", jobs.queue.url)
        pulumi.export("dead_letters_url", jobs.dead_letters.url)
    if rebuild:
        pulumi.export("rebuild_machine_arn", rebuild.machine.arn)
    if lake := workplace.lake:
        pulumi.export("lake_bucket", lake.bucket.bucket)
        pulumi.export("lake_database", lake.database.name)
        pulumi.export("athena_workgroup", lake.workgroup.name)
    if workplace.topic:
        pulumi.export("topic_arn", workplace.topic.topic.arn)
