"""From settings to what stands in front of the API: the edge's key, and CloudFront with the page."""

from __future__ import annotations

import pulumi

from infra.edge.distribution import EdgeArgs, EdgeComponent
from infra.edge.key import EdgeKeyArgs, EdgeKeyComponent
from infra.edge.page import page_files
from infra.gateway.api import ApiComponent
from infra.settings.stack_settings import StackSettings

KeyArn = pulumi.Output[str] | None


def make_edge_key(settings: StackSettings, key_arn: KeyArn) -> EdgeKeyComponent | None:
    """Make the secret by which the API knows its edge: before the API, since its authorizer reads it."""
    if not settings.edge.has_key:
        return None
    return EdgeKeyComponent("edge-key", EdgeKeyArgs(naming=settings.naming, key_arn=key_arn))


def make_edge(
    settings: StackSettings, key: EdgeKeyComponent | None, api: ApiComponent, key_arn: KeyArn
) -> EdgeComponent | None:
    """Make the distribution in front of the API."""
    edge = settings.edge
    if not edge.is_there:
        return None
    return EdgeComponent(
        "edge",
        EdgeArgs(
            naming=settings.naming,
            api_url=api.url,
            edge_key=key.value if key else None,
            files=page_files(),
            is_closed=edge.is_closed,
            domain=edge.domain,
            rate_limit=edge.rate_limit if edge.firewall else None,
            firewall_log_days=settings.log_days,
            log_days=edge.log_days or None,
            key_arn=key_arn,
        ),
    )


def export_edge(settings: StackSettings, key: EdgeKeyComponent | None, edge: EdgeComponent | None) -> None:
    """Export where the edge is, and by what the API knows it."""
    if not edge:
        return
    pulumi.export("edge_url", edge.url)
    pulumi.export("distribution_id", edge.distribution.id)
    pulumi.export("dashboard_bucket", edge.page.bucket.bucket)
    if key:
        pulumi.export("edge_key_arn", key.secret.arn)
    if settings.edge.domain:
        pulumi.export("edge_domain_target", edge.distribution.domain_name)
    if edge.logs:
        pulumi.export("edge_logs_bucket", edge.logs.bucket)
