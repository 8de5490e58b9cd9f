"""Where the functions run: subnets with no way out but to the file system and to DynamoDB.

There is no internet gateway and no NAT. An existing VPC can be used instead; its owner then sees to the way to
DynamoDB, to flow logs and to the default security group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.foundation.flow_logs import log_refusals
from infra.foundation.subnets import subnet_cidrs, zone_names
from infra.naming import Naming
from infra.policies import endpoint_policy
from infra.settings import StackSettings

NFS, HTTPS = 2049, 443


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What the network depends on. `key_arn` encrypts the flow logs' log group."""

    naming: Naming
    settings: StackSettings
    key_arn: pulumi.Output[str] | None


@dataclass(frozen=True, kw_only=True)
class _Vpc:
    """A VPC, our own or an existing one. `default_group_id`: its security group that lets nothing through."""

    id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    default_group_id: pulumi.Output[str]
    dynamodb_prefix_list_id: pulumi.Output[str]


class NetworkComponent(pulumi.ComponentResource):
    """Subnets and security groups for the functions and for the file system."""

    subnet_ids: Sequence[pulumi.Input[str]]
    function_group_id: pulumi.Output[str]
    file_system_group_id: pulumi.Output[str]
    default_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:NetworkComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        vpc = self._existing_vpc() if args.settings.network.vpc_id else self._own_vpc()
        functions = self._group(vpc, "functions", "The functions: out to the file system and to DynamoDB, nothing else")
        files = self._group(vpc, "files", "The file system's mount targets: in from the functions, nothing else")
        self._rules(functions.id, files.id, vpc.dynamodb_prefix_list_id)
        self.subnet_ids = vpc.subnet_ids
        self.function_group_id, self.file_system_group_id = functions.id, files.id
        self.default_group_id = vpc.default_group_id
        self.register_outputs({"subnet_ids": self.subnet_ids})

    def _existing_vpc(self) -> _Vpc:
        settings, region = self._args.settings.network, self._args.naming.region
        within = pulumi.InvokeOptions(parent=self)
        return _Vpc(
            id=settings.vpc_id,
            subnet_ids=settings.subnet_ids,
            default_group_id=aws.ec2.get_security_group_output(vpc_id=settings.vpc_id, name="default", opts=within).id,
            dynamodb_prefix_list_id=aws.ec2.get_prefix_list_output(
                name=f"com.amazonaws.{region}.dynamodb", opts=within
            ).id,
        )

    def _own_vpc(self) -> _Vpc:
        naming = self._args.naming
        vpc = aws.ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=str(self._args.settings.network.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=naming.tags("vpc"),
            opts=self._child,
        )
        default_group = aws.ec2.DefaultSecurityGroup(  # no rules: adopting it empties it
            f"{self._name}-default", vpc_id=vpc.id, tags=naming.tags("default"), opts=self._child
        )
        routes = aws.ec2.RouteTable(f"{self._name}-routes", vpc_id=vpc.id, tags=naming.tags("routes"), opts=self._child)
        if self._args.settings.network.flow_logs:
            log_refusals(
                self._name,
                vpc.id,
                naming=naming,
                log_days=self._args.settings.log_days,
                key_arn=self._args.key_arn,
                opts=self._child,
            )
        return _Vpc(
            id=vpc.id,
            subnet_ids=self._subnets(vpc.id, routes.id),
            default_group_id=default_group.id,
            dynamodb_prefix_list_id=self._endpoint(vpc.id, routes.id).prefix_list_id,
        )

    def _subnets(self, vpc_id: pulumi.Output[str], route_table_id: pulumi.Output[str]) -> list[pulumi.Output[str]]:
        settings, subnets = self._args.settings.network, list[pulumi.Output[str]]()
        zones = zone_names(self._args.naming.region, settings.zones)
        for number, (zone, cidr) in enumerate(zip(zones, subnet_cidrs(settings.cidr, settings.zones), strict=True), 1):
            subnet = aws.ec2.Subnet(
                f"{self._name}-subnet-{number}",
                vpc_id=vpc_id,
                cidr_block=cidr,
                availability_zone=zone,
                map_public_ip_on_launch=False,
                tags=self._args.naming.tags(f"isolated-{number}"),
                opts=self._child,
            )
            aws.ec2.RouteTableAssociation(
                f"{self._name}-routes-{number}", subnet_id=subnet.id, route_table_id=route_table_id, opts=self._child
            )
            subnets.append(subnet.id)
        return subnets

    def _endpoint(self, vpc_id: pulumi.Output[str], route_table_id: pulumi.Output[str]) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            f"{self._name}-dynamodb",
            vpc_id=vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{self._args.naming.region}.dynamodb",
            route_table_ids=[route_table_id],
            policy=endpoint_policy(self._args.naming.table_arn()),
            tags=self._args.naming.tags("dynamodb"),
            opts=self._child,
        )

    def _group(self, vpc: _Vpc, part: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{part}",
            vpc_id=vpc.id,
            description=description,
            tags=self._args.naming.tags(part),
            opts=self._child,
        )

    def _rules(
        self, functions: pulumi.Output[str], files: pulumi.Output[str], dynamodb_prefix_list_id: pulumi.Output[str]
    ) -> None:
        tags = self._args.naming.tags
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-functions-to-files",
            security_group_id=functions,
            referenced_security_group_id=files,
            description="NFS to the file system",
            ip_protocol="tcp",
            from_port=NFS,
            to_port=NFS,
            tags=tags("functions-to-files"),
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-files-from-functions",
            security_group_id=files,
            referenced_security_group_id=functions,
            description="NFS from the functions",
            ip_protocol="tcp",
            from_port=NFS,
            to_port=NFS,
            tags=tags("files-from-functions"),
            opts=self._child,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-functions-to-dynamodb",
            security_group_id=functions,
            prefix_list_id=dynamodb_prefix_list_id,
            description="HTTPS to DynamoDB",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            tags=tags("functions-to-dynamodb"),
            opts=self._child,
        )
