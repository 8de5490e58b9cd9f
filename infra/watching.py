"""From settings to what is seen of the stack: alarms and their topic, the dashboard, the budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from handlers.routes import COMMAND, PROJECTOR, QUERY, RELATIONAL, WORKER
from infra.account import account_of
from infra.compute.function import FunctionComponent
from infra.compute.jobs import JobsComponent
from infra.data.backup import BackupComponent
from infra.data.storage import StorageComponent
from infra.database.database import DatabaseComponent
from infra.gateway.api import ApiComponent
from infra.jobs.projection import ProjectionComponent
from infra.jobs.work import WINDOW_S
from infra.policies import announcers
from infra.rebuild.rebuild import RebuildComponent
from infra.rollout.rollout import PART
from infra.settings.projection_settings import ProjectionSettings
from infra.settings.stack_settings import StackSettings
from infra.watch.alarms import AlarmRule, AlarmsArgs, AlarmsComponent
from infra.watch.budget import BudgetArgs, BudgetComponent
from infra.watch.dashboard import DashboardArgs, DashboardComponent
from infra.watch.data_alarms import (
    backup_rule,
    database_rules,
    files_rules,
    gateway_rules,
    letters_rule,
    queue_rule,
    table_rules,
)
from infra.watch.function_alarms import (
    WatchedFunction,
    function_rules,
    machine_rule,
    own_rules,
    stream_rule,
    worker_rule,
)
from infra.watch.topic import TopicArgs, TopicComponent

KeyArn = pulumi.Output[str] | None

NOBODY = "alarms: alarmEmails is empty, so only whoever subscribes to the output alarm_topic_arn hears of them"
ROLLOUT_FAILED = "A new version was turned back, or its rollout was stopped: nobody else may have seen it"
REBUILD_FAILED = "A rebuild of all segments failed or was stopped: its job says where"
LATE_S = 300  # a snapshot that comes this much later than the settings promise


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The parts of the stack that are watched; the last four are there where their settings are."""

    functions: Mapping[str, FunctionComponent]
    api: ApiComponent
    storage: StorageComponent
    projection: ProjectionComponent
    backup: BackupComponent | None
    jobs: JobsComponent | None
    rebuild: RebuildComponent | None
    database: DatabaseComponent | None


@dataclass(frozen=True, kw_only=True)
class Watch:
    """All that watches; each is there where its setting is."""

    topic: TopicComponent | None
    alarms: AlarmsComponent | None
    dashboard: DashboardComponent | None
    budget: BudgetComponent | None


def make_watch(settings: StackSettings, watched: Watched, key_arn: KeyArn) -> Watch:
    """Make what the settings ask for."""
    topic = _topic(settings, key_arn) if settings.watch.alarms else None
    alarms = _alarms(settings, watched, topic) if topic else None
    return Watch(
        topic=topic,
        alarms=alarms,
        dashboard=_dashboard(settings, watched, alarms) if settings.watch.dashboard else None,
        budget=_budget(settings, topic) if settings.watch.budget_usd else None,
    )


def alarms_of_calls(watch: Watch) -> list[pulumi.Output[str]]:
    """Return the names of the alarms that a bad version of a function soon sets off; none without alarms.

    Those of the duration need three periods of five minutes: they would ring long after the version is live.
    """
    if watch.alarms is None:
        return []
    parts = ["api-failures", "api-failure-rate"]
    parts += [f"{part}-{kind}" for part in (COMMAND, QUERY, PROJECTOR, RELATIONAL) for kind in ("errors", "throttles")]
    return [watch.alarms.alarms[part].name for part in parts if part in watch.alarms.alarms]


def _topic(settings: StackSettings, key_arn: KeyArn) -> TopicComponent:
    if not settings.watch.alarm_emails:
        pulumi.log.info(NOBODY)
    args = TopicArgs(
        naming=settings.naming,
        part="alarms",
        announcers=announcers(account_of(), settings.naming.stack_name()),
        emails=settings.watch.alarm_emails,
        key_arn=key_arn,
    )
    return TopicComponent("topic", args)


