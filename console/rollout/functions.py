"""The functions of a stack, and the state machine that moves their aliases: from its outputs, or from options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from console.client.target import stack_outputs
from console.errors import ConsoleError
from console.wording import joined
from handlers.routes import COMMAND, PROJECTOR, QUERY, RELATIONAL

ROLLED = (PROJECTOR, RELATIONAL, COMMAND, QUERY)  # those that feed first
NOT_EVERYWHERE = (RELATIONAL,)
STATE_MACHINE = "rollout_state_machine_arn"

FunctionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--function", help="command, query, projector, relational, or Lambda's own name; more than once for several."
    ),
]
StackOption = Annotated[str, typer.Option(help="The Pulumi stack; default: the selected one.")]
MachineOption = Annotated[str, typer.Option("--machine", help="ARN of the state machine; default: the stack's output.")]


@dataclass(frozen=True)
class Place:
    """The place that the functions are in.

    Attributes:
        functions: what Lambda calls them, by what the user does.
        machine_arn: of the state machine that moves their aliases; "" where `pulumi up` does, or none is known.
        region: theirs; None where only boto3's own configuration can say.
        has_outputs: whether a stack has told any outputs.
    """

    functions: Mapping[str, str]
    machine_arn: str
    region: str | None
    has_outputs: bool


def find_place(named: Sequence[str], stack: str, machine_arn: str) -> Place:
    """Return the functions that were named, or all of the stack, and their machine. Raises ConsoleError.

    Args:
        named: each by the stack's word for it, or by Lambda's own name, which needs no Pulumi.
        stack: whose outputs to read; "" = the selected one's.
        machine_arn: in place of the stack's; "" = that.
    """
    outputs = stack_outputs(stack)
    if stack and not outputs:
        raise ConsoleError(f"the stack {stack} has no outputs, or Pulumi cannot read them", "pulumi stack ls")
    arns: Mapping[str, str] = outputs.get("function_arns", {})
    machine_arn = machine_arn or outputs.get(STATE_MACHINE, "")
    chosen = named or [name for name in ROLLED if name in arns or name not in NOT_EVERYWHERE]
    unknown = [name for name in chosen if name in ROLLED and name not in arns]
    if unknown:
        message = f"there is no stack to tell what Lambda calls {joined(unknown)}"
        raise ConsoleError(message, "pulumi stack select, or Lambda's own names: --function lambda-sqlite-dev-query")
    functions = {name: _name(arns.get(name, name)) for name in chosen}
    region = _region([*named, machine_arn, *arns.values()])
    return Place(functions, machine_arn, region, has_outputs=bool(outputs))


def _name(arn: str) -> str:
    """Return a function's name, from its ARN too."""
    return arn.rpartition(":")[2]


def _region(arns: Sequence[str]) -> str | None:
    return next((arn.split(":")[3] for arn in arns if arn.startswith("arn:")), None)
