"""The stack's own KMS key, where the settings ask for one: a single key for all that is stored."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import Account, account_of
from infra.naming import Naming
from infra.policies import Statement, announcers, edge_guests, import_announcers, key_policy

ROTATION_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class KeyArgs:
    """The key's names, and who uses it beside the account's own roles.

    Args:
        protect: whether Pulumi refuses to let go of it.
        announces: whether alarms and budgets tell a topic that it encrypts.
        imports_part: the part of the stack's names of a bucket that tells a queue that it encrypts; without it, none.
        edge_logs_part: likewise of the source of access logs, of an edge whose page it encrypts too.
    """

    naming: Naming
    protect: bool = True
    announces: bool = False
    imports_part: str = ""
    edge_logs_part: str = ""


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
            policy=key_policy(account, _announcers(args, account), _guests(args, account)),
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


def _guests(args: KeyArgs, account: Account) -> list[Statement]:
    return edge_guests(account, args.naming.name(args.edge_logs_part)) if args.edge_logs_part else []


def _announcers(args: KeyArgs, account: Account) -> dict[str, Statement]:
    told = announcers(account, args.naming.stack_name()) if args.announces else {}
    bucket = args.naming.bucket(args.imports_part, account.account_id)
    return {**told, **(import_announcers(account, bucket) if args.imports_part else {})}
