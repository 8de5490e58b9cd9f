"""Who a function is: its role and its log group.

Both come before everything else of a function: the file system's policy names the roles, and the functions may only be
made when that policy stands. So a function's identity is a component of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import key_use_policy, runtime_policy, trust
from infra.settings import StackSettings


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """What an identity depends on. `function` names it, `key_arn` is the stack's own key."""

    naming: Naming
    settings: StackSettings
    function: str
    key_arn: pulumi.Output[str] | None


class IdentityComponent(pulumi.ComponentResource):
    """A role that may write its own logs and traces and have a network interface, and nothing else yet."""

    role_arn: pulumi.Output[str]
    role_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:IdentityComponent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args.naming.log_group(args.function),
            retention_in_days=args.settings.log_days,
            kms_key_id=args.key_arn,
            tags=args.naming.tags(args.function),
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            name=args.naming.name(args.function),
            description=f"The {args.function} function",
            assume_role_policy=trust("lambda.amazonaws.com"),
            tags=args.naming.tags(args.function),
            opts=child,
        )
        aws.iam.RolePolicy(
            f"{name}-runtime", name="runtime", role=role.name, policy=logs.arn.apply(runtime_policy), opts=child
        )
        if args.key_arn is not None:
            region = args.naming.region
            policy = args.key_arn.apply(lambda arn: key_use_policy(arn, region))
            aws.iam.RolePolicy(f"{name}-key", name="key", role=role.name, policy=policy, opts=child)
        self.role_arn, self.role_name, self.log_group_name = role.arn, role.name, logs.name
        self.register_outputs({"role_arn": self.role_arn})
