"""examples/company: a network, a name, tokens, pages and a key that are set together, and work together."""

from __future__ import annotations

from typing import Any

from tests.infra.contract import violations
from tests.infra.program import COMPANY, FOLDERS, ROOT, given_of, graph, project_schema, run

PREFLIGHT = "OPTIONS /{proxy+}"


def routes() -> dict[str, dict[str, Any]]:
    return {node.inputs["routeKey"]: node.inputs for node in graph(COMPANY).of("Route") if "routeKey" in node.inputs}


def test_it_keeps_every_rule() -> None:
    assert violations(graph(COMPANY)) == []


def test_its_settings_are_settings() -> None:
    assert {key.partition(":")[2] for key in given_of(COMPANY)} <= set(project_schema())


def test_everybody_needs_a_token_and_writers_a_scope() -> None:
    for key, route in routes().items():
        if key != PREFLIGHT:
            assert route["authorizationType"] == "JWT"
            scopes = None if key == "$default" else ["products/write"]
            assert route.get("authorizationScopes") == scopes


def test_a_browsers_question_needs_no_token() -> None:
    assert routes()[PREFLIGHT]["authorizationType"] == "NONE"
    cors = graph(COMPANY).one("Api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://app.example.com"]
    assert "authorization" in cors["allowHeaders"]


def test_the_second_step_closes_the_gateways_own_address_and_changes_nothing_else() -> None:
    first, second = graph(COMPANY), run(COMPANY, {"defaultEndpoint": False})
    assert [node.name for node in second.nodes if node.inputs != first.find(node.urn).inputs] == ["api-gateway"]
    assert first.one("Api").inputs["disableExecuteApiEndpoint"] is False
    assert second.outputs["api_url"] == "https://products.example.com"


def test_it_makes_no_network() -> None:
    seen = graph(COMPANY)
    assert not seen.of("Vpc", "Subnet", "VpcEndpoint")
    subnets = ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"]
    in_network = [node for node in seen.of("Function") if "vpcConfig" in node.inputs]
    assert len(in_network) == 3
    assert all(node.inputs["vpcConfig"]["subnetIds"] == subnets for node in in_network)


def test_the_functions_environment_is_encrypted_with_its_key_and_holds_no_secret() -> None:
    for node in graph(COMPANY).of("Function"):
        assert node.inputs["kmsKeyArn"].endswith(":key-key")
        names = node.inputs["environment"]["variables"]
        assert not [name for name in names if any(word in name for word in ("SECRET", "PASSWORD", "TOKEN", "KEY"))]


def test_its_document_names_each_setting_that_somebody_else_knows() -> None:
    text = (ROOT / FOLDERS[COMPANY] / "README.md").read_text(encoding="utf-8")
    for name in ("vpcId", "subnetIds", "certificateArn", "jwtIssuer", "jwtAudience", "jwtWriteScopes"):
        assert f"`{name}`" in text
