"""examples/own-network builds a network that the main program takes."""

from __future__ import annotations

import runpy
import shlex
from fnmatch import fnmatch
from functools import cache
from typing import Any, cast

import yaml

from tests.infra.contract import statements, violations
from tests.infra.graph import Graph, graph_of
from tests.infra.program import ROOT, project_schema, run, text_of

FOLDER = ROOT / "examples" / "own-network"
# What the mocked cloud calls a resource, and what AWS would.
IDS = {
    "network-vpc-id": "vpc-0a1b2c3d",
    "network-subnet-1-id": "subnet-0a1b2c3d",
    "network-subnet-2-id": "subnet-1a1b2c3d",
    "network-functions-id": "sg-0a1b2c3d",
    "network-files-id": "sg-1a1b2c3d",
}


@cache
def network() -> Graph:
    project = cast("dict[str, Any]", yaml.safe_load((FOLDER / "Pulumi.yaml").read_text(encoding="utf-8")))
    config = {f"{project['name']}:{key}": text_of(entry["default"]) for key, entry in project["config"].items()}
    return graph_of(
        lambda: runpy.run_path(str(FOLDER / "__main__.py"), run_name="__main__"),
        config,
        "network",
        project=project["name"],
    )


def settings() -> dict[str, Any]:
    """The settings that the printed commands set in the main stack."""
    found: dict[str, Any] = {}
    for line in network().outputs["commands"].splitlines():
        *command, path, value = shlex.split(line)
        assert command == ["pulumi", "config", "set", "--path"]
        name, is_item, _ = path.partition("[")
        found[name] = [*found.get(name, []), IDS[value]] if is_item else IDS[value]
    return found


def test_the_network_keeps_the_contract() -> None:
    assert violations(network()) == []
    assert {node.type for node in network().nodes if not node.is_custom} == {"lambdasqlite:index:NetworkComponent"}


def test_its_outputs_are_named_as_the_settings_that_they_are_for() -> None:
    assert set(network().outputs) - {"commands"} == set(settings())
    assert set(settings()) <= set(project_schema())


def test_the_main_stack_lives_in_it_and_makes_no_network_of_its_own() -> None:
    seen = run("dev", settings())
    assert violations(seen) == []
    assert not seen.of("Vpc", "Subnet", "SecurityGroup")
    assert seen.one("Function", "query-function").inputs["vpcConfig"] == {
        "subnetIds": ["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
        "securityGroupIds": ["sg-0a1b2c3d"],
    }
    assert {node.at("securityGroups.0") for node in seen.of("MountTarget")} == {"sg-1a1b2c3d"}


def test_the_endpoint_lets_the_main_stacks_table_through() -> None:
    (statement,) = statements(network().one("VpcEndpoint"))
    name = run("dev", settings()).one("Table").inputs["name"]
    patterns = [arn.partition(":table/")[2] for arn in statement["Resource"]]
    assert any(fnmatch(name, pattern) for pattern in patterns)
