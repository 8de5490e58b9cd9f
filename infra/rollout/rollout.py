"""The state machine that rolls a version of a function out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.machines.machine import MachineArgs, make_machine
from infra.naming import Naming
from infra.rollout.calls import TrialCall
from infra.rollout.definition import Canary, definition_of
from infra.rollout.rights import rollout_policy

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
        self._args = args
        machine = MachineArgs(
            naming=args.naming,
            part=PART,
            description="The rollout of new versions",
            definition=self._definition(),
            policy=self._policy(),
            log_days=args.log_days,
            logs_data=True,
            tracing=args.tracing,
            key_arn=args.key_arn,
            permissions_boundary=args.permissions_boundary,
        )
        self.machine, self.role, self.log_group = make_machine(self, name, machine)
        self.register_outputs({"machine_arn": self.machine.arn})

    def _policy(self) -> pulumi.Output[str]:
        args, account = self._args, account_of(self)

        def text(known: Mapping[str, Sequence[str]]) -> str:
            alarms = [account.arn("cloudwatch", f"alarm:{name}") for name in known["alarms"]]
            return rollout_policy(known["functions"], alarm_arns=alarms, tracing=args.tracing)

        functions = [function.arn for function in args.functions]
        return pulumi.Output.all(functions=functions, alarms=args.alarms).apply(text)

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