def _alarms(settings: StackSettings, watched: Watched, topic: TopicComponent) -> AlarmsComponent:
    args = AlarmsArgs(naming=settings.naming, rules=_rules(settings, watched), topic_arn=topic.topic.arn)
    return AlarmsComponent("alarms", args)


def _rules(settings: StackSettings, watched: Watched) -> dict[str, AlarmRule]:
    names = _lambda_names(watched)
    rules = gateway_rules(watched.api.api.id)
    for part, own in settings.functions.items():
        function = WatchedFunction(name=names[part], timeout_s=own.timeout_s, concurrency=own.concurrency)
        rules |= function_rules(part, function)
    if settings.projection.follows_the_stream():
        rules["stream"] = stream_rule(PROJECTOR, names[PROJECTOR], settings.projection.window_s)
    if settings.work.follows_the_stream():
        rules["worker-stream"] = stream_rule(WORKER, names[WORKER], WINDOW_S)
    if settings.rollout.is_canary:
        rules["rollout"] = machine_rule(_machine_arn(settings), ROLLOUT_FAILED)
    if settings.watch.metrics:
        rules |= own_rules(names[COMMAND], names[PROJECTOR], most_lag_s(settings.projection))
    if settings.watch.metrics and settings.work.needs_the_worker():
        rules["worker-failures"] = worker_rule(names[WORKER])
    if watched.backup:
        rules["backups-failed"] = backup_rule(watched.backup.vault.name)
    if watched.jobs:
        rules["dead-letters"] = letters_rule(watched.jobs.dead_letters.name)
    if watched.rebuild:
        rules["rebuild"] = machine_rule(watched.rebuild.machine.arn, REBUILD_FAILED)
    return {
        **rules,
        **_database_rules(settings, watched),
        "failures": queue_rule(watched.projection.queue.name),
        **table_rules(watched.storage.table.name),
        **files_rules(watched.storage.file_system.id),
    }


def _database_rules(settings: StackSettings, watched: Watched) -> dict[str, AlarmRule]:
    if not watched.database:
        return {}
    name = watched.functions[RELATIONAL].function.name
    return {
        "relational-stream": stream_rule(RELATIONAL, name, settings.projection.window_s),
        **database_rules(watched.database.instance.identifier, settings.database.storage_gb),
    }


def _machine_arn(settings: StackSettings) -> str:
    """Return the ARN of the rollout's state machine, by its name: the machine itself is made of the alarms' names."""
    return account_of().arn("states", f"stateMachine:{settings.naming.name(PART)}")


def most_lag_s(projection: ProjectionSettings) -> int:
    """Return how old a row may be that no snapshot holds: until the projector, or maintenance, is late."""
    promised_s = projection.window_s if projection.follows_the_stream() else projection.maintenance_minutes * 60
    return promised_s + LATE_S


def _lambda_names(watched: Watched) -> dict[str, pulumi.Output[str]]:
    return {part: component.function.name for part, component in watched.functions.items()}


def _dashboard(settings: StackSettings, watched: Watched, alarms: AlarmsComponent | None) -> DashboardComponent:
    return DashboardComponent(
        "dashboard",
        DashboardArgs(
            naming=settings.naming,
            functions=_lambda_names(watched),
            query_memory_mb=settings.functions[QUERY].memory_mb,
            metrics=settings.watch.metrics,
            api_id=watched.api.api.id,
            table_name=watched.storage.table.name,
            file_system_id=watched.storage.file_system.id,
            queue_name=watched.projection.queue.name,
            database=watched.database.instance.identifier if watched.database else None,
            jobs_queue_names=_job_queues(watched.jobs) if watched.jobs else {},
            alarm_arns=[alarm.arn for alarm in alarms.alarms.values()] if alarms else [],
        ),
    )


def _budget(settings: StackSettings, topic: TopicComponent | None) -> BudgetComponent:
    args = BudgetArgs(
        naming=settings.naming,
        usd=settings.watch.budget_usd,
        emails=settings.watch.budget_emails,
        topic_arns=[topic.topic.arn] if topic else [],
    )
    return BudgetComponent("budget", args)


def _job_queues(jobs: JobsComponent) -> dict[str, pulumi.Output[str]]:
    return {"messages": jobs.queue.name, "dead letters": jobs.dead_letters.name}
