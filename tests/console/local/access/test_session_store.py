from __future__ import annotations

import re

from console.local.access.sessions import TABLE, SessionStore, readers
from console.local.account.clients import make_clients
from console.local.emulator import Emulator
from handlers.aws.sessions_table import META, PARTITION_KEY, SORT_KEY
from handlers.routes import AUTHORIZER, POSTGRES, gateway_routes


def test_codes_and_sessions_do_not_outlive_a_stack(emulator: Emulator) -> None:
    """An emulator that has kept its tables knows no secret: what the old key named is no use to anybody."""
    dynamodb, secrets = make_clients(emulator.environment, "dynamodb", "secretsmanager")
    keys: set[str] = set()
    for _ in range(2):
        made = SessionStore(emulator.environment).make()
        assert dynamodb.scan(TableName=TABLE)["Count"] == 0
        dynamodb.put_item(TableName=TABLE, Item={PARTITION_KEY: {"S": "CODE#1"}, SORT_KEY: {"S": META}})
        key = secrets.get_secret_value(SecretId=made["SESSION_KEY_ARN"])["SecretString"]
        assert re.fullmatch("[A-Za-z0-9]{64}", key)
        keys.add(key)
        secrets.delete_secret(SecretId=made["SESSION_KEY_ARN"], ForceDeleteWithoutRecovery=True)
    dynamodb.delete_table(TableName=TABLE)
    assert len(keys) == 2


def test_the_reads_of_postgresql_are_guarded_as_all_others_are_and_no_visitors_or_owners_routes() -> None:
    plan = readers(gateway_routes(has_sessions=True, has_postgres=True, provider=POSTGRES))
    assert plan.function == AUTHORIZER
    assert set(plan.routes) == {"$default", "POST /sqlite-efs/sql", "POST /sqlite-tmp/sql"} | {
        f"{method} {path}"
        for method in ("GET", "HEAD")
        for path in (
            *("/postgres", "/postgres/stats", "/postgres/{id}", "/rows", "/rows/stats", "/rows/{id}"),
            "/relational/health",
        )
    }
