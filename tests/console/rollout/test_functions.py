from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.rollout.functions import Place, find_place
from tests.support.local.versions import outputs_of

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:lambda-sqlite-dev"
ARNS = {name: f"{ARN}-{name}" for name in ("command", "query", "projector", "warmer")}
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:lambda-sqlite-dev-rollout"
NAMES = {name: f"lambda-sqlite-dev-{name}" for name in ("projector", "command", "query")}


@pytest.fixture(autouse=True)
def no_pulumi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def test_the_stacks_outputs_say_all(tmp_path: Path) -> None:
    outputs_of(tmp_path, {"function_arns": ARNS, "rollout_state_machine_arn": MACHINE})
    assert find_place([], "", "") == Place(NAMES, MACHINE, "eu-west-1", has_outputs=True)
    assert find_place(["query"], "", "").functions == {"query": NAMES["query"]}
    assert find_place([], "", "another").machine_arn == "another"


def test_with_postgresql_its_function_comes_after_the_projector(tmp_path: Path) -> None:
    outputs_of(tmp_path, {"function_arns": ARNS | {"relational": f"{ARN}-relational", "migrator": f"{ARN}-migrator"}})
    assert [*find_place([], "", "").functions] == ["projector", "relational", "command", "query"]
    assert find_place(["relational"], "", "").functions == {"relational": "lambda-sqlite-dev-relational"}


def test_a_stack_without_a_canary_has_no_machine(tmp_path: Path) -> None:
    outputs_of(tmp_path, {"function_arns": ARNS})
    assert find_place([], "", "") == Place(NAMES, "", "eu-west-1", has_outputs=True)


def test_a_stack_is_named_or_selected(tmp_path: Path) -> None:
    outputs_of(tmp_path, {"function_arns": ARNS}, stack="prod")
    assert find_place([], "prod", "").functions == NAMES
    with pytest.raises(ConsoleError, match="the stack dev has no outputs"):
        find_place([], "dev", "")
    with pytest.raises(ConsoleError, match="no stack to tell what Lambda calls projector, command and query"):
        find_place([], "", "")


def test_lambdas_own_names_need_no_pulumi() -> None:
    assert find_place(["mine"], "", "") == Place({"mine": "mine"}, "", None, has_outputs=False)
    assert find_place([ARNS["query"]], "", MACHINE) == Place(
        {ARNS["query"]: NAMES["query"]}, MACHINE, "eu-west-1", has_outputs=False
    )
    with pytest.raises(ConsoleError, match="what Lambda calls relational"):
        find_place(["relational"], "", MACHINE)
    with pytest.raises(ConsoleError, match="what Lambda calls query"):
        find_place(["mine", "query"], "", MACHINE)


def test_the_region_is_that_of_what_the_user_names(tmp_path: Path) -> None:
    outputs_of(tmp_path, {"function_arns": ARNS})
    assert find_place([ARN.replace("eu-west-1", "us-west-2")], "", "").region == "us-west-2"
    assert find_place(["mine"], "", MACHINE.replace("eu-west-1", "us-west-2")).region == "us-west-2"
    assert find_place(["mine"], "", "").region == "eu-west-1"
