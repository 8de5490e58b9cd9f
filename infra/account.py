"""The account and region that a resource's provider works in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pulumi
import pulumi_aws as aws

from infra.typed_config import ConfigError


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account in one region."""

    partition: str
    region: str
    account_id: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def root_arn(self) -> str:
        """Return the principal that stands for the account's own IAM policies."""
        return f"arn:{self.partition}:iam::{self.account_id}:root"


def account_of(resource: pulumi.Resource | None = None) -> Account:
    """Return the account and region of the provider that a resource's children get; without one, of the stack's."""
    return account_behind(resource.get_provider("aws:index/getRegion:getRegion") if resource else None)


@cache  # each question waits for the engine, and a program asks for two dozen parts of the stack
def account_behind(provider: pulumi.ProviderResource | None) -> Account:
    """Return the account and region of a provider, or of the stack's own."""
    options = pulumi.InvokeOptions(provider=provider)
    return Account(
        partition=aws.get_partition(opts=options).partition,
        region=aws.get_region(opts=options).region,
        account_id=aws.get_caller_identity(opts=options).account_id,
    )


def check_account(allowed_ids: Sequence[str]) -> None:
    """Refuse to work in any other account than these; none means any. Raises ConfigError."""
    if not allowed_ids:
        return
    account_id = aws.get_caller_identity().account_id
    if account_id not in allowed_ids:
        raise ConfigError(
            "the account of these credentials", account_id, f"allowedAccountIds: {', '.join(allowed_ids)}"
        )
