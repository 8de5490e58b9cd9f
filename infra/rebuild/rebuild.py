"""The state machine that makes all segments anew: its role may call the projector's alias, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.machines.machine import MachineArgs, make_machine
from infra.machines.rights import machine_policy
from infra.naming import Naming
from infra.policies import allow
from infra.rebuild.definition import RebuildPlan, definition_of

PART = "rebuild"


@dataclass(frozen=True, kw_only=True)
class RebuildArgs:
    """The function that does the work, and where the machine tells of what fails.

    Args:
        projector_arn: of the projector's alias.
        timeout_s: the projector's own limit of a call.
        key_arn: encrypts the log; without it AWS manages the key.
    """

    naming: Naming
    projector_arn: pulumi.Input[str]
    timeout_s: int
    log_days: pulumi.Input[int]
    tracing: bool = False
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


class RebuildComponent(pulumi.ComponentResource):
    """The state machine. An execution does one job; the worker starts them."""

    machine: aws.sfn.StateMachine
    role: aws.iam.Role
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: RebuildArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:RebuildComponent", name, None, opts)
        partition = account_of(self).partition

        def definition(function_arn: str) -> str:
            plan = RebuildPlan(function_arn=function_arn, timeout_s=args.timeout_s, partition=partition)
            return json.dumps(definition_of(plan))

        def policy(function_arn: str) -> str:
            return machine_policy([allow("Steps", ["lambda:InvokeFunction"], [function_arn])], tracing=args.tracing)

        projector_arn = pulumi.Output.from_input(args.projector_arn)
        machine = MachineArgs(
            naming=args.naming,
            part=PART,
            description="The rebuild of all segments",
            definition=projector_arn.apply(definition),
            policy=projector_arn.apply(policy),
            log_days=args.log_days,
            logs_data=False,
            tracing=args.tracing,
            key_arn=args.key_arn,
            permissions_boundary=args.permissions_boundary,
        )
        self.machine, self.role, self.log_group = make_machine(self, name, machine)
        self.register_outputs({"machine_arn": self.machine.arn})
