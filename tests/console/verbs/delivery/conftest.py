from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.local.versions import Versioned, make_machine, make_waiting_machine, outputs_of, quick_emulator

NAMES = ("projector", "command", "query")
Functions = dict[str, Versioned]


@pytest.fixture(scope="module", autouse=True)
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with quick_emulator(tmp_path_factory.mktemp("account")):
        yield


@pytest.fixture(scope="module")
def functions(account: None) -> Functions:
    return {name: Versioned(f"shop-{name}") for name in NAMES}


@pytest.fixture(scope="module")
def machine(functions: Functions) -> str:
    return make_machine("rollout", [each.name for each in functions.values()])


@pytest.fixture(scope="module")
def waiting(functions: Functions) -> str:
    """A state machine whose executions only wait, for longer than a test takes."""
    return make_waiting_machine("waiting", 10_000_000)


@pytest.fixture
def stack(
    functions: Functions, machine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str | None], None]:
    """Have Pulumi tell the stack's outputs, with a state machine or without; and no pause takes long."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("console.rollout.rollout.POLL_S", 0.01)
    arns = {name: f"arn:aws:lambda:us-east-1:000000000000:function:{each.name}" for name, each in functions.items()}

    def tell(machine_arn: str | None) -> None:
        more = {"rollout_state_machine_arn": machine_arn} if machine_arn else {}
        outputs_of(tmp_path, {"function_arns": arns, **more})

    tell(machine)
    return tell
