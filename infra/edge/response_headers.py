"""CloudFront's policies for the headers of answers: what infra/edge/headers.py says, and that browsers keep to TLS."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.edge.headers import HSTS_S, SECURITY_HEADERS
from infra.naming import Naming


def make_response_headers(
    name: str, naming: Naming, part: str, security_policy: str, opts: pulumi.ResourceOptions
) -> aws.cloudfront.ResponseHeadersPolicy:
    """Make the policy of one part; `name` is the component's, whose resource it is.

    Its headers take the place of those that the origin sends.
    """
    return aws.cloudfront.ResponseHeadersPolicy(
        f"{name}-{part}-headers",
        name=naming.name(part),
        comment="What browsers may do with an answer",
        security_headers_config={
            "content_security_policy": {"content_security_policy": security_policy, "override": True},
            "content_type_options": {"override": True},
            "frame_options": {"frame_option": SECURITY_HEADERS["x-frame-options"], "override": True},
            "referrer_policy": {"referrer_policy": SECURITY_HEADERS["referrer-policy"], "override": True},
            "strict_transport_security": {"access_control_max_age_sec": HSTS_S, "override": True},
        },
        opts=opts,
    )
