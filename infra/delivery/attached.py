"""Policies with a name of their own: what a role holds inline may have 10 240 characters, all together."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.naming import Naming


def attach(
    name: str,
    naming: Naming,
    role: aws.iam.Role,
    documents: Mapping[str, str],
    *,
    role_part: str,
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """Give a role these policies, and return what has to stand before the role can use them.

    Args:
        name: of the component whose resources they are.
        documents: as JSON, by what they are for.
        role_part: the role's part of the stack's names.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    attached: list[pulumi.Resource] = []
    for part, document in documents.items():
        policy = aws.iam.Policy(
            f"{name}-{part}",
            name=naming.name(f"{role_part}-{part}"),
            description=f"{role_part}: {part}",
            policy=document,
            tags=naming.tags(f"{role_part}-{part}"),
            opts=opts,
        )
        attached.append(
            aws.iam.RolePolicyAttachment(f"{name}-{part}-attached", role=role.name, policy_arn=policy.arn, opts=opts)
        )
    return attached
