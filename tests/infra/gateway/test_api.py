from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.routes import COMMAND, OPEN_ROUTES, READ_ROUTES, ROUTES, SQL_ROUTES, gateway_routes
from infra.compute.archive import sources_of
from infra.delivering import infrastructure_hash
from infra.gateway.callers import part_of
from tests.infra.graph import Graph
from tests.infra.program import graph, run

JWT = {"jwtIssuer": "https://issuer.example.com/", "jwtAudience": ["readers"]}


def authorization(seen: Graph) -> dict[str, str]:
    return {node.inputs["routeKey"]: node.inputs["authorizationType"] for node in seen.of("Route")}


def test_the_gateway_has_the_routers_own_routes() -> None:
    targets = {node.inputs["routeKey"]: node.inputs["target"] for node in graph("dev").of("Route")}
    assert targets.pop("$default") == "integrations/api-query-id"
    assert targets == {key: f"integrations/api-{function}-id" for key, function in gateway_routes().items()}


def test_what_the_command_function_answers_never_falls_to_the_default_route() -> None:
    explicit = set(authorization(graph("dev")))
    assert {f"{method} {path}" for method, path, function, _ in ROUTES if function == COMMAND} <= explicit


def test_each_route_may_call_its_function_through_the_alias_and_no_other_may() -> None:
    seen = graph("dev")
    allowed = {node.inputs["sourceArn"]: node.inputs["function"] for node in seen.of("Permission")}
    arn = "arn:aws:execute-api:us-east-1:123456789012:api-gateway/$default/"
    paths = {re.sub(r"\{\w+\}", "*", key.replace(" ", "")): function for key, function in gateway_routes().items()}
    wanted = {arn + path: f"lambda-sqlite-dev-{function}" for path, function in paths.items()}
    assert allowed == {**wanted, f"{arn}$default": "lambda-sqlite-dev-query"}


def test_integrations_call_the_alias() -> None:
    for function in ("command", "query"):
        uri = graph("dev").one("Integration", f"api-{function}").inputs["integrationUri"]
        assert uri == f"arn:aws:apigateway:us-east-1:lambda:path/{function}-live"


@pytest.mark.parametrize(
    ("changes", "write", "read"),
    [
        ({}, "AWS_IAM", "NONE"),
        ({"readAuth": "iam"}, "AWS_IAM", "AWS_IAM"),
        ({"readAuth": "jwt", **JWT}, "AWS_IAM", "JWT"),
        ({"writeAuth": "jwt", **JWT}, "JWT", "NONE"),
        ({"readAuth": "jwt", "writeAuth": "jwt", "jwtWriteScopes": ["write"], **JWT}, "JWT", "JWT"),
    ],
)
def test_who_may_write_and_who_may_read(changes: dict[str, Any], write: str, read: str) -> None:
    kinds = authorization(run("dev", changes))
    assert kinds.pop("$default") == read
    assert set(kinds.values()) == {write}


def test_tokens_are_checked_against_issuer_and_audience() -> None:
    seen = run("dev", {"readAuth": "jwt", **JWT})
    authorizer = seen.one("Authorizer").inputs
    assert authorizer["authorizerType"] == "JWT"
    assert authorizer["identitySources"] == ["$request.header.Authorization"]
    assert authorizer["jwtConfiguration"] == {"issuer": JWT["jwtIssuer"], "audiences": ["readers"]}
    guarded = {node.inputs["routeKey"]: node.inputs.get("authorizerId") for node in seen.of("Route")}
    assert guarded == dict.fromkeys(gateway_routes()) | {"$default": "api-jwt-id"}


def test_a_token_that_may_read_needs_a_scope_to_write() -> None:
    scopes = {
        node.inputs["routeKey"]: node.inputs.get("authorizationScopes") for node in graph("everything").of("Route")
    }
    assert scopes.pop("$default") is None
    assert scopes.pop("OPTIONS /{proxy+}") is None
    assert [scopes.pop(f"{method} {path}") for method in ("GET", "HEAD") for path in ("/ddb", "/ddb/{id}")] == [
        None
    ] * 4
    writes = {*gateway_routes(has_sessions=True)} - SQL_ROUTES - OPEN_ROUTES
    assert {key for key, asked in scopes.items() if asked == ["ledger/write"]} == writes
    assert {key for key, asked in scopes.items() if asked is None} == SQL_ROUTES | OPEN_ROUTES | READ_ROUTES


