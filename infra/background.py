"""From settings to what works without a request: the projector's stream, the warmer, and the schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pulumi

from handlers.routes import COMMAND, PROJECTOR, QUERY, RELATIONAL, WARMER, WORKER
from infra.compute.function import FunctionComponent
from infra.compute.identity import IdentityComponent
from infra.data.storage import StorageComponent
from infra.gateway.event import gateway_event
from infra.jobs.projection import Follower, ProjectionArgs, ProjectionComponent, Stream
from infra.jobs.schedules import ScheduledCall, SchedulesArgs, SchedulesComponent
from infra.settings.stack_settings import StackSettings
from infra.stack import KeyArn, function_args

WARM_MINUTES = 5  # an idle sandbox lives some minutes longer
LAG_MINUTES = 5
SWEEP_MINUTES = 60
FEED_MINUTES = 60
# A lost wake-up is made good by the next.
WARM_AGE_S = 60


def make_projection(
    settings: StackSettings,
    function: FunctionComponent,
    identity: IdentityComponent,
    storage: StorageComponent,
    key_arn: KeyArn,
) -> ProjectionComponent:
    """Make the queue of failures and, where the settings say so, let the projector follow the table's stream."""
    stream = Stream(arn=storage.table.stream_arn, table_arn=storage.table.arn, window_s=settings.projection.window_s)
    return ProjectionComponent(
        "projection",
        ProjectionArgs(
            naming=settings.naming,
            follower=Follower.from_function(function, identity),
            stream=stream if settings.projection.follows_the_stream() else None,
            key_arn=key_arn,
        ),
    )


def make_warmer(
    settings: StackSettings, identity: IdentityComponent, query: FunctionComponent, key_arn: KeyArn
) -> FunctionComponent:
    """Make the function that keeps sandboxes warm. It is outside the network, from which nothing can call Lambda."""
    environment = {"FUNCTION_ARN": query.alias.arn, "SANDBOXES": str(settings.projection.warm_sandboxes)}
    args = function_args(settings, WARMER, identity, environment, key_arn)
    return FunctionComponent(WARMER, replace(args, invokes=[query.alias.arn]))


def make_schedules(
    settings: StackSettings,
    functions: Mapping[str, FunctionComponent],
    projection: ProjectionComponent,
    key_arn: KeyArn,
) -> SchedulesComponent:
    """Make the clock."""
    aliases = {name: component.alias.arn for name, component in functions.items()}
    return SchedulesComponent(
        "schedules",
        SchedulesArgs(
            naming=settings.naming,
            calls=_calls(settings, aliases),
            queue_arn=projection.queue.arn,
            key_arn=key_arn,
            permissions_boundary=settings.permissions_boundary,
        ),
    )


def _calls(settings: StackSettings, aliases: Mapping[str, pulumi.Input[str]]) -> dict[str, ScheduledCall]:
    calls = {
        f"keep-{function}": _keep(function, aliases[function], gateway_event(f"/{function}/health"))
        for function in (COMMAND, QUERY)
    }
    if settings.watch.asks_for_lag():
        calls[f"keep-{COMMAND}"] = _ask_for_lag(aliases[COMMAND])
    if minutes := settings.projection.maintenance_minutes:
        calls["maintain"] = ScheduledCall(
            description="Publish what is not, compact, sweep, verify",
            alias_arn=aliases[PROJECTOR],
            every=f"{minutes} minutes",
            event={"task": "maintain"},
        )
    else:
        calls[f"keep-{PROJECTOR}"] = _keep(PROJECTOR, aliases[PROJECTOR], {"task": "verify", "level": "quick"})
    if settings.work.jobs:
        calls["sweep"] = ScheduledCall(
            description="Find jobs that nobody goes on with",
            alias_arn=aliases[WORKER],
            every=f"{SWEEP_MINUTES} minutes",
            event={"task": "sweep"},
        )
    if settings.work.lake:
        calls["lake"] = ScheduledCall(
            description="Write what is new into the data lake",
            alias_arn=aliases[WORKER],
            every=f"{settings.work.lake_minutes} minutes",
            event={"task": "lake"},
        )
    if RELATIONAL in aliases:
        calls["feed"] = ScheduledCall(
            description="Feed PostgreSQL what it lacks, drop what is superseded, prove it",
            alias_arn=aliases[RELATIONAL],
            every=f"{FEED_MINUTES} minutes",
            event={"task": "maintain"},
        )
    if WARMER in aliases:
        calls["warm"] = ScheduledCall(
            description="Keep sandboxes of the query function warm",
            alias_arn=aliases[WARMER],
            every=f"{WARM_MINUTES} minutes",
            event={},
            retries=0,
            age_s=WARM_AGE_S,
        )
    return calls


def _ask_for_lag(alias_arn: pulumi.Input[str]) -> ScheduledCall:
    """Ask the command function how far the snapshots are behind: its answer is what the alarm for lag looks at."""
    return ScheduledCall(
        description="Tell how far the snapshots are behind",
        alias_arn=alias_arn,
        every=f"{LAG_MINUTES} minutes",
        event=gateway_event(f"/{COMMAND}/health"),
    )


def _keep(function: str, alias_arn: pulumi.Input[str], event: Mapping[str, object]) -> ScheduledCall:
    """Ask a function for little, once a day: AWS takes the network interfaces of one that is idle for 14."""
    return ScheduledCall(
        description=f"Keep the {function} function's network interfaces",
        alias_arn=alias_arn,
        every="24 hours",
        event=event,
    )
