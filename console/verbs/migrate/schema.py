"""The verb `migrate schema`: the tables of the fourth home, brought to what this version needs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.rollout.functions import StackOption
from console.rollout.schema import SchemaState, find_migrator, migrate

CheckOption = Annotated[bool, typer.Option("--check", help="Only compare; ends with 1 where files are pending.")]
MigratorOption = Annotated[str, typer.Option("--function", help="The migrator's name; default: the stack's output.")]


def migrate_schema(
    stack: StackOption = "", function: MigratorOption = "", *, check: CheckOption = False, as_json: JsonOption = False
) -> None:
    """Set the stack's database up, and apply the migrations that it lacks. A deployment does that too.

    Needs AWS credentials.
    """
    state = migrate(find_migrator(stack, function), check=check)
    if as_json:
        terminal.print_json(asdict(state))
    else:
        for line in lines(state):
            terminal.results().print(line)
    if state.pending:
        raise typer.Exit(1)


def lines(state: SchemaState) -> list[str]:
    """Return what there is to say, file by file."""
    return [
        *(f"{name}: applied before" for name in state.already_applied),
        *(f"{name}: applied" for name in state.applied),
        *(f"{name}: pending" for name in state.pending),
        *(f"{number}: applied, and this version has no file of it" for number in state.missing),
    ]
