"""The schema of a stack's database: asked for, and brought up to date, by the function that may do that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from console.client.target import stack_outputs
from console.data.ledger import CREDENTIALS_HINT
from console.errors import ConsoleError
from handlers.aws.functions import FunctionError, InvocationError, make_invoke

MIGRATOR = "migrator_function"  # the stack's output
ANSWER_TIMEOUT_S = 900.0  # as long as a function may take


@dataclass(frozen=True)
class SchemaState:
    """The state of a schema.

    Attributes:
        applied: files that were applied just now.
        pending: files that were only compared, and are not applied yet.
        already_applied: those that were applied before.
        missing: numbers of which the database knows, and this version has no file.
    """

    applied: list[str]
    pending: list[str]
    already_applied: list[str]
    missing: list[str]

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> Self:
        """Return the state that a migrator's answer tells."""
        told = answer["migrate"]
        return cls(*(list(told.get(name, [])) for name in cls.__match_args__))


def find_migrator(stack: str, named: str) -> str:
    """Return the migrator's name or ARN: the one that was given, else the stack's. Raises ConsoleError."""
    found = named or stack_outputs(stack).get(MIGRATOR, "")
    if not found:
        raise ConsoleError("no stack says what migrates its database", "pulumi config set postgres rds, or --function")
    return found


def migrate(migrator: str, *, check: bool) -> SchemaState:
    """Have the schema migrated, or only compared. Raises ConsoleError."""
    try:
        answer = make_invoke(migrator, 1, ANSWER_TIMEOUT_S)({"check": True} if check else {})
    except FunctionError as error:
        raise ConsoleError(str(error), "docs/database.md, Schema migrations") from error
    except InvocationError as error:
        raise ConsoleError(str(error), f"see that the function's name is right, and {CREDENTIALS_HINT}") from error
    return SchemaState.from_answer(answer)  # pyright: ignore[reportArgumentType] - the function's own answer
