"""A bucket of the stack's own: private, its owner's alone, encrypted, and reached over TLS alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import Statement, document, refuse_plain_text

MAX_CORS_AGE_S = 3600

LifecycleRule = aws.s3.BucketLifecycleConfigurationRuleArgsDict


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """A bucket's name and all that differs between buckets.

    Args:
        part: its part of the stack's names.
        account_id: the account's, which its name ends in.
        rules: what becomes of its objects with time.
        is_versioned: whether what is replaced or deleted is kept until a rule removes it.
        has_guests: whether somebody beside the account may do something, which `set_bucket_policy` says once it is
            known.
        put_origins: origins whose pages may PUT an object by a URL that they were given.
        force_destroy: whether it is deleted with all that it holds; without it, AWS deletes it only once it is empty.
        key_arn: encrypts it; without it AWS manages the keys.
    """

    naming: Naming
    part: str
    account_id: str
    rules: Sequence[LifecycleRule]
    is_versioned: bool = False
    has_guests: bool = False
    put_origins: Sequence[str] = ()
    force_destroy: bool = False
    key_arn: pulumi.Input[str] | None = None


def make_bucket(name: str, args: BucketArgs, opts: pulumi.ResourceOptions) -> aws.s3.Bucket:
    """Make a bucket with all that guards it; `name` is the component's, whose resources they are."""
    bucket = aws.s3.Bucket(
        f"{name}-bucket",
        bucket=args.naming.bucket(args.part, args.account_id),
        force_destroy=args.force_destroy,
        tags=args.naming.tags(args.part),
        opts=opts,
    )
    _guard(name, bucket, opts)
    if not args.has_guests:
        set_bucket_policy(name, bucket, args.naming, [], opts)
    _encrypt(name, bucket, args.key_arn, opts)
    _keep(name, bucket, args, opts)
    if args.put_origins:
        _let_pages_put(name, bucket, args.put_origins, opts)
    return bucket


def _guard(name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions) -> None:
    """Keep everybody out but this account, and whomever the bucket's policy names."""
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


def set_bucket_policy(
    name: str,
    bucket: aws.s3.Bucket,
    naming: Naming,
    guests: pulumi.Input[Sequence[Statement]],
    opts: pulumi.ResourceOptions,
) -> aws.s3.BucketPolicy:
    """Let the guests in by these statements, and nobody without TLS, the account neither."""
    policy = pulumi.Output.all(arn=bucket.arn, guests=guests).apply(
        lambda given: bucket_policy(given["arn"], given["guests"], but_from_here=naming.may_be_emulated())
    )
    return aws.s3.BucketPolicy(f"{name}-tls", bucket=bucket.id, policy=policy, opts=opts)


def _encrypt(name: str, bucket: aws.s3.Bucket, key_arn: pulumi.Input[str] | None, opts: pulumi.ResourceOptions) -> None:
    by_default: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict = (
        {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn} if key_arn else {"sse_algorithm": "AES256"}
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": by_default, "bucket_key_enabled": key_arn is not None}],
        opts=opts,
    )


def _keep(name: str, bucket: aws.s3.Bucket, args: BucketArgs, opts: pulumi.ResourceOptions) -> None:
    """Say how long objects stay. Rules for old versions need versions to be kept first."""
    before: list[pulumi.Resource] = []
    if args.is_versioned:
        before.append(
            aws.s3.BucketVersioning(
                f"{name}-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=opts
            )
        )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.id,
        rules=args.rules,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=before)),
    )


def _let_pages_put(name: str, bucket: aws.s3.Bucket, origins: Sequence[str], opts: pulumi.ResourceOptions) -> None:
    """Let pages of these origins send an object, with whatever headers the URL that they were given is signed for."""
    aws.s3.BucketCorsConfiguration(
        f"{name}-cors",
        bucket=bucket.id,
        cors_rules=[
            {
                "allowed_origins": [*origins],
                "allowed_methods": ["PUT"],
                "allowed_headers": ["*"],
                "expose_headers": ["ETag", "x-amz-version-id"],
                "max_age_seconds": MAX_CORS_AGE_S,
            }
        ],
        opts=opts,
    )


def bucket_policy(bucket_arn: str, guests: Sequence[Statement], *, but_from_here: bool) -> str:
    """Return the guests' statements, and the one that refuses everything without TLS, but to an emulator."""
    return document(*guests, refuse_plain_text(["s3:*"], [bucket_arn, f"{bucket_arn}/*"], but_from_here=but_from_here))
