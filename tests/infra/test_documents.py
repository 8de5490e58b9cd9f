"""The documents say what the program does."""

from __future__ import annotations

import re

import pytest

from tests.infra.contract import statements
from tests.infra.program import EVERYTHING, ROOT, STACKS, graph, project_schema, read_yaml

SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def granted() -> set[str]:
    policies = [node for stack in (*STACKS, EVERYTHING) for node in graph(stack).of("RolePolicy")]
    allowed = [statement for node in policies for statement in statements(node) if statement["Effect"] == "Allow"]
    return {action for statement in allowed for action in statement["Action"]}


def test_the_table_of_rights_has_every_action_that_is_granted_and_no_other() -> None:
    table = SECURITY[SECURITY.index("## Who may do what") : SECURITY.index("No function may")]
    assert set(re.findall(r"`([a-z0-9-]+:[A-Za-z]+)`", table)) == granted()


@pytest.mark.parametrize("text", [SECURITY, DEPLOYMENT, OPERATIONS], ids=["security", "deployment", "operations"])
def test_every_setting_that_is_named_exists(text: str) -> None:
    named = set(re.findall(r"`([a-z]+(?:[A-Z][A-Za-z]*)?): ", text)) | set(
        re.findall(r"`([a-z]+[A-Z][A-Za-z]+)`", text)
    )
    assert named <= set(project_schema())


@pytest.mark.parametrize("stack", [*STACKS, EVERYTHING])
def test_every_output_is_described(stack: str) -> None:
    section = DEPLOYMENT[DEPLOYMENT.index("## Outputs") : DEPLOYMENT.index("A signed write")]
    assert set(graph(stack).outputs) <= set(re.findall(r"`([a-z_]+)`", section))


@pytest.mark.parametrize("text", ["a: 1\na: 1", "config:\n  b:\n    - c: 1\n      d: 2\n      c: 3"])
def test_a_setting_that_stands_twice_in_a_stacks_file_is_refused(text: str) -> None:
    with pytest.raises(AssertionError, match=r"twice: \['[ac]'\]"):
        read_yaml(text)
