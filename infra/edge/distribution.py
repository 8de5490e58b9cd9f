"""CloudFront in front of page and API."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class EdgeDomain:
    """A host name, and its certificate in us-east-1, the only region where CloudFront looks for one."""

    name: pulumi.Input[str]
    certificate_arn: pulumi.Input[str]
