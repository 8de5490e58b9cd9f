"""The verb `rollout`: the newest versions of the functions, tested, watched, and made live or turned back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from console import terminal
from console.client.target import PULUMI_TIMEOUT_S, JsonOption
from console.errors import ConsoleError
from console.rollout.aliases import Aliases, explain_errors, make_client
from console.rollout.executions import Executions
from console.rollout.functions import FunctionsOption, MachineOption, Place, StackOption, find_place
from console.rollout.rollout import Rolled, Rollout, complain

NO_MACHINE = (
    "nothing says which state machine rolls out: no --machine is named, and Pulumi has told no outputs of a stack "
    f"(it is not there, no stack is selected, or it took longer than {PULUMI_TIMEOUT_S:g} s)"
)

AgainOption = Annotated[bool, typer.Option("--again", help="Also a version that was taken back by hand.")]


def rollout(
    function: FunctionsOption = None,
    stack: StackOption = "",
    machine: MachineOption = "",
    *,
    again: AgainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make what `pulumi up` has published live, a share of the calls first, and wait for the outcome.

    Writers come before the query function. A rollout that is under way is followed. Needs AWS credentials.
    """
    place = find_place(function or [], stack, machine)
    if not place.machine_arn and not place.has_outputs:
        raise ConsoleError(NO_MACHINE, "--machine ARN, the stack's output rollout_state_machine_arn")
    if not place.machine_arn:
        terminal.messages().print("There is nothing to roll out: `pulumi up` moves the aliases (rollout: all-at-once).")
    outcomes = _roll_out(place, again=again) if place.machine_arn else {}
    if as_json:
        terminal.print_json({"functions": {name: asdict(each) for name, each in outcomes.items()}})
    elif outcomes:
        terminal.results().print(_table(outcomes))
    complain(outcomes)


def _roll_out(place: Place, *, again: bool) -> dict[str, Rolled]:
    messages = terminal.messages()
    with explain_errors(), messages.status("rolling out"):
        aliases = Aliases(make_client("lambda", place.region))
        executions = Executions(make_client("stepfunctions", place.region), place.machine_arn)
        return Rollout(aliases, executions, messages.print).roll_out(place.functions, again=again)


def _table(outcomes: dict[str, Rolled]) -> Table:
    table = Table("function", "was", "newest", "", title_justify="left")
    for name, each in outcomes.items():
        table.add_row(name, str(each.before), str(each.version), each.outcome)
    return table
