"""PostgreSQL in the whole stack: what there is, who may do what, and in which order it comes."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from handlers.routes import MIGRATOR, RELATIONAL
from infra.relating import THREE_READERS, UNCAPPED
from infra.settings.stack_settings import MIGRATOR_SIZE
from tests.infra.contract import statements, violations
from tests.infra.graph import Graph, Node
from tests.infra.program import EVERYTHING, graph, run

RDS = {"postgres": "rds"}
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:storage-table"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!database-instance"
USER = "arn:aws:rds-db:us-east-1:123456789012:dbuser:{}/relational"
GIVEN = {
    "vpcId": "vpc-0a1b2c3d4e5f60718",
    "subnetIds": ["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
    "functionGroupId": "sg-0a1b2c3d",
    "fileSystemGroupId": "sg-1a1b2c3d",
}


@cache
def with_postgres() -> Graph:
    return run("dev", RDS)


def granted(function: str, part: str, seen: Graph) -> dict[str, tuple[list[str], list[str]]]:
    policy = seen.one("RolePolicy", f"{function}-{part}")
    return {one["Sid"]: (one["Action"], one["Resource"]) for one in statements(policy)}


def environment(function: str, seen: Graph) -> dict[str, str]:
    return seen.one("Function", f"{function}-function").at("environment.variables")


def waits_for(seen: Graph, node: Node, other: Node) -> bool:
    """Whether a node is made after another, directly or by way of others."""
    found, todo = {node.urn}, [node]
    by_urn = {one.urn: one for one in seen.nodes}
    while todo:
        for urn in todo.pop().dependencies - found:
            found.add(urn)
            todo.append(by_urn[urn])
    return other.urn in found


def test_without_it_nothing_of_it_is_there() -> None:
    seen = graph("dev")
    assert not seen.of("Instance", "Proxy", "ParameterGroup", "SubnetGroup", "Invocation")
    assert not {node.name for node in seen.of("Function")} & {"relational-function", "migrator-function"}
    assert not [name for name in seen.outputs if "database" in name or "relational" in name or "migrator" in name]
    assert "postgres" not in seen.outputs["endpoints"]
    assert environment("query", seen)["POSTGRES"] == "off"


@pytest.mark.parametrize("proxy", [False, True], ids=["direct", "through a proxy"])
def test_with_it_the_contract_is_kept(proxy: bool) -> None:
    assert violations(run("dev", RDS | {"postgresProxy": proxy, "kms": "cmk", "alarms": True})) == []


def test_the_function_is_told_where_the_database_is_and_no_secret() -> None:
    given = environment(RELATIONAL, with_postgres())
    assert given["DATABASE_URL"] == "postgresql://relational@database-instance.example.com:5432/lambda_sqlite"
    assert given["TABLE_NAME"] == "lambda-sqlite-dev-ledger"
    assert given["DB_PROVIDER"] == "sqlite-efs"
    assert given["POSTGRES"] == environment("query", with_postgres())["POSTGRES"] == "on"
    assert not {"EFS_DIR", "DATABASE_PROXY", "MASTER_SECRET_ARN"} & {*given}
    assert environment(RELATIONAL, graph(EVERYTHING))["DATABASE_PROXY"] == "database-proxy-proxy.example.com:5432"


def test_it_may_log_in_as_one_user_and_read_the_ledger() -> None:
    assert granted(RELATIONAL, "connect", with_postgres()) == {
        "Connect": (["rds-db:connect"], [USER.format("db-database-instance")])
    }
    assert granted(RELATIONAL, "connect", graph(EVERYTHING))["Connect"][1] == [
        USER.format("db-database-instance"),
        USER.format("database-proxy-proxy"),
    ]
    rights = granted(RELATIONAL, "table", with_postgres())
    assert rights["Table"] == (["dynamodb:GetItem", "dynamodb:Query"], [TABLE, f"{TABLE}/index/*"])
    (note,) = [
        one for one in statements(with_postgres().one("RolePolicy", "relational-table")) if one["Sid"] == "Partitions"
    ]
    assert note["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["verification"]}}


def test_it_stands_in_the_network_in_a_group_of_its_own_without_the_file_system() -> None:
    node = with_postgres().one("Function", "relational-function")
    assert node.at("vpcConfig.securityGroupIds") == ["database-groups-relational-id"]
    assert not node.at("fileSystemConfig")
    assert with_postgres().one("RolePolicy", "relational-no-interfaces")


def test_the_migrator_stands_outside_reads_one_secret_and_calls_one_function() -> None:
    node = with_postgres().one("Function", "migrator-function")
    assert not node.at("vpcConfig")
    assert (node.at("memorySize"), node.at("timeout")) == (MIGRATOR_SIZE.memory_mb, MIGRATOR_SIZE.timeout_s)
    assert environment(MIGRATOR, with_postgres()) == {
        "MASTER_SECRET_ARN": SECRET,
        "RELATIONAL_FUNCTION": "lambda-sqlite-dev-relational",
    }
    assert granted(MIGRATOR, "master", with_postgres()) == {"Master": (["secretsmanager:GetSecretValue"], [SECRET])}
    called = "arn:aws:lambda:us-east-1:123456789012:function:lambda-sqlite-dev-relational"
    assert granted(MIGRATOR, "call", with_postgres()) == {"Call": (["lambda:InvokeFunction"], [called])}
    via = statements(graph(EVERYTHING).one("RolePolicy", "migrator-identity-key"))[0]["Condition"]["StringEquals"]
    assert "secretsmanager.us-east-1.amazonaws.com" in via["kms:ViaService"]


@pytest.mark.parametrize("stack", ["dev", EVERYTHING])
def test_the_new_code_sets_the_database_up_before_any_caller_is_led_to_it(stack: str) -> None:
    seen = with_postgres() if stack == "dev" else graph(stack)
    setup = seen.one("Invocation")
    assert setup.at("functionName") == f"lambda-sqlite-{stack}-migrator"
    assert setup.at("qualifier") is None  # the newest code, not what an alias leads to
    made = [seen.one("Function", "relational-function"), seen.one("Function", "migrator-function")]
    made += [seen.one("Instance"), *seen.of("ProxyTarget"), seen.one("RolePolicy", "relational-connect")]
    assert all(waits_for(seen, setup, node) for node in made)
    assert waits_for(seen, seen.one("Alias", "relational-live"), setup)


def test_it_is_set_up_anew_where_either_function_or_the_database_is_another() -> None:
    triggers = with_postgres().one("Invocation").at("triggers")
    sources = {
        name: with_postgres().one("Function", f"{name}-function").at("tags.Sources") for name in (RELATIONAL, MIGRATOR)
    }
    assert triggers == sources | {"database": "db-database-instance"}


def test_it_follows_the_head_as_the_projector_does_and_leaves_its_failures_in_the_same_queue() -> None:
    feed, projection = (with_postgres().one("EventSourceMapping", f"{name}-stream") for name in ("feed", "projection"))
    same = {*feed.inputs} - {"functionName", "tags"}
    assert {key: feed.inputs[key] for key in same} == {key: projection.inputs[key] for key in same}
    assert feed.at("functionName").endswith(":relational-live")
    assert with_postgres().one("FunctionEventInvokeConfig", "feed-tasks").at("maximumRetryAttempts") == 0
    assert with_postgres().one("Schedule", "schedules-feed").at("target.input") == '{"task": "maintain"}'


def test_with_no_projection_by_the_stream_it_is_followed_all_the_same() -> None:
    mappings = run("dev", RDS | {"projection": "sync"}).of("EventSourceMapping")
    assert [node.name for node in mappings] == ["feed-stream"]


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, False),
        ({"jobs": True}, True),
        ({"lake": True}, False),
        ({"notifications": True, "projection": "sync"}, False),
    ],
    ids=["alone", "jobs", "lake", "notifications alone"],
)
def test_a_third_reader_of_the_stream_is_warned_of(
    changes: dict[str, Any], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", told.append)
    run("dev", RDS | changes)
    assert (THREE_READERS in told) is is_told


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [({}, True), ({"postgresProxy": True}, False), ({"relationalConcurrency": 50}, False)],
    ids=["neither", "a proxy", "reserved"],
)
def test_connections_that_nothing_caps_are_warned_of(
    changes: dict[str, Any], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", told.append)
    run("dev", RDS | changes)
    assert (UNCAPPED in told) is is_told


def test_in_a_network_whose_groups_are_there_it_takes_them_and_makes_none() -> None:
    seen = run("dev", RDS | GIVEN | {"databaseGroupId": "sg-2a1b2c3d", "postgresProxy": True})
    assert violations(seen) == []
    assert not seen.of("SecurityGroup", "SecurityGroupIngressRule", "SecurityGroupEgressRule")
    assert seen.one("Function", "relational-function").at("vpcConfig.securityGroupIds") == ["sg-0a1b2c3d"]
    assert seen.one("Instance").at("vpcSecurityGroupIds") == ["sg-2a1b2c3d"]
    assert seen.one("Proxy").at("vpcSecurityGroupIds") == ["sg-2a1b2c3d"]
    without = run("dev", RDS | GIVEN | {"databaseGroupId": "sg-2a1b2c3d"})
    assert not without.of("Proxy")


def test_in_a_network_that_is_there_its_groups_are_made() -> None:
    seen = run("dev", RDS | {key: GIVEN[key] for key in ("vpcId", "subnetIds")})
    assert violations(seen) == []
    assert seen.one("SecurityGroup", "database-groups-database").at("vpcId") == GIVEN["vpcId"]
    assert seen.one("SecurityGroupEgressRule", "database-groups-relational-to-dynamodb").at("prefixListId")


def test_outputs() -> None:
    outputs = graph(EVERYTHING).outputs
    assert outputs["database_endpoint"] == "database-instance.example.com:5432"
    assert outputs["database_proxy"] == "database-proxy-proxy.example.com:5432"
    assert outputs["database_secret_arn"] == SECRET
    assert outputs["relational_function"] == "lambda-sqlite-everything-relational"
    assert outputs["migrator_function"] == "lambda-sqlite-everything-migrator"
    assert outputs["relational_stream_mapping"] == "feed-stream-id"
    assert outputs["log_groups"]["database"] == "/aws/rds/instance/lambda-sqlite-everything-postgres/postgresql"
    assert {"postgres", "rows"} <= {*outputs["endpoints"]}
    assert "database_proxy" not in with_postgres().outputs


def test_its_versions_are_live_as_the_rollout_says_and_it_is_tried_like_the_others() -> None:
    tests = graph(EVERYTHING).one("StateMachine", "rollout-machine").at("definition.States.Read the order.Assign.tests")
    assert "lambda-sqlite-everything-relational" in tests
    assert not any("migrator" in name for name in tests)
    without = run("dev", {"rollout": "canary"}).one("StateMachine")
    assert "relational" not in str(without.at("definition"))
