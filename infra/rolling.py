"""From settings to the way that new versions take to the callers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from infra.compute.function import FunctionComponent
from infra.rollout.calls import calls_of
from infra.rollout.rollout import RolledFunction, RolloutArgs, RolloutComponent
from infra.settings.stack_settings import StackSettings

COUNTED_S = 180  # CloudWatch's numbers come a minute or two late
TOO_SHORT = f"rollout: alarms ring too late for rolloutBakeS; from {COUNTED_S} on they turn a new version back"


def make_rollout(
    settings: StackSettings,
    functions: Mapping[str, FunctionComponent],
    key_arn: pulumi.Output[str] | None,
    alarms: Sequence[pulumi.Input[str]] = (),
) -> RolloutComponent | None:
    """Make the state machine where the settings ask for a canary.

    Args:
        functions: all of the stack. The warmer is called by the clock alone: there is nothing to take a share of.
        alarms: names of alarms that turn a new version back.
    """
    if not settings.rollout.is_canary:
        return None
    if alarms and settings.rollout.bake_s < COUNTED_S:
        pulumi.log.info(TOO_SHORT)
    tests = calls_of()
    return RolloutComponent(
        "rollout",
        RolloutArgs(
            naming=settings.naming,
            functions=[
                RolledFunction(name=functions[name].function.name, arn=functions[name].function.arn, calls=calls)
                for name, calls in tests.items()
                if name in functions
            ],
            percent=settings.rollout.percent,
            bake_s=settings.rollout.bake_s,
            log_days=settings.log_days,
            alarms=alarms,
            own_metrics=settings.watch.metrics,
            tracing=settings.tracing,
            key_arn=key_arn,
            permissions_boundary=settings.permissions_boundary,
        ),
    )
