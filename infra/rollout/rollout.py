"""The state machine that rolls a version of a function out, its role and its log.

It holds names and version numbers and no data of anybody, so AWS's own key encrypts its definition and history. Its log
is encrypted as all logs of the stack are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.naming import Naming
from infra.rollout.calls import TrialCall
from infra.rollout.definition import Canary, definition_of
from infra.rollout.rights import rollout_policy, rollout_trust

PART = "rollout"


@dataclass(frozen=True, kw_only=True)
class RolledFunction:
    """A function with an alias `live`, and the calls that test a version of it."""

    name: pulumi.Input[str]
    arn: pulumi.Input[str]
    calls: Sequence[TrialCall]


@dataclass(frozen=True, kw_only=True)
class RolloutArgs:
    """The functions, and how a new version of one gets its calls.

    Args:
        alarms: names of CloudWatch alarms that turn a version back when they begin to ring.
        percent: the share of calls that it gets at first.
        bake_s: how long it is watched with that share.
        own_metrics: whether the functions tell CloudWatch of their errors.
        key_arn: encrypts the log; without it AWS manages the key.
    """

    naming: Naming
    functions: Sequence[RolledFunction]
    percent: int
    bake_s: int
    log_days: pulumi.Input[int]
    alarms: Sequence[pulumi.Input[str]] = ()
    own_metrics: bool = False
    tracing: bool = False
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


class RolloutComponent(pulumi.ComponentResource):
    """The state machine. An execution rolls one version of one function out; `console rollout` starts them."""

    machine: aws.sfn.StateMachine
    role: aws.iam.Role
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: RolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:RolloutComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.log_group = self._log_group()
        self.role = self._role()
        self.machine = self._machine(self._rights())
        self.register_outputs({"machine_arn": self.machine.arn})

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=self._args.naming.vended_log_group(PART),
            retention_in_days=self._args.log_days,
            kms_key_id=self._args.key_arn,
            tags=self._args.naming.tags(PART),
            opts=self._child,
        )

    def _role(self) -> aws.iam.Role:
        name = self._args.naming.name(PART)
        return aws.iam.Role(
            f"{self._name}-role",
            name=name,
            description="The rollout of new versions",
            assume_role_policy=rollout_trust(account_of(self), name),
            permissions_boundary=self._args.permissions_boundary,
            tags=self._args.naming.tags(PART),
            opts=self._child,
        )

    def _rights(self) -> aws.iam.RolePolicy:
        args, account = self._args, account_of(self)

        def policy(known: Mapping[str, Sequence[str]]) -> str:
            alarms = [account.arn("cloudwatch", f"alarm:{name}") for name in known["alarms"]]
            return rollout_policy(known["functions"], alarm_arns=alarms, tracing=args.tracing)

        functions = [function.arn for function in args.functions]
        return aws.iam.RolePolicy(
            f"{self._name}-rights",
            name="rollout",
            role=self.role.name,
            policy=pulumi.Output.all(functions=functions, alarms=args.alarms).apply(policy),
            opts=self._child,
        )

    def _machine(self, rights: aws.iam.RolePolicy) -> aws.sfn.StateMachine:
        """Make the machine once its role may deliver logs, which AWS tries out. Failures alone are logged."""
        return aws.sfn.StateMachine(
            f"{self._name}-machine",
            name=self._args.naming.name(PART),
            type="STANDARD",
            role_arn=self.role.arn,
            definition=self._definition(),
            logging_configuration={
                "level": "ERROR",
                "include_execution_data": True,
                "log_destination": pulumi.Output.concat(self.log_group.arn, ":*"),
            },
            tracing_configuration={"enabled": self._args.tracing},
            tags=self._args.naming.tags(PART),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )

    def _definition(self) -> pulumi.Output[str]:
        args = self._args
        tests, partition = [function.calls for function in args.functions], account_of(self).partition

        def text(known: Mapping[str, Sequence[str]]) -> str:
            calls = dict(zip(known["names"], tests, strict=True))
            canary = Canary(
                calls=calls,
                alarms=known["alarms"],
                percent=args.percent,
                bake_s=args.bake_s,
                own_metrics=args.own_metrics,
                partition=partition,
            )
            return json.dumps(definition_of(canary))

        return pulumi.Output.all(names=[function.name for function in args.functions], alarms=args.alarms).apply(text)
