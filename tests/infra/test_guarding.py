"""The functions around sessions: where they stand, what they are told, and what they may do."""

from __future__ import annotations

import pytest

from infra.settings.stack_settings import GUARD_SIZE
from tests.infra.contract import statements
from tests.infra.gateway.sessions_graph import with_sessions
from tests.infra.program import EVERYTHING, graph, run

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:access-table"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:{}-secret"
GUARDS = ("sessions", "authorizer")
MADE = ("Table", "Function", "IdentityComponent", "Secret")
IN_BOTH = {"READ_AUTH", "REQUEST_LOG_PERCENT", "SESSIONS_TABLE", "SESSION_KEY_ARN"}


def granted(function: str, part: str, stack: str = EVERYTHING) -> dict[str, tuple[list[str], list[str]]]:
    policy = graph(stack).one("RolePolicy", f"{function}-{part}")
    return {one["Sid"]: (one["Action"], one["Resource"]) for one in statements(policy)}


def test_without_sessions_and_without_an_edge_nothing_of_it_is_there() -> None:
    there = {node.name for node in graph("dev").of(*MADE)}
    assert not {name for name in there if name.startswith(("access", *GUARDS))}
    assert not [name for name in graph("dev").outputs if "session" in name or "authorizer" in name]


def test_with_an_edge_alone_there_is_who_knows_its_key_and_no_session() -> None:
    seen = run("dev", {"edge": "cloudfront"})
    assert {node.name for node in seen.of("Function")} >= {"authorizer-function"}
    assert not {node.name for node in seen.of(*MADE) if node.name.startswith(("access", "sessions"))}
    given = seen.one("Function", "authorizer-function").at("environment.variables")
    assert given["EDGE_KEY_ARN"] == SECRET.format("edge-key")
    assert not {"SESSIONS_TABLE", "SESSION_KEY_ARN"} & {*given}
    rights = {node.name for node in seen.of("RolePolicy") if node.name.startswith("authorizer-")}
    assert rights == {"authorizer-identity-runtime", "authorizer-secrets"}
    assert {*seen.outputs} & {"authorizer_function", "sessions_function", "sessions_table"} == {"authorizer_function"}


@pytest.mark.parametrize("function", GUARDS)
def test_they_are_outside_the_network_and_of_a_fixed_size(function: str) -> None:
    node = graph(EVERYTHING).one("Function", f"{function}-function")
    assert not node.at("vpcConfig")
    assert not node.at("fileSystemConfig")
    assert (node.at("memorySize"), node.at("timeout")) == (GUARD_SIZE.memory_mb, GUARD_SIZE.timeout_s)
    assert GUARD_SIZE.timeout_s <= 10  # the gateway waits no longer for an authorizer


def test_they_are_told_where_sessions_are_and_nothing_of_the_ledger() -> None:
    sessions, authorizer = (
        with_sessions().one("Function", f"{function}-function").at("environment.variables") for function in GUARDS
    )
    assert {*authorizer} == IN_BOTH
    assert {*sessions} == {*IN_BOTH, "SESSION_MINUTES"}
    assert sessions["SESSIONS_TABLE"] == "lambda-sqlite-dev-sessions"
    assert sessions["SESSION_KEY_ARN"] == SECRET.format("access")
    assert sessions["READ_AUTH"] == "session"


def test_the_sessions_function_makes_and_uses_and_never_deletes() -> None:
    actions, index = granted("sessions", "table").values()
    assert {*actions[0]} == {f"dynamodb:{action}" for action in ("BatchGetItem", "GetItem", "PutItem", "UpdateItem")}
    assert actions[1] == [TABLE]
    assert index == (["dynamodb:Query"], [f"{TABLE}/index/by_tenant"])
    assert granted("sessions", "secrets") == {"Secrets": (["secretsmanager:GetSecretValue"], [SECRET.format("access")])}


def test_the_authorizer_looks_up_and_does_nothing_else() -> None:
    assert granted("authorizer", "table") == {"Sessions": (["dynamodb:BatchGetItem"], [TABLE])}
    keys = [SECRET.format(name) for name in ("access", "edge-key")]
    assert granted("authorizer", "secrets") == {"Secrets": (["secretsmanager:GetSecretValue"], keys)}


@pytest.mark.parametrize("function", GUARDS)
def test_the_stacks_key_is_used_through_secrets_manager_too(function: str) -> None:
    (use,) = statements(graph(EVERYTHING).one("RolePolicy", f"{function}-identity-key"))
    services = use["Condition"]["StringEquals"]["kms:ViaService"]
    assert services == [f"{name}.us-east-1.amazonaws.com" for name in ("dynamodb", "lambda", "secretsmanager")]


def test_their_new_versions_are_live_at_once_whatever_the_rollout() -> None:
    for function in GUARDS:
        assert with_sessions().one("Alias", f"{function}-live").options["ignoreChanges"] == ["description"]


def test_outputs() -> None:
    outputs = with_sessions().outputs
    assert outputs["sessions_table"] == "lambda-sqlite-dev-sessions"
    assert outputs["session_key_arn"] == SECRET.format("access")
    for function in GUARDS:
        assert outputs[f"{function}_function"] == f"lambda-sqlite-dev-{function}"
        assert outputs["log_groups"][function] == f"/lambda-sqlite/dev/{function}"
