"""The rights of those who deploy on PostgreSQL: the database, its proxy and what both write down. Pure.

A proxy and its targets have names in the settings alone, and random ids in their ARNs.
"""

from __future__ import annotations

from infra.account import Account
from infra.naming import Naming
from infra.policies import Statement, allow

KINDS = ("db", "pg", "snapshot", "subgrp")  # that carry the stack's name in their ARN
TARGETS = (
    *("rds:DeregisterDBProxyTargets", "rds:DescribeDBProxyTargetGroups", "rds:DescribeDBProxyTargets"),
    *("rds:ModifyDBProxyTargetGroup", "rds:RegisterDBProxyTargets"),
)
# RDS makes the master user's secret by the rights of whoever makes the database (source: RDS user guide, "Password
# management with Amazon RDS and AWS Secrets Manager").
MAKE_SECRET = ("secretsmanager:CreateSecret", "secretsmanager:TagResource")


def database_statements(account: Account, naming: Naming, made: Statement, owned: Statement) -> list[Statement]:
    """Return all that it takes to make, change and delete a database and its proxy.

    Args:
        made, owned: the conditions that a request gives, or a resource has, the stack's tags.
    """
    name = naming.name("*")
    proxies, targets = account.arn("rds", "db-proxy:*"), account.arn("rds", "target-group:*")
    logs = [account.arn("logs", f"log-group:/aws/rds/{kind}/{name}") for kind in ("instance", "proxy")]
    return [
        allow("Databases", ["rds:*"], [account.arn("rds", f"{kind}:{name}") for kind in KINDS]),
        allow("Options", ["rds:CreateDBInstance", "rds:ModifyDBInstance"], [account.arn("rds", "og:default*")]),
        allow("MakeProxies", ["rds:AddTagsToResource", "rds:CreateDBProxy"], [proxies], **made),
        allow("ChangeProxies", ["rds:*"], [proxies], **owned),
        allow("Targets", TARGETS, [targets]),
        allow("Seen", ["rds:Describe*", "rds:ListTagsForResource"], ["*"]),
        allow("DatabaseLogs", ["logs:*"], logs),
        allow("MasterSecret", MAKE_SECRET, [account.arn("secretsmanager", "secret:rds!db-*")]),
    ]
