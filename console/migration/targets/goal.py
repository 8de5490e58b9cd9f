"""The place that a copy goes to, as `--to` names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from console.errors import ConsoleError

SCHEMES = ("postgresql://", "postgres://")
DYNAMODB = "dynamodb:"
LEDGER = "ledger"
HINT = "postgresql://user@host/database, dynamodb:PREFIX or ledger"
Kind = Literal["postgresql", "dynamodb", "ledger"]
OPTIONS: dict[str, tuple[Kind, ...]] = {  # and where they mean something
    "--schema": ("postgresql",),
    "--dynamodb-prefix": ("postgresql",),
    "--iam": ("postgresql",),
    "--replace": ("postgresql", "dynamodb"),
    "--table": ("ledger",),
    "--url": ("ledger",),
}


@dataclass(frozen=True)
class CopyGoal:
    """The place.

    Attributes:
        text: of PostgreSQL the address, of DynamoDB the prefix of the tables' names.
    """

    kind: Kind
    text: str = ""


def check_options(goal: CopyGoal, given: Mapping[str, object], option: str = "--to") -> None:
    """Raise ConsoleError where an option has a value and means nothing for the goal."""
    for name, value in given.items():
        if value and goal.kind not in OPTIONS[name]:
            raise ConsoleError(f"{name} says nothing about {option} {goal.kind}", "leave it out", 2)


def parse_goal(to: str, option: str = "--to") -> CopyGoal:
    """Return what an option names; an address of PostgreSQL is not looked into. Raises ConsoleError."""
    if to.startswith(SCHEMES):
        return CopyGoal("postgresql", to)
    if to.startswith(DYNAMODB):
        return CopyGoal("dynamodb", to.removeprefix(DYNAMODB))
    if to == LEDGER:
        return CopyGoal("ledger")
    # It may be an address with a slip in it, and a password.
    raise ConsoleError(f"{option} names neither PostgreSQL nor DynamoDB nor the ledger", HINT, 2)