@pytest.mark.parametrize(("read_auth", "has_route"), [("none", False), ("iam", True)])
def test_browsers_on_named_origins_may_call_and_ask_before(read_auth: str, has_route: bool) -> None:
    seen = run("dev", {"corsOrigins": ["https://a.example.com"], "readAuth": read_auth})
    cors = seen.one("Api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://a.example.com"]
    assert "allowCredentials" not in cors
    assert "snapshot-bookmark" in cors["exposeHeaders"]
    assert set(cors["allowMethods"]) == {"DELETE", "GET", "HEAD", "POST"}
    assert "min-bookmark" in cors["allowHeaders"]
    assert {"authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"} <= set(cors["allowHeaders"])
    preflight = [node.inputs for node in seen.of("Route") if node.inputs["routeKey"] == "OPTIONS /{proxy+}"]
    allowed = [(route["authorizationType"], route["target"]) for route in preflight]
    assert allowed == [("NONE", "integrations/api-query-id")] * has_route


THROTTLED = {"routeThrottles": ["GET /ddb=20/40", "GET /ddb/{id}=5/6", "POST /benchmarks=1/2"]}


def throttles(seen: Graph) -> dict[str, tuple[int, int]]:
    settings = seen.one("Stage").inputs["routeSettings"]
    return {one["routeKey"]: (one["throttlingRateLimit"], one["throttlingBurstLimit"]) for one in settings}


def test_a_throttled_read_has_a_route_of_its_own_with_the_readers_rights_and_no_way_around_it() -> None:
    seen = run("dev", {"readAuth": "iam", **THROTTLED})
    reads = {"GET /ddb": (20, 40), "HEAD /ddb": (20, 40), "GET /ddb/{id}": (5, 6), "HEAD /ddb/{id}": (5, 6)}
    assert throttles(seen) == {**reads, "POST /benchmarks": (1, 2)}
    routes = {node.inputs["routeKey"]: node.inputs for node in seen.of("Route")}
    assert {*routes} == {*gateway_routes(), "$default", *reads}
    for key in reads:
        same = ("target", "authorizationType")
        assert [routes[key][name] for name in same] == [routes["$default"][name] for name in same]
    arns = [node.inputs["sourceArn"].partition("$default/")[2] for node in seen.of("Permission")]
    assert {"GET/ddb", "HEAD/ddb", "GET/ddb/*", "HEAD/ddb/*"} < {*arns}


def test_a_throttled_write_stays_authorised_as_one() -> None:
    seen = run("dev", THROTTLED)
    assert authorization(seen)["POST /benchmarks"] == "AWS_IAM"
    assert authorization(seen)["GET /ddb"] == "NONE"


def test_what_is_expensive_is_let_through_less_often_and_never_more_often_than_all_together() -> None:
    assert throttles(graph("dev")) == {
        "POST /benchmarks": (1, 2),
        "POST /snapshots": (1, 2),
        "POST /sqlite-efs/sql": (10, 20),
        "POST /sqlite-tmp/sql": (10, 20),
    }
    slow = throttles(run("dev", {"throttleRate": 3, "throttleBurst": 4}))
    assert slow["POST /sqlite-efs/sql"] == (3, 4)
    assert slow["POST /benchmarks"] == (1, 2)


def test_without_throttles_of_their_own_all_routes_share_one() -> None:
    assert throttles(run("dev", {"routeThrottles": []})) == {}


def test_without_origins_there_is_no_cors() -> None:
    assert "corsConfiguration" not in graph("dev").one("Api").inputs


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
OWN_NAME = {"domain": "api.example.com", "certificateArn": CERTIFICATE}


def test_an_own_domain_stands_beside_the_default_endpoint_until_that_is_switched_off() -> None:
    first, second = run("dev", OWN_NAME), run("dev", OWN_NAME | {"defaultEndpoint": False})
    assert [seen.one("Api").inputs["disableExecuteApiEndpoint"] for seen in (first, second)] == [False, True]
    assert [seen.outputs["api_url"] for seen in (first, second)] == [
        "https://api-gateway.example.com",
        "https://api.example.com",
    ]
    changed = [node.name for node in second.nodes if node.inputs != first.find(node.urn).inputs]
    assert changed == ["api-gateway"]


