"""The roles of GitHub's workflows: who may take them, and what they may do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.account import Account
from infra.delivery.rights import infrastructure_policies, preview_policy
from infra.delivery.state import State
from infra.naming import Naming
from infra.policies import document
from tests.infra.contract import statements, violations
from tests.infra.graph import Graph
from tests.infra.program import EVERYTHING, graph, run

ISSUER = "token.actions.githubusercontent.com"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
SETTINGS = {"githubRepository": "owner/name", "githubEnvironment": "prod", "permissionsBoundary": BOUNDARY}
ACCOUNT = Account(partition="aws", region="us-east-1", account_id="123456789012")
NAMING = Naming(project="app", stack="dev", stage="dev")


@pytest.fixture(scope="module")
def without_provider() -> Graph:
    return run("dev", SETTINGS)


def trust(seen: Graph, role: str) -> dict[str, Any]:
    (statement,) = json.loads(seen.one("Role", role).inputs["assumeRolePolicy"])["Statement"]
    return statement


@pytest.mark.parametrize(
    ("role", "subject"),
    [("github-deploy", "repo:owner/name:environment:prod"), ("github-preview", "repo:owner/name:pull_request")],
)
def test_a_role_is_for_one_subject_of_one_repository(without_provider: Graph, role: str, subject: str) -> None:
    given = trust(without_provider, role)
    assert given["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert given["Condition"] == {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subject}}


def test_the_identity_provider_is_made_or_taken(without_provider: Graph) -> None:
    provider = without_provider.one("OpenIdConnectProvider")
    assert (provider.at("url"), provider.at("clientIdLists")) == (f"https://{ISSUER}", ["sts.amazonaws.com"])
    assert trust(without_provider, "github-deploy")["Principal"]["Federated"].endswith("github-provider")
    assert graph(EVERYTHING).of("OpenIdConnectProvider") == []
    theirs = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
    assert trust(graph(EVERYTHING), "github-deploy")["Principal"] == {"Federated": theirs}
    assert violations(without_provider) == []


def test_a_stack_without_a_repository_has_neither() -> None:
    for kind in ("OpenIdConnectProvider", "Policy", "Pipeline", "Project", "Bucket"):
        assert graph("dev").of(kind) == []


def test_a_pull_request_changes_nothing() -> None:
    (look,) = [node for node in graph(EVERYTHING).of("RolePolicy") if node.inputs["role"].endswith("github-preview")]
    actions = {action for statement in statements(look) for action in statement["Action"]}
    changing = {action for action in actions if not action.split(":")[1].startswith(("Get", "List", "Describe"))}
    assert changing == {"kms:Decrypt", "states:ValidateStateMachineDefinition"}


def test_without_a_bucket_the_state_is_elsewhere(without_provider: Graph) -> None:
    assert [node.name for node in without_provider.of("RolePolicy") if node.name.startswith("github-")] == [
        "github-look"
    ]
    assert "s3:" not in preview_policy(ACCOUNT, NAMING, None)


@pytest.mark.parametrize(
    ("arn", "action"),
    [
        ("arn:aws:ssm:us-east-1:123456789012:parameter/pulumi", "ssm:GetParameters"),
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:pulumi-AbCdEf", "secretsmanager:GetSecretValue"),
    ],
)
def test_the_passphrase_is_read_where_it_is(arn: str, action: str) -> None:
    state = State(bucket_arn="arn:aws:s3:::state", naming=NAMING, passphrase_arn=arn)
    assert [(each["Action"], each["Resource"]) for each in state.statements(writes=False)][-1] == ([action], [arn])


def test_who_deploys_makes_roles_with_the_boundary_alone_and_never_touches_its_own() -> None:
    (roles,) = [
        json.loads(text)["Statement"]
        for name, text in infrastructure_policies(ACCOUNT, NAMING, BOUNDARY, ["app-dev-deploy"]).items()
        if name == "roles"
    ]
    named = {statement["Sid"]: statement for statement in roles}
    assert {"iam:CreateRole", "iam:PutRolePolicy"} <= set(named["MakeRoles"]["Action"])
    assert named["MakeRoles"]["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    assert named["MakeRoles"]["Resource"] == ["arn:aws:iam::123456789012:role/app-dev-*"]
    denied = named["OwnRoles"]
    assert (denied["Effect"], denied["Resource"]) == ("Deny", ["arn:aws:iam::123456789012:role/app-dev-deploy"])
    changing = {
        action
        for name in ("MakeRoles", "ChangeRoles")
        for action in named[name]["Action"]
        if not action.startswith(("iam:Get", "iam:List"))
    }
    assert changing | {"iam:DeleteRolePermissionsBoundary"} == set(denied["Action"])


def test_all_roles_that_deploy_are_out_of_reach_of_each_other() -> None:
    seen = graph(EVERYTHING)
    for node in seen.of("Policy"):
        for statement in statements(node):
            if statement["Sid"] == "OwnRoles":
                assert {arn.rpartition("/")[2] for arn in statement["Resource"]} == {
                    role.inputs["name"] for role in seen.of("Role") if role.name.startswith(("github", "delivery"))
                }


@pytest.mark.parametrize("writes", [False, True], ids=["preview", "deployment"])
def test_the_state_of_other_stacks_is_out_of_reach(writes: bool) -> None:
    state = State(bucket_arn="arn:aws:s3:::state", naming=NAMING)
    given: list[dict[str, Any]] = json.loads(document(*state.statements(writes=writes)))["Statement"]
    objects = {arn for statement in given for arn in statement["Resource"] if "/" in arn}
    below = "arn:aws:s3:::state/.pulumi"
    assert objects == {
        f"{below}/meta.yaml",
        f"{below}/stacks/app/dev.*",
        *(f"{below}/{part}/app/dev/*" for part in ("history", "backups", "locks/organization")),
    }
    writing = {arn for each in given if "s3:PutObject" in each["Action"] for arn in each["Resource"]}
    assert writing == (objects - {f"{below}/meta.yaml"} if writes else set())
