"""The verb `drill`: disasters tried on this machine, or the commands of the way back for a stack on AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from shlex import quote
from typing import Annotated

import typer
from rich.table import Table

from console import terminal
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.recovery.disaster import Disaster
from console.recovery.drill import DRILLED, Drilled, drill
from console.recovery.names import ask_names
from console.recovery.runbook import Step, check_way, runbook
from console.terminal import Steps

STAND_IN = (
    "The emulator's point-in-time recovery knows no time but now, so a backup of the table stands in for it; how long "
    "AWS takes to restore a table is not in these times."
)
NO_DRILLS = "happens on AWS alone; --stack NAME prints the way back"


def drill_disasters(
    *,
    scenario: Annotated[
        list[Disaster] | None, typer.Option(help="What is lost; may be given again. Default: rows, table, files.")
    ] = None,
    count: Annotated[int, typer.Option(min=2, help="How many rows there are before.")] = 2_000,
    stack: Annotated[str, typer.Option(help="Print the commands for this stack on AWS, and do nothing.")] = "",
    to: Annotated[str, typer.Option(help="With --stack: the time, or for rows the bookmark, to go back to.")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack's folder: segments and logs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Lose rows, the table or all files of a local stack, restore them, and prove that all of it is back.

    With --stack: print the commands of that way back on AWS, with the stack's own names, and what to look at.
    """
    if stack:
        _print_runbook(scenario or [], stack, to, as_json)
        return
    chosen = scenario or [*DRILLED]
    if unknown := [each for each in chosen if each not in DRILLED]:
        raise ConsoleError(f"{unknown[0].value} {NO_DRILLS}", f"{PROGRAM} drill --scenario {next(iter(DRILLED)).value}")
    steps = Steps(terminal.messages() if as_json else terminal.results())
    done = [drill(each, count, steps, keeps=keep) for each in chosen]
    if as_json:
        terminal.print_json({"drills": [asdict(each) for each in done], "note": STAND_IN})
    else:
        _show(done)


def _print_runbook(chosen: Sequence[Disaster], stack: str, to: str, as_json: bool) -> None:
    if len(chosen) != 1:
        hint = f"{PROGRAM} drill --scenario {Disaster.TABLE.value} --stack {quote(stack)}"
        raise ConsoleError("--stack needs one --scenario: " + ", ".join(Disaster), hint)
    check_way(chosen[0], stack, to)  # before Pulumi is asked, which takes seconds
    found = runbook(chosen[0], ask_names(stack), to)
    if as_json:
        terminal.print_json({"scenario": chosen[0].value, "stack": stack, "steps": [asdict(step) for step in found]})
        return
    for number, step in enumerate(found, 1):
        terminal.results().print(_words(number, step), soft_wrap=True)


def _words(number: int, step: Step) -> str:
    """Return a step as text that a shell takes whole."""
    return "\n".join([f"# {number}. {step.what}", *step.commands, f"# Before you go on: {step.look}\n"])


def _show(done: Sequence[Drilled]) -> None:
    columns = ("lost", "rows before", "rows gone", "newest point before", "after", "way back, s", "proof, s")
    table = Table(*columns, title_justify="left")
    for each in done:
        found = each.outcome
        points = (f"{found.rows:,}", f"{found.lost_rows:,}", found.before, found.after)
        table.add_row(each.disaster, *points, f"{each.back_s:.1f}", f"{each.proof_s:.1f}")
    terminal.results().print(table)
    terminal.results().print(STAND_IN)
    for each in done:
        if each.folder:
            terminal.results().print(f"Kept: {each.folder}", soft_wrap=True)
