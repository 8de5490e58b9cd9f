"""The verb `rollback`: the version that was live before, at once."""

from __future__ import annotations

from collections.abc import Iterator
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

ToOption = Annotated[int | None, typer.Option(min=1, help="A version in place of the one before; forward too.")]


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
    moved: dict[str, TakenBack] = {}
    try:
        with explain_errors():
            for name, each in _go_back(place, to):
                moved[name] = each
                if not as_json:
                    terminal.results().print(f"{name}: version {each.version} is live, {each.left} is not any more")
    finally:  # what was moved is told where a later one cannot be, too
        if as_json:
            terminal.print_json({"functions": {name: asdict(each) for name, each in moved.items()}})
    if not place.machine_arn and not as_json:
        terminal.messages().print("The next `pulumi up` that publishes a version, or refreshes, moves the alias on.")


def _check(functions: list[str], to: int | None) -> None:
    if not functions:
        example = f"{PROGRAM} rollback --function query"
        raise ConsoleError("which function is to go back? Each has versions of its own", example, 2)
    if to is not None and len(functions) > 1:
        raise ConsoleError("--to is a version of one function, and several are named", "one --function at a time", 2)


def _go_back(place: Place, to: int | None) -> Iterator[tuple[str, TakenBack]]:
    """Move one alias after another, each when it is asked for."""
    machine = place.machine_arn
    executions = Executions(make_client("stepfunctions", place.region), machine) if machine else None
    rolling = Rollback(Aliases(make_client("lambda", place.region)), executions, terminal.messages().print)
    for name, function in place.functions.items():
        yield name, rolling.go_back(function, to)
