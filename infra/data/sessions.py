"""Access codes and sessions: their table, and the key of their hashes.

The table holds no code and no token, only what the key makes of them; without the key nothing in it lets anybody in.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.aws.sessions_table import (
    ATTRIBUTES,
    BY_TENANT,
    ENTITY_TYPE,
    PARTITION_KEY,
    SORT_KEY,
    TENANT_ID,
    TTL,
)
from infra.data.secret import SecretArgs, make_secret
from infra.naming import Naming

RECOVERY_DAYS = 35


@dataclass(frozen=True, kw_only=True)
class SessionsArgs:
    """The stack's names, and how codes, sessions and their key are kept.

    Args:
        protect: guard table and key against deletion, and keep them when the stack goes.
        key_arn: encrypts both; without it AWS manages the keys.
    """

    naming: Naming
    protect: bool = True
    key_arn: pulumi.Input[str] | None = None


class SessionsComponent(pulumi.ComponentResource):
    """The table of codes and sessions, and the secret that keys their hashes."""

    table: aws.dynamodb.Table
    secret: aws.secretsmanager.Secret

    def __init__(self, name: str, args: SessionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:SessionsComponent", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect)
        self.table = _table(name, args, kept)
        secret = SecretArgs(
            naming=args.naming,
            part="session-key",
            description="Keys the hashes of access codes and sessions",
            protect=args.protect,
            key_arn=args.key_arn,
        )
        self.secret, _ = make_secret(name, secret, kept)
        self.register_outputs({"table_name": self.table.name, "key_arn": self.secret.arn})


def _table(name: str, args: SessionsArgs, opts: pulumi.ResourceOptions) -> aws.dynamodb.Table:
    """Make the table. Its units have no cap: each is a request's, and the gateway throttles those."""
    return aws.dynamodb.Table(
        f"{name}-table",
        name=args.naming.name("sessions"),
        billing_mode="PAY_PER_REQUEST",
        hash_key=PARTITION_KEY,
        range_key=SORT_KEY,
        attributes=[{"name": attribute, "type": kind} for attribute, kind in ATTRIBUTES.items()],
        global_secondary_indexes=[
            {
                "name": BY_TENANT,
                "key_schemas": [
                    {"attribute_name": ENTITY_TYPE, "key_type": "HASH"},
                    {"attribute_name": TENANT_ID, "key_type": "RANGE"},
                ],
                "projection_type": "ALL",
            }
        ],
        ttl={"enabled": True, "attribute_name": TTL},
        point_in_time_recovery={"enabled": True, "recovery_period_in_days": RECOVERY_DAYS},
        server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
        deletion_protection_enabled=args.protect,
        tags=args.naming.tags("sessions"),
        opts=opts,
    )
