"""RDS Proxy before the database: many sandboxes share few connections, and none of them notices a failover for long.

It asks whoever comes for an IAM token, and logs in to the database by a token of its own: there is no secret between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.database.rights import connect_policy, proxy_trust, user_arn
from infra.naming import Naming

PART = "postgres-proxy"
IDLE_S = 1800  # a client that says nothing for so long is let go
MOST_PERCENT, IDLE_PERCENT = 80, 20  # of the database's connections: the rest is left for whoever sets it up
BORROW_S = 5  # a reader waits no longer for a connection


@dataclass(frozen=True, kw_only=True)
class ProxyArgs:
    """The database behind it, and the only user that comes through.

    Args:
        identifier, resource_id: the database, as it is called and as it is called for good.
        key_arn: encrypts the log; without it AWS manages the key.
    """

    naming: Naming
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    identifier: pulumi.Input[str]
    resource_id: pulumi.Input[str]
    user: str
    log_days: int
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


class ProxyComponent(pulumi.ComponentResource):
    """The proxy, its role, its log and its pool of connections."""

    proxy: aws.rds.Proxy
    target: aws.rds.ProxyTarget

    def __init__(self, name: str, args: ProxyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:ProxyComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = args.naming.tags(PART)
        role, rights = self._role()
        self.proxy = self._proxy(role, [rights, self._log_group()])
        pool = aws.rds.ProxyDefaultTargetGroup(
            f"{name}-pool",
            db_proxy_name=self.proxy.name,
            connection_pool_config={
                "max_connections_percent": MOST_PERCENT,
                "max_idle_connections_percent": IDLE_PERCENT,
                "connection_borrow_timeout": BORROW_S,
            },
            opts=self._child,
        )
        self.target = aws.rds.ProxyTarget(
            f"{name}-target",
            db_proxy_name=self.proxy.name,
            target_group_name=pool.name,
            db_instance_identifier=args.identifier,
            opts=self._child,
        )
        self.register_outputs({"endpoint": self.proxy.endpoint})

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=f"/aws/rds/proxy/{self._args.naming.name(PART)}",
            retention_in_days=self._args.log_days,
            kms_key_id=self._args.key_arn,
            tags=self._tags,
            opts=self._child,
        )

    def _role(self) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        """Make the role by which the proxy logs in to the database as that user."""
        account, user = account_of(self), self._args.user
        role = aws.iam.Role(
            f"{self._name}-role",
            name=self._args.naming.name(PART),
            description="The database's proxy",
            assume_role_policy=proxy_trust(),
            permissions_boundary=self._args.permissions_boundary,
            tags=self._tags,
            opts=self._child,
        )
        policy = pulumi.Output.from_input(self._args.resource_id).apply(
            lambda resource_id: connect_policy([user_arn(account, resource_id, user)])
        )
        rights = aws.iam.RolePolicy(
            f"{self._name}-connect", name="connect", role=role.name, policy=policy, opts=self._child
        )
        return role, rights

    def _proxy(self, role: aws.iam.Role, ready: Sequence[pulumi.Resource]) -> aws.rds.Proxy:
        args = self._args
        return aws.rds.Proxy(
            f"{self._name}-proxy",
            name=args.naming.name(PART),
            engine_family="POSTGRESQL",
            default_auth_scheme="IAM_AUTH",
            require_tls=True,
            debug_logging=False,  # it would write statements down
            idle_client_timeout=IDLE_S,
            role_arn=role.arn,
            vpc_subnet_ids=args.subnet_ids,
            vpc_security_group_ids=[args.security_group_id],
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*ready]),
        )
