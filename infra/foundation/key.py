"""The stack's own KMS key, where the settings ask for one: a single key for all that is stored."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.naming import Naming
from infra.policies import announcers, key_policy

ROTATION_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class KeyArgs:
    """The key's names, whether Pulumi refuses to let go of it, and whether alarms and budgets tell a topic with it."""

    naming: Naming
    protect: bool = True
    announces: bool = False


class KeyComponent(pulumi.ComponentResource):
    """A rotated key with an alias.

    AWS never deletes it on Pulumi's behalf: table and file system keep using the key they were made with even where
    the program no longer names it, so that deleting the key would destroy them.
    """

    key: aws.kms.Key
    alias: aws.kms.Alias

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:KeyComponent", name, None, opts)
        account = account_of(self)
        self.key = aws.kms.Key(
            f"{name}-key",
            description=f"Everything that {args.naming.project}-{args.naming.stack} stores",
            policy=key_policy(account, announcers(account, args.naming.stack_name()) if args.announces else None),
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            tags=args.naming.tags("key"),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=True),
        )
        self.alias = aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{args.naming.name('key')}",
            target_key_id=self.key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"arn": self.key.arn})
