"""The function that each request passes at the edge: redirects, the API's prefix, the session's cookie, its door."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.naming import Naming

CODE = Path(__file__).with_name("viewer_request.js")
RUNTIME = "cloudfront-js-2.0"
OPEN, CLOSED = "var CLOSED = false;", "var CLOSED = true;"  # the function has no environment
MOST_BYTES = 10 * 1024  # source: Amazon CloudFront developer guide, "Quotas"


def make_viewer_function(
    name: str, naming: Naming, *, is_closed: bool, opts: pulumi.ResourceOptions
) -> aws.cloudfront.Function:
    """Make the function and publish it; `name` is the component's, whose resource it is."""
    return aws.cloudfront.Function(
        f"{name}-viewer",
        name=naming.name("viewer"),
        comment="Redirects, the API's prefix, the session's cookie",
        runtime=RUNTIME,
        code=viewer_code(is_closed=is_closed),
        publish=True,
        tags=naming.tags("viewer"),
        opts=opts,
    )


def viewer_code(*, is_closed: bool) -> str:
    """Return the function's source; closed, it refuses whoever calls the API without authorization."""
    source = CODE.read_text(encoding="utf-8")
    return source.replace(OPEN, CLOSED) if is_closed else source
