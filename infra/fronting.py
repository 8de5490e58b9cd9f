"""From settings to what stands in front of the API: the edge's key, and CloudFront with the page."""

from __future__ import annotations

import pulumi

from infra.edge.key import EdgeKeyArgs, EdgeKeyComponent
from infra.settings.stack_settings import StackSettings

KeyArn = pulumi.Output[str] | None


def make_edge_key(settings: StackSettings, key_arn: KeyArn) -> EdgeKeyComponent | None:
    """Make the secret by which the API knows its edge: before the API, since its authorizer reads it."""
    if not settings.edge.is_there:
        return None
    return EdgeKeyComponent("edge-key", EdgeKeyArgs(naming=settings.naming, key_arn=key_arn))
