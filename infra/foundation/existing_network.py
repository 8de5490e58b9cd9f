"""A network that is there already: its owner sees to the way to DynamoDB, to flow logs and to the default group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.foundation.network import dynamodb_service
from infra.foundation.security_groups import SecurityGroups, security_groups
from infra.naming import Naming


@dataclass(frozen=True, kw_only=True)
class GroupIds:
    """Security groups that are there already: the functions', and that of the file system's mount targets."""

    functions: pulumi.Input[str]
    files: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ExistingNetworkArgs:
    """The VPC and its subnets, each in a zone of its own; without `groups` both security groups are made.

    `subnet_ids` has a name for each subnet, by which whatever is made in it is called.
    """

    naming: Naming
    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    groups: GroupIds | None = None


class ExistingNetworkComponent(pulumi.ComponentResource):
    """A place for the functions in a VPC of somebody else: nothing is made in it but security groups.

    `prefix_list_id` is DynamoDB, where the groups are made; None where they are there already, with their rules.
    """

    groups: SecurityGroups | None
    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    function_group_id: pulumi.Input[str]
    file_system_group_id: pulumi.Input[str]
    prefix_list_id: pulumi.Output[str] | None

    def __init__(self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:ExistingNetworkComponent", name, None, opts)
        self.vpc_id, self.subnet_ids = args.vpc_id, args.subnet_ids
        if args.groups is None:
            self.prefix_list_id = self._prefix_list_id()
            self.groups = self._groups(name, args, self.prefix_list_id)
            self.function_group_id, self.file_system_group_id = self.groups.functions.id, self.groups.files.id
        else:
            self.groups = self.prefix_list_id = None
            self.function_group_id, self.file_system_group_id = args.groups.functions, args.groups.files
        self.register_outputs({"vpc_id": self.vpc_id, "subnet_ids": list(self.subnet_ids.values())})

    def _prefix_list_id(self) -> pulumi.Output[str]:
        return aws.ec2.get_prefix_list_output(
            name=dynamodb_service(account_of(self).region), opts=pulumi.InvokeOutputOptions(parent=self)
        ).id

    def _groups(self, name: str, args: ExistingNetworkArgs, prefix_list_id: pulumi.Output[str]) -> SecurityGroups:
        return security_groups(
            name,
            vpc_id=args.vpc_id,
            dynamodb_prefix_list_id=prefix_list_id,
            naming=args.naming,
            opts=pulumi.ResourceOptions(parent=self),
        )
