"""The bucket that a pipeline hands its sources through: private, encrypted, over TLS alone, and empty after a week."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import document, refuse_plain_text

KEPT_DAYS = 7


def make_bucket(
    name: str, naming: Naming, account_id: str, key_arn: pulumi.Input[str] | None, opts: pulumi.ResourceOptions
) -> aws.s3.Bucket:
    """Make the bucket with all that guards it; `key_arn` encrypts it, without AWS does."""
    bucket = aws.s3.Bucket(
        f"{name}-bucket",
        bucket=f"{naming.name('artifacts')}-{account_id}",  # a bucket's name is unique in all of AWS
        force_destroy=True,  # there is nothing in it that the repository does not have
        tags=naming.tags("artifacts"),
        opts=opts,
    )
    aws.s3.BucketPublicAccessBlock(
        f"{name}-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-owner", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    by_default: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict = (
        {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn} if key_arn else {"sse_algorithm": "AES256"}
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": by_default, "bucket_key_enabled": key_arn is not None}],
        opts=opts,
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.id,
        rules=[
            {
                "id": "gone-after-a-week",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"days": KEPT_DAYS},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
            }
        ],
        opts=opts,
    )
    aws.s3.BucketPolicy(f"{name}-tls", bucket=bucket.id, policy=bucket.arn.apply(tls_policy), opts=opts)
    return bucket


def tls_policy(bucket_arn: str) -> str:
    """Refuse everything that does not come over TLS."""
    return document(refuse_plain_text(["s3:*"], [bucket_arn, f"{bucket_arn}/*"]))
