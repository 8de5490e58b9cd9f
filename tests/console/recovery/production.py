"""A stack on AWS by its names, as docs/recovery.md shows it."""

from __future__ import annotations

from console.recovery.names import names_from_outputs

OUTPUTS = {
    "table_name": "lambda-sqlite-prod-ledger",
    "table_arn": "arn:aws:dynamodb:us-east-1:123456789012:table/lambda-sqlite-prod-ledger",
    "file_system_id": "fs-0a1b2c3d4e5f60718",
    "api_url": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
    "command_function": "lambda-sqlite-prod-command",
    "projector_function": "lambda-sqlite-prod-projector",
    "backup_vault": "lambda-sqlite-prod-backups",
    "restore_role_arn": "arn:aws:iam::123456789012:role/lambda-sqlite-prod-backup-restore",
    "key_arn": "arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-5f60-7182-93a4-b5c6d7e8f901",
}
PROD = names_from_outputs("prod", OUTPUTS)
MOMENT = "2026-01-31T12:00:00Z"
