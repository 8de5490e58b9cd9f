"""The simulator would find a rule of ours that is broken: each of the list is, and a history shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.simulation.broken import BROKEN
from tests.simulation.history import Simulator
from tests.simulation.plan import plan_of
from tests.simulation.shrink import shrunk

DOCUMENT = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_noticed(name: str) -> None:
    mutation = BROKEN[name]
    with Simulator().ready() as simulator:
        with mutation.applied():
            broken, _ = simulator.run(plan_of(mutation.seed))
        assert mutation.notices
        assert mutation.notices in broken
        assert simulator.run(plan_of(mutation.seed))[0] == ""


@pytest.mark.parametrize("name", BROKEN)
def test_the_table_of_the_document_is_that_of_the_code(name: str) -> None:
    mutation = BROKEN[name]
    assert re.search(rf"^\| {mutation.rule} \| `{name}` \| .* \| {mutation.seed} \| \d+ \|$", DOCUMENT, re.MULTILINE)


def test_a_plan_that_fails_shrinks_to_what_it_takes() -> None:
    mutation = BROKEN["overwrite_records"]
    with Simulator().ready() as simulator, mutation.applied():
        plan = shrunk(plan_of(mutation.seed), lambda smaller: mutation.notices in simulator.run(smaller)[0])
        assert {operation.target for operation in plan.operations} == {plan.operations[0].target} != {""}
        for operation in plan.operations:
            assert mutation.notices not in simulator.run(plan.without({operation}))[0]
