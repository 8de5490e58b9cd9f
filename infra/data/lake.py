"""The data lake: the ledger's pages as objects, a table over them, and a workgroup in which Athena asks it.

The table's partitions are the roots of the ledger. Nobody has to list them: a question names a root, and Athena finds
its folder by the template below (source: Athena user guide, "Use partition projection", type `injected`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.data.bucket import BucketArgs, LifecycleRule, make_bucket
from infra.data.lake_columns import PARTITION
from infra.naming import Naming

PAGES, RESULTS = "lake/", "results/"  # what the names of the objects begin with
TABLE = "ledger"
MOST_SCANNED_BYTES = 10 * 2**30  # by one question: 0.05 USD
OLD_DAYS, RESULT_DAYS = 7, 7
RULES: Sequence[LifecycleRule] = (
    {
        "id": "pages",
        "status": "Enabled",
        "filter": {"prefix": PAGES},
        "transitions": [{"days": 0, "storage_class": "INTELLIGENT_TIERING"}],
        "noncurrent_version_expiration": {"noncurrent_days": OLD_DAYS},
    },
    {
        "id": "results",
        "status": "Enabled",
        "filter": {"prefix": RESULTS},
        "expiration": {"days": RESULT_DAYS},
        "noncurrent_version_expiration": {"noncurrent_days": 1},
    },
    {
        "id": "uploads",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    },
)


@dataclass(frozen=True, kw_only=True)
class LakeArgs:
    """The columns of the table, and how the pages are kept.

    Args:
        columns: of a row, as pairs of a name and a type by Athena's words.
        protect: guard the bucket against deletion, and keep it when the stack goes.
        key_arn: encrypts pages and results; without it AWS manages the keys.
    """

    naming: Naming
    columns: Sequence[tuple[str, str]]
    protect: bool = True
    key_arn: pulumi.Input[str] | None = None


class LakeComponent(pulumi.ComponentResource):
    """The bucket with the pages, their entry in Glue's catalog, and Athena's workgroup."""

    bucket: aws.s3.Bucket
    database: aws.glue.CatalogDatabase
    table: aws.glue.CatalogTable
    workgroup: aws.athena.Workgroup

    def __init__(self, name: str, args: LakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:LakeComponent", name, None, opts)
        self._name, self._args = name, args
        self._account = account_of(self)
        self._child = pulumi.ResourceOptions(parent=self)
        self.bucket = make_bucket(name, self._bucket(), self._kept())
        self.database = self._database()
        self.table = self._table()
        self.workgroup = self._workgroup()
        self.register_outputs({"bucket": self.bucket.bucket, "database": self.database.name})

    def _kept(self) -> pulumi.ResourceOptions:
        """Return the options of the bucket and of all that guards it: whatever is kept stays private."""
        protect = self._args.protect
        return pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect)

    def _bucket(self) -> BucketArgs:
        args = self._args
        return BucketArgs(
            naming=args.naming,
            part="lake",
            account_id=self._account.account_id,
            rules=RULES,
            is_versioned=True,
            force_destroy=not args.protect,
            key_arn=args.key_arn,
        )

    def _database(self) -> aws.glue.CatalogDatabase:
        """Make the database. A name with hyphens would have to be quoted in every question."""
        return aws.glue.CatalogDatabase(
            f"{self._name}-database",
            name=self._args.naming.name("lake").replace("-", "_"),
            description="The ledger's pages",
            tags=self._args.naming.tags("lake"),
            opts=self._child,
        )

    def _table(self) -> aws.glue.CatalogTable:
        pages = pulumi.Output.concat("s3://", self.bucket.bucket, "/", PAGES)
        return aws.glue.CatalogTable(
            f"{self._name}-table",
            name=TABLE,
            description="A row for each row of the ledger; a question has to name its root",
            database_name=self.database.name,
            table_type="EXTERNAL_TABLE",
            parameters={
                "EXTERNAL": "TRUE",
                "classification": "json",
                "compressionType": "gzip",
                "projection.enabled": "true",
                f"projection.{PARTITION}.type": "injected",
                "storage.location.template": pulumi.Output.concat(pages, f"{PARTITION}=${{{PARTITION}}}/"),
            },
            partition_keys=[{"name": PARTITION, "type": "string"}],
            storage_descriptor={
                "location": pages,
                "input_format": "org.apache.hadoop.mapred.TextInputFormat",
                "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "compressed": True,
                "ser_de_info": {"serialization_library": "org.openx.data.jsonserde.JsonSerDe"},
                "columns": [{"name": name, "type": kind} for name, kind in self._args.columns],
            },
            opts=self._child,
        )

    def _workgroup(self) -> aws.athena.Workgroup:
        """Make the workgroup, whose rules hold whatever a client asks for."""
        key_arn = self._args.key_arn
        encryption: aws.athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgsDict = (
            {"encryption_option": "SSE_KMS", "kms_key_arn": key_arn} if key_arn else {"encryption_option": "SSE_S3"}
        )
        return aws.athena.Workgroup(
            f"{self._name}-workgroup",
            name=self._args.naming.name("lake"),
            description="Questions to the ledger's pages",
            configuration={
                "enforce_workgroup_configuration": True,
                "bytes_scanned_cutoff_per_query": MOST_SCANNED_BYTES,
                "publish_cloudwatch_metrics_enabled": False,
                "result_configuration": {
                    "output_location": pulumi.Output.concat("s3://", self.bucket.bucket, "/", RESULTS),
                    "expected_bucket_owner": self._account.account_id,
                    "encryption_configuration": encryption,
                },
            },
            force_destroy=True,  # with the history of its questions, which hold no rows
            tags=self._args.naming.tags("lake"),
            opts=self._child,
        )
