"""Codes and sessions: their table is the handlers' own, and their key is kept as the table is."""

from __future__ import annotations

from handlers.aws.sessions_table import TTL, sessions_table_arguments
from tests.infra.gateway.sessions_graph import with_sessions
from tests.infra.program import EVERYTHING, graph


def test_the_table_is_the_one_that_the_handlers_define() -> None:
    table = with_sessions().one("Table", "access-table").inputs
    definition = sessions_table_arguments("lambda-sqlite-dev-sessions")
    given = [{"AttributeName": item["name"], "AttributeType": item["type"]} for item in table["attributes"]]
    assert given == definition["AttributeDefinitions"]
    keys = [{"AttributeName": table[f"{kind}Key"], "KeyType": kind.upper()} for kind in ("hash", "range")]
    assert keys == definition["KeySchema"]
    indexes = [
        {
            "IndexName": index["name"],
            "KeySchema": [
                {"AttributeName": key["attributeName"], "KeyType": key["keyType"]} for key in index["keySchemas"]
            ],
            "Projection": {"ProjectionType": index["projectionType"]},
        }
        for index in table["globalSecondaryIndexes"]
    ]
    assert indexes == definition["GlobalSecondaryIndexes"]
    assert (table["name"], table["billingMode"]) == (definition["TableName"], definition["BillingMode"])
    assert table["ttl"] == {"enabled": True, "attributeName": TTL}
    assert table["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 35}


def test_what_is_over_is_kept_where_the_ledger_is() -> None:
    kept = {"protect": True, "retainOnDelete": True}
    everything, dev = graph(EVERYTHING), with_sessions()
    for kind, name in (("Table", "access-table"), ("Secret", "access-secret"), ("SecretVersion", "access-version")):
        assert kept.items() <= everything.one(kind, name).options.items()
        assert not {*kept} & {*dev.one(kind, name).options}
    assert everything.one("Table", "access-table").at("deletionProtectionEnabled") is True
    windows = [seen.one("Secret", "access-secret").at("recoveryWindowInDays") for seen in (everything, dev)]
    assert windows == [30, 0]


def test_the_key_is_drawn_and_then_left_to_whoever_rotates_it() -> None:
    version = with_sessions().one("SecretVersion", "access-version")
    assert version.at("secretString") == {"secret": "drawn"}
    assert version.options["ignoreChanges"] == ["secretString"]
    assert version.at("secretId") == "access-secret-id"
