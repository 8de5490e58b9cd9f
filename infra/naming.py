"""The names and tags of one stack's resources. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The names of one stack's things in one account and region."""

    project: str
    stack: str
    stage: str
    partition: str
    region: str
    account: str

    def name(self, part: str) -> str:
        """The physical name of a part of the stack."""
        return f"{self.project}-{self.stack}-{part}"

    def tags(self, part: str) -> dict[str, str]:
        """The tags of a part of the stack."""
        return {
            "Name": self.name(part),
            "Project": self.project,
            "Stack": self.stack,
            "Stage": self.stage,
            "ManagedBy": "pulumi",
        }

    def log_group(self, part: str) -> str:
        """The name of a log group; not the one that Lambda would make by itself."""
        return f"/{self.project}/{self.stack}/{part}"

    def vended_log_group(self, part: str) -> str:
        """The name of a log group that AWS delivers to; under this prefix its resource policy cannot overflow."""
        return f"/aws/vendedlogs{self.log_group(part)}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def table(self) -> str:
        """The table's name."""
        return self.name("ledger")

    def table_arn(self) -> str:
        """The table's ARN, known before there is a table: the network's policy names it."""
        return self.arn("dynamodb", f"table/{self.table()}")

    def account_root(self) -> str:
        """The principal that stands for the account's own IAM policies."""
        return f"arn:{self.partition}:iam::{self.account}:root"