def test_an_own_domain_has_its_certificate_and_nothing_older_than_tls_1_2() -> None:
    seen = run("dev", OWN_NAME)
    domain = seen.one("DomainName").inputs
    assert domain["domainName"] == "api.example.com"
    assert domain["domainNameConfiguration"]["certificateArn"] == CERTIFICATE
    assert domain["domainNameConfiguration"]["securityPolicy"] == "TLS_1_2"
    assert domain["domainNameConfiguration"]["endpointType"] == "REGIONAL"
    assert seen.one("ApiMapping").inputs["stage"] == "api-stage-id"
    assert seen.outputs["domain_target"] == "target.example.com"


def test_the_access_log_is_json_with_the_gateways_own_variables() -> None:
    fields = json.loads(graph("dev").one("Stage").inputs["accessLogSettings"]["format"])
    assert {"requestId", "status", "routeKey", "integrationRequestId"} <= set(fields)
    assert all(value.startswith("$context.") for value in fields.values())


FUNCTIONS = ("command", "query", "projector")


def test_outputs() -> None:
    url = "https://api-gateway.example.com"
    assert graph("dev").outputs == {
        "api_url": url,
        "api_id": "api-gateway-id",
        "endpoints": {
            "insert": f"{url}/insert",
            "sqlite_efs": f"{url}/sqlite-efs",
            "sqlite_tmp": f"{url}/sqlite-tmp",
            "ddb": f"{url}/ddb",
            "rows": f"{url}/rows",
        },
        "table_name": "lambda-sqlite-dev-ledger",
        "table_arn": "arn:aws:dynamodb:us-east-1:123456789012:storage-table",
        "file_system_id": "storage-files-id",
        "file_system_arn": "arn:aws:efs:us-east-1:123456789012:storage-files",
        "command_function": "lambda-sqlite-dev-command",
        "query_function": "lambda-sqlite-dev-query",
        "projector_function": "lambda-sqlite-dev-projector",
        "stream_mapping": "projection-stream-id",
        "failure_queue_url": "https://sqs.us-east-1.amazonaws.com/123456789012/projection-failures",
        "failure_queue_arn": "arn:aws:sqs:us-east-1:123456789012:projection-failures",
        "function_arns": {name: f"arn:aws:lambda:us-east-1:123456789012:{name}-function" for name in FUNCTIONS},
        "role_arns": {name: f"arn:aws:iam:us-east-1:123456789012:{name}-identity-role" for name in FUNCTIONS},
        "log_groups": {
            "command": "/lambda-sqlite/dev/command",
            "query": "/lambda-sqlite/dev/query",
            "projector": "/lambda-sqlite/dev/projector",
            "access": "/aws/vendedlogs/lambda-sqlite/dev/access",
        },
        "vpc_id": "network-vpc-id",
        "subnet_ids": ["network-subnet-1-id", "network-subnet-2-id"],
        "manifest": {
            "functions": {name: sources_of(name) for name in FUNCTIONS},
            "infrastructure": infrastructure_hash("dev"),
            "stack": "dev",
        },
    }


def test_outputs_that_only_some_stacks_have() -> None:
    outputs = graph("everything").outputs
    assert outputs["key_arn"] == "arn:aws:kms:us-east-1:123456789012:key-key"
    assert outputs["log_groups"]["flow"] == "/aws/vendedlogs/lambda-sqlite/everything/flow"
    assert outputs["domain_target"] == "target.example.com"


def test_a_protected_stack_says_how_to_destroy_it() -> None:
    assert graph("prod").outputs["to_destroy"].startswith("pulumi config set protect false && pulumi up")


@given(st.lists(st.sampled_from(["a", "b", "health"]), min_size=1), st.sampled_from(["GET", "POST"]))
def test_a_routes_part_of_a_name_is_plain(parts: list[str], method: str) -> None:
    assert part_of(f"{method} /{'/'.join(parts)}") == "-".join([method.lower(), *parts])
