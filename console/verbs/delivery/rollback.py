"""The verb `rollback`: the version that was live before, at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.rollout.aliases import Aliases, explain_errors, make_client
from console.rollout.executions import Executions
from console.rollout.functions import FunctionsOption, MachineOption, Place, StackOption, find_place
from console.rollout.rollback import Rollback, TakenBack

ToOption = Annotated[int | None, typer.Option(help="A version in place of the one before; forward too.")]


def rollback(
    function: FunctionsOption = None,
    to: ToOption = None,
    stack: StackOption = "",
    machine: MachineOption = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """Give the version that was live before all calls of a --function, at once.

    A rollout that is under way is stopped, and what is live meanwhile stays. Needs AWS credentials.
    """
    _check(function or [], to)
    place = find_place(function or [], stack, machine)
    with explain_errors():
        moved = _go_back(place, to)
    if as_json:
        terminal.print_json({"functions": {name: asdict(each) for name, each in moved.items()}})
        return
    for name, each in moved.items():
        terminal.results().print(f"{name}: version {each.version} is live, {each.left} is not any more")
    if not place.machine_arn:
        terminal.messages().print("The next `pulumi up` that publishes a version, or refreshes, moves the alias on.")


def _check(functions: list[str], to: int | None) -> None:
    if not functions:
        example = f"{PROGRAM} rollback --function query"
        raise ConsoleError("which function is to go back? Each has versions of its own", example, 2)
    if to is not None and len(functions) > 1:
        raise ConsoleError("--to is a version of one function, and several are named", "one --function at a time", 2)


def _go_back(place: Place, to: int | None) -> dict[str, TakenBack]:
    machine = place.machine_arn
    executions = Executions(make_client("stepfunctions", place.region), machine) if machine else None
    rolling = Rollback(Aliases(make_client("lambda", place.region)), executions, terminal.messages().print)
    return {name: rolling.go_back(function, to) for name, function in place.functions.items()}
