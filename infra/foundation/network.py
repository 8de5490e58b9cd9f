"""A network for the functions: subnets with no way out but to the file system and to DynamoDB."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import Account, account_of
from infra.foundation.flow_logs import FlowLogs, log_refusals
from infra.foundation.security_groups import SecurityGroups, security_groups
from infra.foundation.subnets import isolated_subnets
from infra.naming import Naming
from infra.policies import endpoint_policy


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """The network's range and zones (2 or 3), the tables that may be reached from it, and whether it logs refusals.

    `tables` are names of tables of the same account and region; `*` stands for any part of a name.
    """

    naming: Naming
    cidr: ipaddress.IPv4Network
    zones: int
    tables: Sequence[pulumi.Input[str]]
    flow_logs: FlowLogs | None = None


class NetworkComponent(pulumi.ComponentResource):
    """A VPC without internet gateway or NAT: subnets, the way to DynamoDB, security groups.

    `subnet_ids` has a name for each subnet, by which whatever is made in it can be called; `prefix_list_id` is
    DynamoDB.
    """

    vpc: aws.ec2.Vpc
    default_group: aws.ec2.DefaultSecurityGroup
    route_table: aws.ec2.RouteTable
    subnets: Sequence[aws.ec2.Subnet]
    endpoint: aws.ec2.VpcEndpoint
    groups: SecurityGroups
    flow_log_group: aws.cloudwatch.LogGroup | None
    vpc_id: pulumi.Output[str]
    subnet_ids: Mapping[str, pulumi.Output[str]]
    function_group_id: pulumi.Output[str]
    file_system_group_id: pulumi.Output[str]
    prefix_list_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:NetworkComponent", name, None, opts)
        account, naming, child = account_of(self), args.naming, pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=str(args.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=naming.tags("vpc"),
            opts=child,
        )
        self.default_group = aws.ec2.DefaultSecurityGroup(  # no rules: adopting it empties it
            f"{name}-default", vpc_id=self.vpc.id, tags=naming.tags("default"), opts=child
        )
        self.route_table = aws.ec2.RouteTable(
            f"{name}-routes", vpc_id=self.vpc.id, tags=naming.tags("routes"), opts=child
        )
        self.subnets = isolated_subnets(
            name,
            vpc_id=self.vpc.id,
            route_table_id=self.route_table.id,
            cidr=args.cidr,
            zones=args.zones,
            naming=naming,
            parent=self,
        )
        self.endpoint = self._endpoint(name, args, account)
        self.groups = security_groups(
            name,
            vpc_id=self.vpc.id,
            dynamodb_prefix_list_id=self.endpoint.prefix_list_id,
            naming=naming,
            opts=child,
        )
        self.flow_log_group = args.flow_logs and log_refusals(
            name, args.flow_logs, vpc_id=self.vpc.id, account_id=account.account_id, naming=naming, opts=child
        )
        self.vpc_id, self.prefix_list_id = self.vpc.id, self.endpoint.prefix_list_id
        self.subnet_ids = {str(number): subnet.id for number, subnet in enumerate(self.subnets, start=1)}
        self.function_group_id, self.file_system_group_id = self.groups.functions.id, self.groups.files.id
        self.register_outputs({"vpc_id": self.vpc_id, "subnet_ids": list(self.subnet_ids.values())})

    def _endpoint(self, name: str, args: NetworkArgs, account: Account) -> aws.ec2.VpcEndpoint:
        """Make the free way to DynamoDB, which lets the functions' actions on their tables through."""
        table_arns = pulumi.Output.all(*args.tables).apply(
            lambda names: [account.arn("dynamodb", f"table/{table}") for table in names]
        )
        return aws.ec2.VpcEndpoint(
            f"{name}-dynamodb",
            vpc_id=self.vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=dynamodb_service(account.region),
            route_table_ids=[self.route_table.id],
            policy=table_arns.apply(endpoint_policy),
            tags=args.naming.tags("dynamodb"),
            opts=pulumi.ResourceOptions(parent=self),
        )


def dynamodb_service(region: str) -> str:
    """Return the name under which networks know DynamoDB."""
    return f"com.amazonaws.{region}.dynamodb"
