"""The graph of each stack, checked in: the diff of these files is what a change does to the infrastructure.

UPDATE_SNAPSHOTS=1 python -m pytest tests/infra/test_snapshot.py writes them anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

import pytest

from handlers.routes import FUNCTIONS
from infra.naming import SOURCES_TAG
from tests.infra.graph import Graph
from tests.infra.program import EVERYTHING, STACKS, graph

SNAPSHOTS = Path(__file__).parent / "snapshots"


def described(seen: Graph) -> dict[str, Any]:
    """Return the graph as data that reads well: policies unfolded, archives and hashes as words, no URNs."""
    return {
        "resources": {
            f"{node.type} {node.name}": {
                "parent": seen.find(node.parent).name if node.parent else None,
                "options": node.options,
                "inputs": {key: _readable(key, value) for key, value in sorted(node.inputs.items())},
            }
            for node in seen.nodes
        },
        "lookups": [
            {"token": asked.token, "arguments": json.loads(asked.arguments), "provider": asked.provider}
            for asked in seen.lookups
        ],
        "outputs": {**seen.outputs, "manifest": "the hashes of what is deployed"},
    }


def _readable(key: str, value: Any) -> Any:
    if key in ("policy", "assumeRolePolicy", "definition"):
        return json.loads(value)
    if key == "dashboardBody":
        return [_widget(widget) for widget in json.loads(value)["widgets"]]
    if key == "metricQueries":
        return [json.dumps(query, sort_keys=True) for query in value]
    if key == "tags" and SOURCES_TAG in value:
        return {**value, SOURCES_TAG: "the hash of the sources"}
    if key == "triggers" and isinstance(value, dict):  # of an invocation; a pipeline's are a list
        triggers = cast("dict[str, str]", value)
        return {**triggers, **dict.fromkeys({*FUNCTIONS} & triggers.keys(), "the hash of the sources")}
    return "the archive" if key == "code" else value


def _widget(widget: dict[str, Any]) -> dict[str, Any]:
    """A widget of the dashboard, with a line for each metric."""
    metrics = [json.dumps(metric) for metric in widget["properties"].pop("metrics", [])]
    return {"widget": json.dumps(widget, sort_keys=True), "metrics": metrics}


@pytest.mark.parametrize("stack", [*STACKS, EVERYTHING])
def test_the_graph_is_the_one_that_was_reviewed(stack: str) -> None:
    path, now = SNAPSHOTS / f"{stack}.json", described(graph(stack))
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    reviewed = json.loads(path.read_text(encoding="utf-8"))
    before, after = set(reviewed["resources"]), set(now["resources"])
    gone, new = sorted(before - after), sorted(after - before)
    assert not gone, f"{gone} would be deleted; renamed or moved to another parent? Then add an alias. New: {new}"
    assert now == reviewed, "the infrastructure changes; if it is meant to, write the snapshots anew"


def test_a_moved_resource_is_a_change() -> None:
    good = graph("dev")
    assert described(good) != described(graph("prod"))
    resources = described(good)["resources"]
    assert all(entry["parent"] for name, entry in resources.items() if not name.startswith("lambdasqlite:"))
