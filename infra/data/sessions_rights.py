"""The rights of the functions around sessions. Pure: from ARNs to JSON."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.aws.sessions_table import BY_TENANT
from infra.policies import allow, document

# A transaction is allowed by the actions that it is made of.
KEEP_SESSIONS = (*("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),)
LOOK_UP_SESSIONS = ("dynamodb:BatchGetItem",)


def sessions_policy(table_arn: str) -> str:
    """Allow to make, use, list and end codes and sessions; they are deleted by time alone."""
    return document(
        allow("Sessions", KEEP_SESSIONS, [table_arn]),
        allow("Tenants", ["dynamodb:Query"], [f"{table_arn}/index/{BY_TENANT}"]),
    )


def lookup_policy(table_arn: str) -> str:
    """Allow to look a session up, and to find none but by its key."""
    return document(allow("Sessions", LOOK_UP_SESSIONS, [table_arn]))


def secrets_policy(secret_arns: Sequence[str]) -> str:
    """Allow to read these secrets."""
    return document(allow("Secrets", ["secretsmanager:GetSecretValue"], secret_arns))
