"""The security groups: the functions reach the file system and DynamoDB, and nothing reaches the functions."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming

NFS, HTTPS = 2049, 443


@dataclass(frozen=True, kw_only=True)
class SecurityGroups:
    """The functions' group and that of the file system's mount targets."""

    functions: aws.ec2.SecurityGroup
    files: aws.ec2.SecurityGroup


def security_groups(
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    dynamodb_prefix_list_id: pulumi.Input[str],
    naming: Naming,
    opts: pulumi.ResourceOptions,
) -> SecurityGroups:
    """Make both groups with their rules; the resources are made with `opts`, for the network called `name`."""

    def group(part: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{name}-{part}", vpc_id=vpc_id, description=description, tags=naming.tags(part), opts=opts
        )

    groups = SecurityGroups(
        functions=group("functions", "The functions: out to the file system and to DynamoDB, nothing else"),
        files=group("files", "The file system's mount targets: in from the functions, nothing else"),
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-functions-to-files",
        security_group_id=groups.functions.id,
        referenced_security_group_id=groups.files.id,
        description="NFS to the file system",
        ip_protocol="tcp",
        from_port=NFS,
        to_port=NFS,
        tags=naming.tags("functions-to-files"),
        opts=opts,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-files-from-functions",
        security_group_id=groups.files.id,
        referenced_security_group_id=groups.functions.id,
        description="NFS from the functions",
        ip_protocol="tcp",
        from_port=NFS,
        to_port=NFS,
        tags=naming.tags("files-from-functions"),
        opts=opts,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-functions-to-dynamodb",
        security_group_id=groups.functions.id,
        prefix_list_id=dynamodb_prefix_list_id,
        description="HTTPS to DynamoDB",
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        tags=naming.tags("functions-to-dynamodb"),
        opts=opts,
    )
    return groups
