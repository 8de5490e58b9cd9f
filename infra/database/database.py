"""PostgreSQL on RDS: a database in isolated subnets, which whoever reaches it has to speak TLS to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.database.groups import PORT
from infra.database.rights import figures_policy, figures_trust
from infra.naming import Naming

PART = "postgres"
VERSION = "17"
DATABASE = "lambda_sqlite"
MASTER = "keeper"  # by whom nobody logs in but to set the database up
MOST_CONNECTIONS = 80  # RDS reckons them from the memory of each class, so that nobody would know them
BACKUPS, UPKEEP = "02:00-03:00", "sun:03:30-sun:04:30"  # in UTC, when RDS copies it and when it changes it
AUTHORITY = "rds-ca-rsa2048-g1"  # whose roots the relational function has in its archive
FIGURES_S = 60
INSIGHTS_DAYS = 7  # free
SLOW_MS = 1000
LOGS = "postgresql"
PARAMETERS = {
    "rds.force_ssl": "1",
    "log_min_duration_statement": str(SLOW_MS),
    "log_statement": "ddl",
    "log_connections": "0",  # each sandbox's
    "max_connections": str(MOST_CONNECTIONS),
}
AFTER_A_START = ("max_connections",)  # which PostgreSQL takes for no sooner


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """The database's place, size and care.

    Args:
        subnet_ids: two or three, each in a zone of its own.
        has_figures: whether RDS writes down what the machine does, once a minute.
        protect: whether it can neither be deleted by AWS nor let go of by Pulumi, and leaves a last snapshot.
        key_arn: encrypts all of it; without it AWS manages the keys.
    """

    naming: Naming
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    instance_class: str
    storage_gb: int
    multi_az: bool
    backup_days: int
    has_figures: bool
    log_days: int
    protect: bool = True
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


class DatabaseComponent(pulumi.ComponentResource):
    """The database with its parameters, its log and the master user's secret, which RDS makes and rotates."""

    instance: aws.rds.Instance
    log_group: aws.cloudwatch.LogGroup
    secret_arn: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:DatabaseComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._identifier, self._tags = args.naming.name(PART), args.naming.tags(PART)
        self.log_group = self._log_group()
        role, rights = self._figures() if args.has_figures else (None, [])
        self.instance = self._instance(role, [self.log_group, *rights])
        self.secret_arn = self.instance.master_user_secrets.apply(lambda secrets: secrets[0].secret_arn or "")
        self.register_outputs({"address": self.instance.address})

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        """Make the log before the database does, which would keep it for ever. RDS says what it is called."""
        return aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=f"/aws/rds/instance/{self._identifier}/{LOGS}",
            retention_in_days=self._args.log_days,
            kms_key_id=self._args.key_arn,
            tags=self._tags,
            opts=self._child,
        )

    def _figures(self) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        """Make the role by which RDS writes down what the machine does."""
        part, account = "postgres-figures", account_of(self)
        role = aws.iam.Role(
            f"{self._name}-figures",
            name=self._args.naming.name(part),
            description="Figures of the database's machine",
            assume_role_policy=figures_trust(account),
            permissions_boundary=self._args.permissions_boundary,
            tags=self._args.naming.tags(part),
            opts=self._child,
        )
        rights = aws.iam.RolePolicy(
            f"{self._name}-figures", name="figures", role=role.name, policy=figures_policy(account), opts=self._child
        )
        return role, [rights]

    def _parameters(self) -> aws.rds.ParameterGroup:
        return aws.rds.ParameterGroup(
            f"{self._name}-parameters",
            name=f"{self._identifier}-{VERSION}",
            family=f"postgres{VERSION}",
            description="TLS for everybody, and slow statements in the log",
            parameters=[
                {
                    "name": name,
                    "value": value,
                    "apply_method": "pending-reboot" if name in AFTER_A_START else "immediate",
                }
                for name, value in PARAMETERS.items()
            ],
            tags=self._tags,
            opts=self._child,
        )

    def _subnets(self) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(
            f"{self._name}-subnets",
            name=self._identifier,
            description="The isolated subnets",
            subnet_ids=self._args.subnet_ids,
            tags=self._tags,
            opts=self._child,
        )

    def _instance(self, role: aws.iam.Role | None, ready: Sequence[pulumi.Resource]) -> aws.rds.Instance:
        args = self._args
        return aws.rds.Instance(
            f"{self._name}-instance",
            identifier=self._identifier,
            engine="postgres",
            engine_version=VERSION,
            instance_class=args.instance_class,
            storage_type="gp3",
            allocated_storage=args.storage_gb,
            storage_encrypted=True,
            kms_key_id=args.key_arn,
            db_name=DATABASE,
            username=MASTER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.key_arn,
            iam_database_authentication_enabled=True,
            port=PORT,
            db_subnet_group_name=self._subnets().name,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            ca_cert_identifier=AUTHORITY,
            parameter_group_name=self._parameters().name,
            multi_az=args.multi_az,
            backup_retention_period=args.backup_days,
            backup_window=BACKUPS,
            maintenance_window=UPKEEP,
            delete_automated_backups=not args.protect,
            copy_tags_to_snapshot=True,
            auto_minor_version_upgrade=True,
            apply_immediately=not args.protect,
            enabled_cloudwatch_logs_exports=[LOGS],
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.key_arn,
            performance_insights_retention_period=INSIGHTS_DAYS,
            database_insights_mode="standard",
            monitoring_interval=FIGURES_S if role else 0,
            monitoring_role_arn=role.arn if role else None,
            deletion_protection=args.protect,
            skip_final_snapshot=not args.protect,
            final_snapshot_identifier=f"{self._identifier}-final" if args.protect else None,
            tags=self._tags,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protect, retain_on_delete=args.protect, depends_on=[*ready]
            ),
        )
