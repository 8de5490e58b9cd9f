"""The rights on Pulumi's own state of a stack: its objects in a bucket, the key of both, and the passphrase. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from infra.naming import Naming
from infra.policies import Statement, allow

READ_STATE = ("s3:GetObject",)
WRITE_STATE = (*READ_STATE, "s3:DeleteObject", "s3:PutObject")
READ_KEY = ("kms:Decrypt", "kms:DescribeKey")
USE_KEY = (*READ_KEY, "kms:Encrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, kw_only=True)
class State:
    """The stack's state of Pulumi: the ARNs of its bucket, its key and the passphrase; without one, None."""

    bucket_arn: str
    naming: Naming
    key_arn: str | None = None
    passphrase_arn: str | None = None

    def statements(self, *, writes: bool) -> list[Statement]:
        """Return what a preview needs of the state, or with `writes` a deployment."""
        statements = [
            allow("StateBucket", ["s3:ListBucket"], [self.bucket_arn]),
            allow("StateFormat", READ_STATE, [f"{self.bucket_arn}/.pulumi/meta.yaml"]),
            allow("State", WRITE_STATE if writes else READ_STATE, self._objects()),
        ]
        if self.key_arn:
            statements.append(allow("StateKey", USE_KEY if writes else READ_KEY, [self.key_arn]))
        if self.passphrase_arn:
            is_parameter = ":ssm:" in self.passphrase_arn
            action = "ssm:GetParameters" if is_parameter else "secretsmanager:GetSecretValue"
            statements.append(allow("Passphrase", [action], [self.passphrase_arn]))
        return statements

    def _objects(self) -> list[str]:
        """Return the stack's own objects: a bucket may hold the states of others, with their secrets."""
        stack = f"{self.naming.project}/{self.naming.stack}"
        paths = (f"stacks/{stack}.*", *(f"{part}/{stack}/*" for part in ("history", "backups", "locks/organization")))
        return [f"{self.bucket_arn}/.pulumi/{path}" for path in paths]
