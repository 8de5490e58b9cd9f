"""The IAM documents around the database. Pure: from ARNs to JSON."""

from __future__ import annotations

from collections.abc import Sequence

from infra.account import Account
from infra.policies import TABLE_READS, allow, document, table_resources, trust

# What RDS needs to write its machine's figures (source: AmazonRDSEnhancedMonitoringRole); the log group is one for all
# databases of an account and region.
KEEP_FIGURES = ("logs:CreateLogGroup", "logs:PutRetentionPolicy")
WRITE_FIGURES = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents")
FIGURES_LOG = "RDSOSMetrics"


def user_arn(account: Account, resource_id: str, user: str) -> str:
    """Return the ARN of one user of a database or of a proxy, given by what RDS calls it for good: db-… or prx-…"""
    return account.arn("rds-db", f"dbuser:{resource_id}/{user}")


def proxy_id(proxy_arn: str) -> str:
    """Return what RDS calls a proxy for good, which stands in its ARN alone."""
    return proxy_arn.rpartition(":")[2]


def connect_policy(user_arns: Sequence[str]) -> str:
    """Allow to log in as these users, and as nobody else."""
    return document(allow("Connect", ["rds-db:connect"], user_arns))


def feed_policy(table_arn: str, partitions: Sequence[str]) -> str:
    """Allow to read the ledger, and to put down what was found in these partitions alone."""
    into = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [*partitions]}}
    return document(
        allow("Table", TABLE_READS, table_resources(table_arn)),
        allow("Partitions", ["dynamodb:PutItem"], [table_arn], Condition=into),
    )


def master_policy(secret_arn: str) -> str:
    """Allow to read the master user's secret, which RDS keeps and rotates."""
    return document(allow("Master", ["secretsmanager:GetSecretValue"], [secret_arn]))


def call_policy(function_arn: str) -> str:
    """Allow to call a function as it was deployed last, before any alias leads to it."""
    return document(allow("Call", ["lambda:InvokeFunction"], [function_arn]))


def proxy_trust() -> str:
    """Let RDS take the proxy's role. AWS says of no condition that its proxies would meet it."""
    return trust("rds.amazonaws.com")


def figures_trust(account: Account) -> str:
    """Let RDS take the role that writes a machine's figures, for this account's databases alone."""
    of_account = {"StringEquals": {"aws:SourceAccount": account.account_id}}
    return trust("monitoring.rds.amazonaws.com", Condition=of_account)


def figures_policy(account: Account) -> str:
    """Allow to write the figures of a database's machine."""
    group = account.arn("logs", f"log-group:{FIGURES_LOG}")
    return document(
        allow("Keep", KEEP_FIGURES, [group, f"{group}:*"]),
        allow("Write", WRITE_FIGURES, [f"{group}:log-stream:*"]),
    )
