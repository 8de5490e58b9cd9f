"""The page: a private bucket with the files of dashboard/, which CloudFront alone reads.

What is in the bucket is in the repository too, so it goes with the edge, protected or not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.data.bucket import BucketArgs, LifecycleRule, make_bucket, set_bucket_policy
from infra.edge.headers import CONTENT_TYPES
from infra.naming import Naming
from infra.policies import Statement, allow

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "dashboard"
# No file has a version in its name, so each is asked for again; its ETag spares the transfer.
CACHE_CONTROL = "public, max-age=0, must-revalidate"
LAST = ("dashboard/app.js", "dashboard/index.html")  # they lead to all others, the latter to the former
OLD_DAYS = 30
RULES: tuple[LifecycleRule, ...] = (
    {
        "id": "old",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": OLD_DAYS},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    },
)


@dataclass(frozen=True, kw_only=True)
class PageOrigin:
    """The bucket, and CloudFront's way to it."""

    bucket: aws.s3.Bucket
    access: aws.cloudfront.OriginAccessControl


def page_files(root: Path = ROOT) -> dict[str, Path]:
    """Return the page's files by their names in the bucket, which are their paths.

    Raises:
        RunError: there is no page, or a file of it is of no known type.
    """
    folder = root / FOLDER
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    unknown = [path.relative_to(root).as_posix() for path in paths if path.suffix not in CONTENT_TYPES]
    if unknown:
        raise pulumi.RunError(f"{unknown[0]}: no content type is known for it; infra/edge/headers.py has the list")
    if folder / "index.html" not in paths:
        raise pulumi.RunError(f"{FOLDER}/index.html is missing: the edge has no page")
    return {path.relative_to(root).as_posix(): path for path in paths}


def make_page(
    name: str,
    naming: Naming,
    files: Mapping[str, Path],
    *,
    account_id: str,
    key_arn: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> PageOrigin:
    """Make the bucket with the page's files; `name` is the component's, whose resources they are."""
    args = BucketArgs(
        naming=naming,
        part="dashboard",
        account_id=account_id,
        rules=RULES,
        is_versioned=True,
        has_guests=True,
        force_destroy=True,
        key_arn=key_arn,
    )
    bucket = make_bucket(f"{name}-page", args, opts)
    _upload_all(name, bucket, files, naming.stack_tags("dashboard"), opts)
    access = aws.cloudfront.OriginAccessControl(
        f"{name}-page-access",
        name=naming.name("dashboard"),
        description="CloudFront signs what it asks the page's bucket for",
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
        opts=opts,
    )
    return PageOrigin(bucket=bucket, access=access)


def _upload_all(
    name: str, bucket: aws.s3.Bucket, files: Mapping[str, Path], tags: Mapping[str, str], opts: pulumi.ResourceOptions
) -> None:
    """Upload the files, and those that name others only after these: a page never asks for what is not there yet."""
    parts = [
        _upload(f"{name}-{key}", bucket.bucket, key, path, tags=tags, opts=opts)
        for key, path in files.items()
        if key not in LAST
    ]
    for key in LAST:
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[*parts]))
        if key in files:
            parts.append(_upload(f"{name}-{key}", bucket.bucket, key, files[key], tags=tags, opts=after))


def _upload(
    name: str,
    bucket: pulumi.Input[str],
    key: str,
    path: Path,
    *,
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> aws.s3.BucketObjectv2:
    return aws.s3.BucketObjectv2(
        name,
        bucket=bucket,
        key=key,
        source=pulumi.FileAsset(os.path.relpath(path)),  # Pulumi keeps the path: the same on each machine
        content_type=CONTENT_TYPES[path.suffix],
        cache_control=CACHE_CONTROL,
        tags=tags,
        opts=opts,
    )


def let_distribution_read(
    name: str, naming: Naming, page: PageOrigin, distribution_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> None:
    """Let one distribution read the page, and nobody else."""
    reads = pulumi.Output.all(bucket=page.bucket.arn, distribution=distribution_arn).apply(
        lambda arns: reads_of(arns["bucket"], arns["distribution"])
    )
    set_bucket_policy(f"{name}-page", page.bucket, naming, reads, opts)


def reads_of(bucket_arn: str, distribution_arn: str) -> list[Statement]:
    """Let one distribution read objects; it may not list them, so that S3 answers with 403 for what is not there.

    Source: Amazon CloudFront developer guide, "Restrict access to an Amazon S3 origin".
    """
    return [
        allow(
            "Edge",
            ["s3:GetObject"],
            [f"{bucket_arn}/*"],
            Principal={"Service": "cloudfront.amazonaws.com"},
            Condition={"StringEquals": {"aws:SourceArn": distribution_arn}},
        )
    ]
