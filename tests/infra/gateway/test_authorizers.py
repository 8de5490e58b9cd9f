"""Whom the gateway asks, for what, and how long it keeps the answer."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.routes import OPEN_ROUTES, PREFLIGHT, SQL_ROUTES, gateway_routes
from infra.gateway.authorizers import make_authorizer
from infra.gateway.callers import EDGE, IAM, JWT, NONE, SESSION, Callers, route_rules
from tests.infra.contract import violations
from tests.infra.gateway.sessions_graph import with_sessions
from tests.infra.graph import Graph, graph_of
from tests.infra.program import EVERYTHING, graph

ORIGINS = ("https://a.example.com",)
EVERY_ROUTE = {*gateway_routes(has_sessions=True)}
OWNERS = EVERY_ROUTE - SQL_ROUTES - OPEN_ROUTES
TOKEN, EDGE_KEY = "$request.header.Authorization", "$request.header.x-origin-key"


def rules(**changes: Any) -> dict[str, str]:
    """How each route is authorised."""
    given = Callers(jwt_issuer="https://issuer.example.com", cors_origins=ORIGINS, **changes)
    return {
        key: rule.auth
        for key, rule in route_rules(given, gateway_routes(has_sessions=given.use_sessions()), ["GET /ddb"]).items()
    }


def test_with_sessions_visitors_read_and_ask_and_their_owner_does_all_else() -> None:
    by_session = dict.fromkeys({"$default", "GET /ddb", *SQL_ROUTES}, SESSION)
    by_owner = dict.fromkeys(OWNERS, IAM)
    assert rules(read_auth=SESSION) == by_session | by_owner | dict.fromkeys({*OPEN_ROUTES, PREFLIGHT}, NONE)


def test_behind_an_edge_what_asked_for_nothing_has_to_come_through_it() -> None:
    for read_auth in (NONE, IAM, JWT, SESSION):
        alone, behind = rules(read_auth=read_auth), rules(read_auth=read_auth, has_edge=True)
        guarded = {key: EDGE if auth == NONE else auth for key, auth in alone.items()}
        assert behind == guarded | {PREFLIGHT: NONE}
    assert rules(read_auth=NONE, has_edge=True)["$default"] == EDGE


def test_without_sessions_there_are_no_routes_of_theirs_and_statements_are_writes() -> None:
    for read_auth in (NONE, IAM, JWT):
        given = rules(read_auth=read_auth)
        assert not {key for key in given if "/access" in key or "/sessions" in key}
        assert {given[key] for key in SQL_ROUTES} == {IAM}


def authorizer(seen: Graph, kind: str) -> dict[str, Any]:
    return seen.one("Authorizer", f"api-{kind}").inputs


@pytest.mark.parametrize(
    ("stack", "sources"),
    [("dev", [TOKEN, "$context.routeKey"]), (EVERYTHING, [TOKEN, "$context.routeKey", EDGE_KEY])],
)
def test_a_session_is_asked_for_by_its_token_and_the_route_and_the_answer_kept_for_a_minute(
    stack: str, sources: list[str]
) -> None:
    seen = with_sessions() if stack == "dev" else graph(stack)
    session = authorizer(seen, "session")
    assert session["identitySources"] == sources
    assert session["authorizerResultTtlInSeconds"] == 60
    assert (session["authorizerType"], session["authorizerPayloadFormatVersion"]) == ("REQUEST", "2.0")
    assert session["enableSimpleResponses"] is True
    assert session["authorizerUri"] == "arn:aws:apigateway:us-east-1:lambda:path/authorizer-live"


def test_the_edge_is_known_by_its_key_alone() -> None:
    edge = authorizer(graph(EVERYTHING), "edge")
    assert edge["identitySources"] == [EDGE_KEY]
    assert edge["authorizerResultTtlInSeconds"] == 60


def test_routes_name_their_authorizer() -> None:
    routes = {node.at("routeKey"): node.inputs for node in graph(EVERYTHING).of("Route")}
    assert routes["$default"]["authorizationType"] == routes["POST /sessions"]["authorizationType"] == "CUSTOM"
    assert routes["$default"]["authorizerId"] == "api-session-id"
    assert routes["POST /sessions"]["authorizerId"] == "api-edge-id"
    assert routes["POST /sessions"]["target"] == "integrations/api-sessions-id"
    assert routes["POST /access/codes"]["authorizerId"] == "api-jwt-id"


def test_each_authorizer_may_call_its_function_and_no_other_may() -> None:
    allowed = {
        node.name: (node.at("sourceArn"), node.at("qualifier"))
        for node in graph(EVERYTHING).of("Permission")
        if node.at("function") == "lambda-sqlite-everything-authorizer"
    }
    arn = "arn:aws:execute-api:us-east-1:123456789012:api-gateway/authorizers"
    assert allowed == {f"api-{kind}": (f"{arn}/api-{kind}-id", "live") for kind in ("session", "edge")}


def test_a_gateway_that_would_have_nobody_to_ask_is_not_made() -> None:
    def build() -> None:
        api: Any = None
        make_authorizer("api", SESSION, api, callers=Callers(), target=None, opts=None)  # pyright: ignore[reportArgumentType]

    with pytest.raises(ValueError, match="authorizer: got nothing, allowed: a function, needed by session"):
        graph_of(build)


def test_a_stack_with_sessions_keeps_the_contract() -> None:
    assert violations(with_sessions()) == []
