"""The network's flow logs: what was refused, which in a network without a way out is all there is to see."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import allow, document, trust

AGGREGATION_S = 600


def log_refusals(
    name: str,
    vpc_id: pulumi.Output[str],
    *,
    naming: Naming,
    log_days: int,
    key_arn: pulumi.Output[str] | None,
    opts: pulumi.ResourceOptions,
) -> None:
    """Log what a VPC refuses; the resources are made with `opts`, as children of the network called `name`."""
    group = aws.cloudwatch.LogGroup(
        f"{name}-flow",
        name=naming.vended_log_group("flow"),
        retention_in_days=log_days,
        kms_key_id=key_arn,
        tags=naming.tags("flow"),
        opts=opts,
    )
    of_this_account = {"StringEquals": {"aws:SourceAccount": naming.account}}
    role = aws.iam.Role(
        f"{name}-flow",
        name=naming.name("flow"),
        assume_role_policy=trust("vpc-flow-logs.amazonaws.com", Condition=of_this_account),
        tags=naming.tags("flow"),
        opts=opts,
    )
    aws.iam.RolePolicy(
        f"{name}-flow",
        role=role.name,
        policy=group.arn.apply(
            lambda arn: document(allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{arn}:*"]))
        ),
        opts=opts,
    )
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
