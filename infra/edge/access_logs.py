"""CloudFront's access logs: standard logging v2, as JSON into a bucket of their own.

Their source, destination and delivery are in us-east-1, wherever the stack and its bucket are (source: Amazon
CloudFront developer guide, "Configure standard logging (v2)"). No line has a query string or a cookie: either may hold
what lets somebody in.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.account import Account
from infra.data.bucket import BucketArgs, make_bucket, set_bucket_policy
from infra.naming import Naming
from infra.policies import Statement, allow, delivery_source_arn

REGION = "us-east-1"
PART = "edge-logs"  # of the stack's names: the bucket's, the source's, the destination's
DELIVERY = {"Service": "delivery.logs.amazonaws.com"}
FIELDS = (
    *("date", "time", "x-edge-location", "c-ip", "cs-method", "x-host-header", "cs-uri-stem", "sc-status"),
    *("cs(User-Agent)", "x-edge-result-type", "x-edge-detailed-result-type", "x-edge-request-id"),
    *("cs-protocol", "cs-protocol-version", "ssl-protocol", "cs-bytes", "sc-bytes", "time-taken", "time-to-first-byte"),
)
# AWS puts AWSLogs/ACCOUNT/CloudFront/ before the path when a delivery is made, but not when it is changed (source:
# terraform-provider-aws, issue 46328), and there nobody may write. A source has one delivery to a destination.
MADE_ANEW = pulumi.ResourceOptions(
    replace_on_changes=["recordFields", "s3DeliveryConfigurations"], delete_before_replace=True
)


def make_access_logs(
    name: str,
    naming: Naming,
    *,
    account: Account,
    distribution_arn: pulumi.Input[str],
    days: pulumi.Input[int],
    key_arn: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> aws.s3.Bucket:
    """Have a distribution's requests logged for some days; `name` is the component's, whose resources they are."""
    args = BucketArgs(
        naming=naming,
        part=PART,
        account_id=account.account_id,
        rules=[
            {
                "id": "old",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"days": days},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
            }
        ],
        has_guests=True,
        force_destroy=True,
        key_arn=key_arn,
    )
    bucket = make_bucket(f"{name}-logs", args, opts)
    guests = bucket.arn.apply(lambda arn: delivery_statements(arn, account, naming.name(PART)))
    policy = set_bucket_policy(f"{name}-logs", bucket, naming, guests, opts)
    _deliver(name, naming, distribution_arn, bucket, pulumi.ResourceOptions.merge(opts, _after(policy)))
    return bucket


def _after(policy: aws.s3.BucketPolicy) -> pulumi.ResourceOptions:
    """Wait for the bucket's policy: without it, CloudWatch would write one of its own."""
    return pulumi.ResourceOptions(depends_on=[policy])


def _deliver(
    name: str,
    naming: Naming,
    distribution_arn: pulumi.Input[str],
    bucket: aws.s3.Bucket,
    opts: pulumi.ResourceOptions,
) -> None:
    source = aws.cloudwatch.LogDeliverySource(
        f"{name}-log-source",
        name=naming.name(PART),
        region=REGION,
        log_type="ACCESS_LOGS",
        resource_arn=distribution_arn,
        tags=naming.tags(PART),
        opts=opts,
    )
    destination = aws.cloudwatch.LogDeliveryDestination(
        f"{name}-log-destination",
        name=naming.name(PART),
        region=REGION,
        output_format="json",
        delivery_destination_configuration={"destination_resource_arn": bucket.arn},
        tags=naming.tags(PART),
        opts=opts,
    )
    aws.cloudwatch.LogDelivery(
        f"{name}-log-delivery",
        region=REGION,
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        record_fields=[*FIELDS],
        s3_delivery_configurations=[
            {"enable_hive_compatible_path": False, "suffix_path": "edge/{yyyy}/{MM}/{dd}/{HH}"}
        ],
        tags=naming.tags(PART),
        opts=pulumi.ResourceOptions.merge(opts, MADE_ANEW),
    )


def delivery_statements(bucket_arn: str, account: Account, source_name: str) -> list[Statement]:
    """Let the delivery of one source write (source: Amazon CloudWatch Logs user guide, "Logs sent to Amazon S3")."""
    ours = {
        "StringEquals": {"aws:SourceAccount": account.account_id},
        "ArnLike": {"aws:SourceArn": delivery_source_arn(account, source_name)},
    }
    owned = {"aws:SourceAccount": account.account_id, "s3:x-amz-acl": "bucket-owner-full-control"}
    return [
        allow(
            "AWSLogDeliveryAclCheck",
            ["s3:GetBucketAcl", "s3:ListBucket"],
            [bucket_arn],
            Principal=DELIVERY,
            Condition=ours,
        ),
        allow(
            "AWSLogDeliveryWrite",
            ["s3:PutObject"],
            [f"{bucket_arn}/AWSLogs/{account.account_id}/*"],
            Principal=DELIVERY,
            Condition={**ours, "StringEquals": owned},
        ),
    ]
