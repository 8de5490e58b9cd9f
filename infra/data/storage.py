"""The ledger's table, and the file system with the snapshots.

The table is the source of truth. The file system can be built again from it.
Both access points lead to one directory: the writer owns it, the reader is another user in the same group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.aws.table import (
    ATTRIBUTES,
    BY_ID,
    BY_JOB_STATE,
    ID,
    JOB,
    JOB_STATE,
    PARTITION_KEY,
    SORT_KEY,
    STREAM_VIEW,
    TTL,
)
from handlers.routes import COMMAND, QUERY
from infra.naming import Naming
from infra.policies import Door, file_system_policy

WRITER_UID, READER_UID, GID = 1000, 1001, 1000
DIRECTORY, DIRECTORY_MODE = "/data", "0750"
RECOVERY_DAYS = 35
# The provider waits until an index that is added to a table that stands is filled; DynamoDB reads all of the table.
UPDATE_TIMEOUT = "24h"


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """The table's name and caps, where the file system can be mounted, by whom, and how all of it is kept.

    Args:
        max_reads, max_writes: the most units a second of the table, and of each index.
        subnet_ids: where mount targets are made, each in a zone of its own; the names tell them apart, so that a
            change of order replaces none.
        security_group_id: that of the mount targets.
        writer_role_arns, reader_role_arns: who may mount, through an access point each.
        protect: guard table and file system against deletion, and keep them when the stack goes.
        key_arn: encrypts both; without it AWS manages the keys.
    """

    naming: Naming
    table_name: pulumi.Input[str]
    max_reads: pulumi.Input[int]
    max_writes: pulumi.Input[int]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    writer_role_arns: Sequence[pulumi.Input[str]]
    reader_role_arns: Sequence[pulumi.Input[str]]
    protect: bool = True
    key_arn: pulumi.Input[str] | None = None


class StorageComponent(pulumi.ComponentResource):
    """Table, file system, mount targets, access points and the file system's policy."""

    table: aws.dynamodb.Table
    file_system: aws.efs.FileSystem
    mount_targets: Sequence[aws.efs.MountTarget]
    writer: aws.efs.AccessPoint
    reader: aws.efs.AccessPoint

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:StorageComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect)
        self.table, self.file_system = self._table(), self._file_system()
        self.mount_targets = [self._mount_target(part, subnet_id) for part, subnet_id in args.subnet_ids.items()]
        self.writer, self.reader = self._access_point(COMMAND, WRITER_UID), self._access_point(QUERY, READER_UID)
        self._policy()
        self.register_outputs({"table_name": self.table.name, "file_system_id": self.file_system.id})

    def _table(self) -> aws.dynamodb.Table:
        args = self._args
        limits: aws.dynamodb.TableOnDemandThroughputArgsDict = {
            "max_read_request_units": args.max_reads,
            "max_write_request_units": args.max_writes,
        }
        return aws.dynamodb.Table(
            f"{self._name}-table",
            name=args.table_name,
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
                },
                {
                    "name": BY_JOB_STATE,
                    "key_schemas": [
                        {"attribute_name": JOB_STATE, "key_type": "HASH"},
                        {"attribute_name": SORT_KEY, "key_type": "RANGE"},
                    ],
                    "projection_type": "INCLUDE",
                    "non_key_attributes": [JOB, TTL],
                    "on_demand_throughput": limits,
                },
            ],
            on_demand_throughput=limits,
            ttl={"enabled": True, "attribute_name": TTL},
            point_in_time_recovery={"enabled": True, "recovery_period_in_days": RECOVERY_DAYS},
            server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
            stream_enabled=True,
            stream_view_type=STREAM_VIEW,
            deletion_protection_enabled=args.protect,
            tags=args.naming.tags("ledger"),
            opts=pulumi.ResourceOptions.merge(
                self._kept, pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(update=UPDATE_TIMEOUT))
            ),
        )

    def _file_system(self) -> aws.efs.FileSystem:
        return aws.efs.FileSystem(
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

    def _mount_target(self, part: str, subnet_id: pulumi.Input[str]) -> aws.efs.MountTarget:
        """Make one that goes before its successor comes: AWS refuses a second in the same zone."""
        return aws.efs.MountTarget(
            f"{self._name}-mount-{part}",
            file_system_id=self.file_system.id,
            subnet_id=subnet_id,
            security_groups=[self._args.security_group_id],
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )

    def _access_point(self, function: str, uid: int) -> aws.efs.AccessPoint:
        """Make one for a function; whichever is used first makes the directory, so both say the same of it."""
        return aws.efs.AccessPoint(
            f"{self._name}-{function}",
            file_system_id=self.file_system.id,
            posix_user={"uid": uid, "gid": GID},
            root_directory={
                "path": DIRECTORY,
                "creation_info": {"owner_uid": WRITER_UID, "owner_gid": GID, "permissions": DIRECTORY_MODE},
            },
            tags=self._args.naming.tags(f"files-{function}"),
            opts=self._child,
        )

    def _policy(self) -> None:
        policy = pulumi.Output.all(
            files=self.file_system.arn,
            writers={"access_point_arn": self.writer.arn, "role_arns": self._args.writer_role_arns},
            readers={"access_point_arn": self.reader.arn, "role_arns": self._args.reader_role_arns},
        ).apply(
            lambda arns: file_system_policy(
                arns["files"], writers=Door(**arns["writers"]), readers=Door(**arns["readers"])
            )
        )
        aws.efs.FileSystemPolicy(
            f"{self._name}-policy", file_system_id=self.file_system.id, policy=policy, opts=self._child
        )
