"""The security groups: the functions reach the file system and DynamoDB, and nothing reaches the functions."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming

NFS, HTTPS = 2049, 443

Rule = aws.vpc.SecurityGroupEgressRule | aws.vpc.SecurityGroupIngressRule


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

    def rule(
        make: type[Rule],
        part: str,
        description: str,
        port: int,
        *,
        of: aws.ec2.SecurityGroup,
        peer: aws.ec2.SecurityGroup | None = None,
        prefix_list_id: pulumi.Input[str] | None = None,
    ) -> None:
        make(
            f"{name}-{part}",
            security_group_id=of.id,
            referenced_security_group_id=peer.id if peer else None,
            prefix_list_id=prefix_list_id,
            description=description,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=naming.tags(part),
            opts=opts,
        )

    functions, files = groups.functions, groups.files
    egress, ingress = aws.vpc.SecurityGroupEgressRule, aws.vpc.SecurityGroupIngressRule
    rule(egress, "functions-to-files", "NFS to the file system", NFS, of=functions, peer=files)
    rule(ingress, "files-from-functions", "NFS from the functions", NFS, of=files, peer=functions)
    rule(
        egress,
        "functions-to-dynamodb",
        "HTTPS to DynamoDB",
        HTTPS,
        of=functions,
        prefix_list_id=dynamodb_prefix_list_id,
    )
    return groups
