"""The security groups around the database: the relational function reaches it, and nothing reaches the function.

The function has a group of its own: it needs no file system, and the other functions need no database.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.foundation.security_groups import HTTPS, Rule
from infra.naming import Naming

PORT = 5432  # RDS Proxy listens on no other, so that one address does for both


@dataclass(frozen=True, kw_only=True)
class DatabaseGroups:
    """The ids of the groups of the relational function, of the database and of its proxy."""

    relational: pulumi.Input[str]
    database: pulumi.Input[str]
    proxy: pulumi.Input[str] | None


@dataclass(frozen=True, kw_only=True)
class DatabaseGroupsArgs:
    """The network, its way to DynamoDB, and whether there is a proxy."""

    naming: Naming
    vpc_id: pulumi.Input[str]
    dynamodb_prefix_list_id: pulumi.Input[str]
    has_proxy: bool


class DatabaseGroupsComponent(pulumi.ComponentResource):
    """The groups, each with its rules, and no other way in or out."""

    ids: DatabaseGroups

    def __init__(self, name: str, args: DatabaseGroupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:DatabaseGroupsComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        relational = self._group("relational", "The relational function: out to the database and to DynamoDB alone")
        database = self._group("database", "The database: in from the relational function and the proxy alone")
        self._reach("relational", relational, "database", database, PORT)
        self._rule(
            aws.vpc.SecurityGroupEgressRule,
            "relational-to-dynamodb",
            "HTTPS to DynamoDB",
            HTTPS,
            of=relational,
            prefix_list_id=args.dynamodb_prefix_list_id,
        )
        proxy = self._proxy(relational, database) if args.has_proxy else None
        self.ids = DatabaseGroups(relational=relational.id, database=database.id, proxy=proxy.id if proxy else None)
        self.register_outputs({"relational": self.ids.relational, "database": self.ids.database})

    def _proxy(self, relational: aws.ec2.SecurityGroup, database: aws.ec2.SecurityGroup) -> aws.ec2.SecurityGroup:
        proxy = self._group("proxy", "The proxy: in from the relational function, out to the database alone")
        self._reach("relational", relational, "proxy", proxy, PORT)
        self._reach("proxy", proxy, "database", database, PORT)
        return proxy

    def _group(self, part: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{part}",
            vpc_id=self._args.vpc_id,
            description=description,
            tags=self._args.naming.tags(part),
            opts=self._child,
        )

    def _reach(
        self, part: str, group: aws.ec2.SecurityGroup, peer_part: str, peer: aws.ec2.SecurityGroup, port: int
    ) -> None:
        """Let one group reach another: out of the one, into the other."""
        egress, ingress = aws.vpc.SecurityGroupEgressRule, aws.vpc.SecurityGroupIngressRule
        self._rule(egress, f"{part}-to-{peer_part}", f"PostgreSQL to the {peer_part}", port, of=group, peer=peer)
        self._rule(ingress, f"{peer_part}-from-{part}", f"PostgreSQL from the {part}", port, of=peer, peer=group)

    def _rule(
        self,
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
            f"{self._name}-{part}",
            security_group_id=of.id,
            referenced_security_group_id=peer.id if peer else None,
            prefix_list_id=prefix_list_id,
            description=description,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=self._args.naming.tags(part),
            opts=self._child,
        )
