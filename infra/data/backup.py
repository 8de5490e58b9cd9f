"""AWS Backup for the table, and for the file system if it is asked for: a vault, a daily plan and two roles.

The table has point-in-time recovery beside it. What the vault adds: backups that are kept as long as the stack's owner
says, and that outlive the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.data.rights import backup_trust, copy_policy, restore_policy
from infra.naming import Naming

DAILY = "cron(0 5 * * ? *)"  # UTC
START_WITHIN_MINUTES, END_WITHIN_MINUTES = 60, 8 * 60


@dataclass(frozen=True, kw_only=True)
class BackupArgs:
    """The resources that are copied every day, and how the copies are kept.

    Args:
        table_arn: the table.
        file_system_arn: the file system; without it, it is left out.
        days: how long each copy is kept.
        protect: guard vault, plan and roles against deletion, and keep them when the stack goes; without it the
            vault's backups go with it.
        key_arn: encrypts the vault; without it AWS manages the key.
    """

    naming: Naming
    table_arn: pulumi.Input[str]
    file_system_arn: pulumi.Input[str] | None = None
    days: pulumi.Input[int]
    protect: bool = True
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


class BackupComponent(pulumi.ComponentResource):
    """A vault, a plan with its selections, a role that copies, and a role that restores into new tables."""

    vault: aws.backup.Vault
    plan: aws.backup.Plan
    selections: Mapping[str, aws.backup.Selection]
    copy_role: aws.iam.Role
    restore_role: aws.iam.Role

    def __init__(self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:BackupComponent", name, None, opts)
        self._name, self._args = name, args
        self._kept = pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect)
        self.vault = self._vault()
        self.copy_role = self._role("copy", "Copies into the vault")
        self.restore_role = self._role("restore", "Restores from the vault into new tables")
        self.plan = self._plan()
        self.selections = self._selections(self._rights())
        self.register_outputs({"vault_name": self.vault.name, "restore_role_arn": self.restore_role.arn})

    def _vault(self) -> aws.backup.Vault:
        args = self._args
        return aws.backup.Vault(
            f"{self._name}-vault",
            name=args.naming.name("backups"),
            kms_key_arn=args.key_arn,
            force_destroy=not args.protect,  # AWS deletes no vault that holds something
            tags=args.naming.tags("backups"),
            opts=self._kept,
        )

    def _role(self, part: str, description: str) -> aws.iam.Role:
        return aws.iam.Role(
            f"{self._name}-{part}-role",
            name=self._args.naming.name(f"backup-{part}"),
            description=description,
            assume_role_policy=backup_trust(account_of(self)),
            permissions_boundary=self._args.permissions_boundary,
            tags=self._args.naming.tags(f"backup-{part}"),
            opts=self._kept,
        )

    def _rights(self) -> aws.iam.RolePolicy:
        """Give both roles their rights. Returns those without which no selection can be made."""
        args = self._args
        arns = pulumi.Output.all(
            table=args.table_arn, files=args.file_system_arn, vault=self.vault.arn, key=args.key_arn
        )
        self._right("restore", self.restore_role, arns.apply(lambda of: restore_policy(of["table"], of["key"])))
        return self._right(
            "copy",
            self.copy_role,
            arns.apply(lambda of: copy_policy(of["table"], of["files"], vault_arn=of["vault"], key_arn=of["key"])),
        )

    def _right(self, part: str, role: aws.iam.Role, policy: pulumi.Output[str]) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(f"{self._name}-{part}", name=part, role=role.name, policy=policy, opts=self._kept)

    def _plan(self) -> aws.backup.Plan:
        name = self._args.naming.name("backups")
        return aws.backup.Plan(
            f"{self._name}-plan",
            name=name,
            rules=[
                {
                    "rule_name": "daily",
                    "target_vault_name": self.vault.name,
                    "schedule": DAILY,
                    "start_window": START_WITHIN_MINUTES,
                    "completion_window": END_WITHIN_MINUTES,
                    "lifecycle": {"delete_after": self._args.days},
                    "recovery_point_tags": self._args.naming.tags("backups"),
                }
            ],
            tags=self._args.naming.tags("backups"),
            opts=self._kept,
        )

    def _selections(self, rights: aws.iam.RolePolicy) -> dict[str, aws.backup.Selection]:
        """Make one for each resource, so that adding one replaces none.

        They are not retained: AWS deletes no plan that has one. A restored table replaces its own, and the old one goes
        first, since both have one name.
        """
        args = self._args
        arns = {"table": args.table_arn} | ({"files": args.file_system_arn} if args.file_system_arn else {})
        opts = pulumi.ResourceOptions(
            parent=self, protect=args.protect, delete_before_replace=True, depends_on=[rights]
        )
        return {
            part: aws.backup.Selection(
                f"{self._name}-{part}",
                name=part,
                plan_id=self.plan.id,
                iam_role_arn=self.copy_role.arn,
                resources=[arn],
                opts=opts,
            )
            for part, arn in arns.items()
        }
