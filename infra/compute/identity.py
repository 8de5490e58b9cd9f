"""A function's identity: its role and its log group.

Both come before everything else of a function: the file system's policy names the roles, and the functions may only be
made when that policy stands. So a function's identity is a component of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import key_use_policy, runtime_policy, trust


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """The function's name, how long its logs are kept, and what its role may do.

    Args:
        in_network: whether it gets network interfaces.
        key_arn: the key that its data is encrypted with; without it AWS manages the keys.
        stores: the services through which it uses that key, beside DynamoDB and Lambda.
    """

    naming: Naming
    function: str
    log_days: pulumi.Input[int]
    in_network: bool = True
    tracing: bool = False
    key_arn: pulumi.Input[str] | None = None
    stores: Sequence[str] = ()
    permissions_boundary: pulumi.Input[str] | None = None


class IdentityComponent(pulumi.ComponentResource):
    """A log group, and a role that may write to it and have a network interface."""

    role: aws.iam.Role
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:IdentityComponent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args.naming.log_group(args.function),
            retention_in_days=args.log_days,
            kms_key_id=args.key_arn,
            tags=args.naming.tags(args.function),
            opts=child,
        )
        self.role = aws.iam.Role(
            f"{name}-role",
            name=args.naming.name(args.function),
            description=f"The {args.function} function",
            assume_role_policy=trust("lambda.amazonaws.com"),
            permissions_boundary=args.permissions_boundary,
            tags=args.naming.tags(args.function),
            opts=child,
        )
        aws.iam.RolePolicy(
            f"{name}-runtime",
            name="runtime",
            role=self.role.name,
            policy=self.log_group.arn.apply(
                lambda arn: runtime_policy(arn, tracing=args.tracing, in_network=args.in_network)
            ),
            opts=child,
        )
        if args.key_arn is not None:
            policy = pulumi.Output.from_input(args.key_arn).apply(lambda arn: key_use_policy(arn, args.stores))
            aws.iam.RolePolicy(f"{name}-key", name="key", role=self.role.name, policy=policy, opts=child)
        self.register_outputs({"role_arn": self.role.arn})
