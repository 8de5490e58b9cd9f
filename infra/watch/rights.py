"""The document that lets AWS's own services tell a topic. Pure: from ARNs to JSON."""

from __future__ import annotations

from infra.account import Account
from infra.policies import allow, announcers, document, refuse_plain_text

PUBLISH = ("sns:Publish",)


def topic_policy(account: Account, topic_arn: str, stack_name: str) -> str:
    """Let this stack's alarms and this account's budgets publish, and nobody without TLS."""
    allowed = [allow(name, PUBLISH, [topic_arn], **of) for name, of in announcers(account, stack_name).items()]
    return document(*allowed, refuse_plain_text(PUBLISH, [topic_arn]))
