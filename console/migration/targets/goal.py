"""The place that a copy goes to, as `--to` names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.errors import ConsoleError

SCHEMES = ("postgresql://", "postgres://")
DYNAMODB = "dynamodb:"
LEDGER = "ledger"
HINT = "postgresql://user@host/database, dynamodb:PREFIX or ledger"


@dataclass(frozen=True)
class Goal:
    """The place.

    Attributes:
        text: of PostgreSQL the address, of DynamoDB the prefix of the tables' names.
    """

    kind: Literal["postgresql", "dynamodb", "ledger"]
    text: str = ""


def parse_goal(to: str, option: str = "--to") -> Goal:
    """Return what an option names; an address of PostgreSQL is not looked into. Raises ConsoleError."""
    if to.startswith(SCHEMES):
        return Goal("postgresql", to)
    if to.startswith(DYNAMODB):
        return Goal("dynamodb", to.removeprefix(DYNAMODB))
    if to == LEDGER:
        return Goal("ledger")
    # It may be an address with a slip in it, and a password.
    raise ConsoleError(f"{option} names neither PostgreSQL nor DynamoDB nor the ledger", HINT, 2)
