"""The stack's own KMS key, where the settings ask for one: a single key for all that is stored."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import key_policy
from infra.settings import StackSettings

ROTATION_DAYS = 365
DELETION_DAYS_PROTECTED = 30
DELETION_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class KeyArgs:
    """What the key depends on."""

    naming: Naming
    settings: StackSettings


class KeyComponent(pulumi.ComponentResource):
    """A rotated key with an alias."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:KeyComponent", name, None, opts)
        protect = args.settings.protect
        key = aws.kms.Key(
            f"{name}-key",
            description=f"Everything that {args.naming.project}-{args.naming.stack} stores",
            policy=key_policy(args.naming),
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            deletion_window_in_days=DELETION_DAYS_PROTECTED if protect else DELETION_DAYS,
            tags=args.naming.tags("key"),
            opts=pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect),
        )
        aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{args.naming.name('key')}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})
