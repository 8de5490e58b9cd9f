"""The function that each request passes at the edge: redirects, the API's prefix, the session's cookie."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.naming import Naming

CODE = Path(__file__).with_name("viewer_request.js")
RUNTIME = "cloudfront-js-2.0"
MOST_BYTES = 10 * 1024  # source: Amazon CloudFront developer guide, "Quotas"


def make_viewer_function(name: str, naming: Naming, opts: pulumi.ResourceOptions) -> aws.cloudfront.Function:
    """Make the function and publish it; `name` is the component's, whose resource it is."""
    return aws.cloudfront.Function(
        f"{name}-viewer",
        name=naming.name("viewer"),
        comment="Redirects, the API's prefix, the session's cookie",
        runtime=RUNTIME,
        code=CODE.read_text(encoding="utf-8"),
        publish=True,
        tags=naming.tags("viewer"),
        opts=opts,
    )
