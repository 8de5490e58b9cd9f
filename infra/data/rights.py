"""The IAM documents of AWS Backup's two roles: the one that copies, and the one that restores. Pure: from ARNs to JSON.

AWS's managed policies for both reach every table, volume and database of the account, and change without notice. These
name the statements that AWS lists for DynamoDB and EFS (docs.aws.amazon.com/aws-backup/latest/devguide,
security-iam-awsmanpol), on this stack's resources alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.account import Account
from infra.policies import Statement, allow, document, trust

# Each action twice, as AWS names it for accounts with and without its advanced features for DynamoDB.
COPY_TABLE = (
    *("dynamodb:CreateBackup", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"),
)
COPY_FILES = ("elasticfilesystem:Backup", "elasticfilesystem:DescribeTags")
FILL_TABLE = (
    *("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem"),
    *("dynamodb:PutItem", "dynamodb:Query", "dynamodb:RestoreTableFromAwsBackup", "dynamodb:RestoreTableFromBackup"),
    *("dynamodb:Scan", "dynamodb:UpdateItem"),
)
READ_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
WRITE_KEY = (
    *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
    *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
)


def backup_trust(account: Account) -> str:
    """Let AWS Backup take a role, for this account's backups only."""
    return trust("backup.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": account.account_id}})


def copy_policy(table_arn: str, file_system_arn: str | None, *, vault_arn: str, key_arn: str | None) -> str:
    """Allow copies of the table, and of the file system if one is named, into the vault; nothing can be restored."""
    statements = [
        allow("Table", COPY_TABLE, [table_arn]),
        allow("Copies", ["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"], [f"{table_arn}/backup/*"]),
        allow("Vault", ["backup:DescribeBackupVault"], [vault_arn]),
        allow("Tags", ["backup:TagResource"], [_recovery_points(vault_arn)]),
    ]
    if file_system_arn is not None:
        statements += [allow("Files", COPY_FILES, [file_system_arn]), allow("Found", ["tag:GetResources"], ["*"])]
    return document(*statements, *_key(READ_KEY, key_arn))


def restore_policy(table_arn: str, key_arn: str | None) -> str:
    """Allow restores of the table's copies into new tables, whose names begin with its own and a hyphen."""
    return document(
        allow("NewTable", FILL_TABLE, [f"{table_arn}-*"]),
        allow("Copies", ["dynamodb:DescribeBackup", "dynamodb:RestoreTableFromBackup"], [f"{table_arn}/backup/*"]),
        *_key(WRITE_KEY, key_arn),
    )


def _recovery_points(vault_arn: str) -> str:
    """Return the ARN of all recovery points beside a vault: theirs name no vault."""
    return f"{':'.join(vault_arn.split(':')[:5])}:recovery-point:*"


def _key(actions: Sequence[str], key_arn: str | None) -> list[Statement]:
    """Allow the use of the stack's key, where it has one, through DynamoDB, and grants to AWS's own services."""
    if key_arn is None:
        return []
    via = {"StringEquals": {"kms:ViaService": f"dynamodb.{key_arn.split(':')[3]}.amazonaws.com"}}
    by_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        allow("Key", actions, [key_arn], Condition=via),
        allow("KnowKey", ["kms:DescribeKey"], [key_arn]),
        allow("GrantKey", ["kms:CreateGrant"], [key_arn], Condition=by_aws),
    ]
