"""Where the data is: the ledger's table, and the file system with the snapshots.

The table is the source of truth. The file system can be built again from it, so that its backup is a matter of taste.
Both access points lead to one directory: the writer owns it, the reader is another user in the same group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.aws.table import ATTRIBUTES, BY_ID, ID, PARTITION_KEY, SORT_KEY, TTL
from handlers.routes import COMMAND, QUERY
from infra.compute.identity import IdentityComponent
from infra.foundation.network import NetworkComponent
from infra.naming import Naming
from infra.policies import file_system_policy
from infra.settings import NO_LIMIT, StackSettings

WRITER_UID, READER_UID, GID = 1000, 1001, 1000
USERS = {COMMAND: WRITER_UID, QUERY: READER_UID}
DIRECTORY, DIRECTORY_MODE = "/data", "0750"
RECOVERY_DAYS = 35


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """What the storage depends on; `identities` are those of the functions that use it."""

    naming: Naming
    settings: StackSettings
    network: NetworkComponent
    identities: Mapping[str, IdentityComponent]
    key_arn: pulumi.Output[str] | None


class StorageComponent(pulumi.ComponentResource):
    """Table, file system, mount targets, access points and the file system's policy."""

    table_name: pulumi.Output[str]
    table_arn: pulumi.Output[str]
    file_system_id: pulumi.Output[str]
    file_system_arn: pulumi.Output[str]
    access_point_arns: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:StorageComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        protect = args.settings.protect
        self._kept = pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect)
        table, files = self._table(), self._file_system()
        self._mount_targets(files.id)
        self.access_point_arns = {name: self._access_point(files.id, name, uid) for name, uid in USERS.items()}
        self._policy(files)
        self.table_name, self.table_arn = table.name, table.arn
        self.file_system_id, self.file_system_arn = files.id, files.arn
        self.register_outputs({"table_name": self.table_name, "file_system_id": self.file_system_id})

    def _table(self) -> aws.dynamodb.Table:
        args, settings = self._args, self._args.settings
        limits = table_limits(settings)
        return aws.dynamodb.Table(
            f"{self._name}-table",
            name=args.naming.table(),
            billing_mode="PAY_PER_REQUEST",
            hash_key=PARTITION_KEY,
            range_key=SORT_KEY,
            attributes=[{"name": name, "type": kind} for name, kind in ATTRIBUTES.items()],
            global_secondary_indexes=[
                {
                    "name": BY_ID,
                    "key_schemas": [{"attribute_name": ID, "key_type": "HASH"}],
                    "projection_type": "ALL",
                    "on_demand_throughput": limits,
                }
            ],
            on_demand_throughput=limits,
            ttl={"enabled": True, "attribute_name": TTL},
            point_in_time_recovery={"enabled": True, "recovery_period_in_days": RECOVERY_DAYS},
            server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
            stream_enabled=True,
            stream_view_type="NEW_IMAGE",
            deletion_protection_enabled=settings.protect,
            tags=args.naming.tags("ledger"),
            opts=self._kept,
        )

    def _file_system(self) -> aws.efs.FileSystem:
        files = aws.efs.FileSystem(
            f"{self._name}-files",
            encrypted=True,
            kms_key_id=self._args.key_arn,
            performance_mode="generalPurpose",
            throughput_mode="elastic",
            lifecycle_policies=[
                {"transition_to_ia": "AFTER_30_DAYS"},
                {"transition_to_primary_storage_class": "AFTER_1_ACCESS"},
            ],
            tags=self._args.naming.tags("files"),
            opts=self._kept,
        )
        aws.efs.BackupPolicy(
            f"{self._name}-backup",
            file_system_id=files.id,
            backup_policy={"status": "ENABLED" if self._args.settings.backup else "DISABLED"},
            opts=self._child,
        )
        return files

    def _mount_targets(self, file_system_id: pulumi.Output[str]) -> None:
        for number, subnet_id in enumerate(self._args.network.subnet_ids, 1):
            aws.efs.MountTarget(
                f"{self._name}-mount-{number}",
                file_system_id=file_system_id,
                subnet_id=subnet_id,
                security_groups=[self._args.network.file_system_group_id],
                opts=self._child,
            )

    def _access_point(self, file_system_id: pulumi.Output[str], function: str, uid: int) -> pulumi.Output[str]:
        """Whichever is used first makes the directory, so both say the same of it."""
        return aws.efs.AccessPoint(
            f"{self._name}-{function}",
            file_system_id=file_system_id,
            posix_user={"uid": uid, "gid": GID},
            root_directory={
                "path": DIRECTORY,
                "creation_info": {"owner_uid": WRITER_UID, "owner_gid": GID, "permissions": DIRECTORY_MODE},
            },
            tags=self._args.naming.tags(f"files-{function}"),
            opts=self._child,
        ).arn

    def _policy(self, files: aws.efs.FileSystem) -> None:
        roles = {function: identity.role_arn for function, identity in self._args.identities.items()}
        policy = pulumi.Output.all(files=files.arn, roles=roles, points=self.access_point_arns).apply(
            lambda known: file_system_policy(
                known["files"],
                writer=(known["roles"][COMMAND], known["points"][COMMAND]),
                reader=(known["roles"][QUERY], known["points"][QUERY]),
            )
        )
        aws.efs.FileSystemPolicy(f"{self._name}-policy", file_system_id=files.id, policy=policy, opts=self._child)


def table_limits(settings: StackSettings) -> aws.dynamodb.TableOnDemandThroughputArgsDict | None:
    """The cap on the table's units a second; nothing where there is none."""
    if settings.table_reads == settings.table_writes == NO_LIMIT:
        return None
    return {"max_read_request_units": settings.table_reads, "max_write_request_units": settings.table_writes}
