"""The table of access codes and sessions: its definition stands here once, as that of the ledger's table does.

A code lies under pk = "CODE#<its keyed hash>", a session under "SESSION#<its keyed hash>", what an address has tried in
vain under "ADDRESS#<its keyed hash>"; sk is always "META". The index finds the codes or the sessions of a tenant.
"""

from __future__ import annotations

PARTITION_KEY = "pk"
SORT_KEY = "sk"
META = "META"  # the only sort key
ENTITY_TYPE = "entityType"
TENANT_ID = "tenantId"
BY_TENANT = "by_tenant"
TTL = "expiresAt"  # seconds since 1970; what is over counts as gone before the table has forgotten it
CODE, SESSION, ADDRESS = "CODE", "SESSION", "ADDRESS"

ATTRIBUTES = {PARTITION_KEY: "S", SORT_KEY: "S", ENTITY_TYPE: "S", TENANT_ID: "S"}


def sessions_table_arguments(name: str) -> dict[str, object]:
    """Return the arguments of DynamoDB's CreateTable. Time to live is switched on by a call of its own."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in ATTRIBUTES.items()
        ],
        "KeySchema": [
            {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
            {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": BY_TENANT,
                "KeySchema": [
                    {"AttributeName": ENTITY_TYPE, "KeyType": "HASH"},
                    {"AttributeName": TENANT_ID, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
        ],
    }
