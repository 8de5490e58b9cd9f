"""The network's flow logs: what was refused, which in a network without a way out is all there is to see."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import flow_logs_policy, trust

AGGREGATION_S = 600


@dataclass(frozen=True, kw_only=True)
class FlowLogs:
    """The log of refused packets; `key_arn` encrypts it, `permissions_boundary` bounds the role that writes it."""

    retention_days: pulumi.Input[int]
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


def log_refusals(
    name: str,
    settings: FlowLogs,
    *,
    vpc_id: pulumi.Input[str],
    account_id: str,
    naming: Naming,
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.LogGroup:
    """Log what a VPC refuses and return the log; the resources are made with `opts`, for the network called `name`."""
    group = aws.cloudwatch.LogGroup(
        f"{name}-flow",
        name=naming.vended_log_group("flow"),
        retention_in_days=settings.retention_days,
        kms_key_id=settings.key_arn,
        tags=naming.tags("flow"),
        opts=opts,
    )
    role = aws.iam.Role(
        f"{name}-flow",
        name=naming.name("flow"),
        assume_role_policy=trust(
            "vpc-flow-logs.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": account_id}}
        ),
        permissions_boundary=settings.permissions_boundary,
        tags=naming.tags("flow"),
        opts=opts,
    )
    aws.iam.RolePolicy(f"{name}-flow", role=role.name, policy=group.arn.apply(flow_logs_policy), opts=opts)
    aws.ec2.FlowLog(
        f"{name}-flow",
        vpc_id=vpc_id,
        traffic_type="REJECT",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=AGGREGATION_S,
        tags=naming.tags("flow"),
        opts=opts,
    )
    return group
