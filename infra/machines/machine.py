"""A state machine with its role and its log, as children of the component that it belongs to.

A definition and its history hold names and numbers and no data of anybody, so AWS's own key encrypts them. The log is
encrypted as all logs of the stack are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.machines.rights import machine_trust
from infra.naming import Naming


@dataclass(frozen=True, kw_only=True)
class MachineArgs:
    """A state machine's work, and where it tells of it.

    Args:
        part: its part of the stack's names.
        description: of its role.
        definition: in Amazon States Language.
        policy: its role's rights, those on its log included.
        logs_data: whether the log of what fails holds what the steps were given.
        key_arn: encrypts the log; without it AWS manages the key.
    """

    naming: Naming
    part: str
    description: str
    definition: pulumi.Input[str]
    policy: pulumi.Input[str]
    log_days: pulumi.Input[int]
    logs_data: bool
    tracing: bool
    key_arn: pulumi.Input[str] | None
    permissions_boundary: pulumi.Input[str] | None


class MachineParts(NamedTuple):
    """A state machine, and what was made with it."""

    machine: aws.sfn.StateMachine
    role: aws.iam.Role
    log_group: aws.cloudwatch.LogGroup


def make_machine(parent: pulumi.Resource, name: str, args: MachineArgs) -> MachineParts:
    """Make a state machine once its role may deliver logs, which AWS tries out. Failures alone are logged.

    Args:
        parent: the component.
        name: the component's; what is made has names that begin with it.
    """
    child = pulumi.ResourceOptions(parent=parent)
    log_group = _make_log_group(name, args, child)
    role = _make_role(parent, name, args)
    rights = aws.iam.RolePolicy(f"{name}-rights", name=args.part, role=role.name, policy=args.policy, opts=child)
    machine = aws.sfn.StateMachine(
        f"{name}-machine",
        name=args.naming.name(args.part),
        type="STANDARD",
        role_arn=role.arn,
        definition=args.definition,
        logging_configuration={
            "level": "ERROR",
            "include_execution_data": args.logs_data,
            "log_destination": pulumi.Output.concat(log_group.arn, ":*"),
        },
        tracing_configuration={"enabled": args.tracing},
        tags=args.naming.tags(args.part),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[rights]),
    )
    return MachineParts(machine, role, log_group)


def _make_log_group(name: str, args: MachineArgs, child: pulumi.ResourceOptions) -> aws.cloudwatch.LogGroup:
    return aws.cloudwatch.LogGroup(
        f"{name}-logs",
        name=args.naming.vended_log_group(args.part),
        retention_in_days=args.log_days,
        kms_key_id=args.key_arn,
        tags=args.naming.tags(args.part),
        opts=child,
    )


def _make_role(parent: pulumi.Resource, name: str, args: MachineArgs) -> aws.iam.Role:
    role_name = args.naming.name(args.part)
    return aws.iam.Role(
        f"{name}-role",
        name=role_name,
        description=args.description,
        assume_role_policy=machine_trust(account_of(parent), role_name),
        permissions_boundary=args.permissions_boundary,
        tags=args.naming.tags(args.part),
        opts=pulumi.ResourceOptions(parent=parent),
    )
