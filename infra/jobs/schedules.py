"""The clock: schedules that invoke the functions, in a group of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.jobs.rights import schedules_policy, schedules_trust
from infra.naming import Naming


@dataclass(frozen=True, kw_only=True)
class ScheduledCall:
    """A call of an alias at a fixed rate.

    Args:
        every: the rate as EventBridge Scheduler writes it, "60 minutes".
        event: what the function is handed.
        retries, age_s: how often, and for how long, a delivery is tried again.
    """

    description: str
    alias_arn: pulumi.Input[str]
    every: str
    event: Mapping[str, object]
    retries: int = 3
    age_s: int = 3600


@dataclass(frozen=True, kw_only=True)
class SchedulesArgs:
    """The calls by their names, and the queue for those that cannot be delivered; `key_arn` is that queue's key."""

    naming: Naming
    calls: Mapping[str, ScheduledCall]
    queue_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


class SchedulesComponent(pulumi.ComponentResource):
    """A group of schedules, and the role by which they invoke these aliases and nothing else."""

    group: aws.scheduler.ScheduleGroup
    role: aws.iam.Role
    schedules: Mapping[str, aws.scheduler.Schedule]

    def __init__(self, name: str, args: SchedulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:SchedulesComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        part = args.naming.name("schedules")
        self.group = aws.scheduler.ScheduleGroup(
            f"{name}-group", name=part, tags=args.naming.tags("schedules"), opts=self._child
        )
        self.role = self._role(part)
        rights = self._rights()
        ready = pulumi.ResourceOptions(parent=self, depends_on=[rights])
        self.schedules = {part: self._schedule(part, call, ready) for part, call in args.calls.items()}
        self.register_outputs({"group_name": self.group.name})

    def _role(self, role_name: str) -> aws.iam.Role:
        account = account_of(self)
        return aws.iam.Role(
            f"{self._name}-role",
            name=role_name,
            description="The schedules",
            assume_role_policy=self.group.arn.apply(lambda arn: schedules_trust(account, arn)),
            permissions_boundary=self._args.permissions_boundary,
            tags=self._args.naming.tags("schedules"),
            opts=self._child,
        )

    def _rights(self) -> aws.iam.RolePolicy:
        args = self._args
        policy = pulumi.Output.all(
            aliases=[call.alias_arn for call in args.calls.values()], queue=args.queue_arn, key=args.key_arn
        ).apply(lambda arns: schedules_policy(arns["aliases"], arns["queue"], arns["key"]))
        return aws.iam.RolePolicy(
            f"{self._name}-invoke", name="invoke", role=self.role.name, policy=policy, opts=self._child
        )

    def _schedule(self, part: str, call: ScheduledCall, opts: pulumi.ResourceOptions) -> aws.scheduler.Schedule:
        return aws.scheduler.Schedule(
            f"{self._name}-{part}",
            name=self._args.naming.name(part),
            group_name=self.group.name,
            description=call.description,
            schedule_expression=f"rate({call.every})",
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": call.alias_arn,
                "role_arn": self.role.arn,
                "input": json.dumps(call.event),
                "retry_policy": {
                    "maximum_retry_attempts": call.retries,
                    "maximum_event_age_in_seconds": call.age_s,
                },
                "dead_letter_config": {"arn": self._args.queue_arn},
            },
            opts=opts,
        )
