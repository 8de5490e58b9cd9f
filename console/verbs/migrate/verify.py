"""The verb `migrate verify`: a SQLite file held against what was made of it, down to the rows and columns."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.migration.opening import (
    BackupOption,
    FileArgument,
    IamOption,
    NowOption,
    PrefixOption,
    RulesOption,
    SchemaOption,
    check_fits,
    open_planned,
)
from console.migration.targets.goal import CopyGoal, check_options, parse_goal
from console.paths import PROGRAM
from console.terminal import Steps
from console.wording import counted

if TYPE_CHECKING:
    from console.migration.plan import MigrationPlan
    from console.migration.proof.comparison import TableProof
    from console.migration.proof.verification import ProofWish
    from console.migration.source import SourceFile

AGAINST = "--against"
AgainstOption = Annotated[str, typer.Option(help="postgresql://user@host/database or dynamodb:PREFIX.")]
MostOption = Annotated[int, typer.Option(min=1, help="So many differing rows of one table; all are counted.")]
HideOption = Annotated[bool, typer.Option("--hide-values", help="Say of values only what they are and how long.")]


def verify_move(
    file: FileArgument,
    against: AgainstOption,
    rules: RulesOption = None,
    *,
    backup: BackupOption = None,
    now: NowOption = "",
    schema: SchemaOption = "",
    dynamodb_prefix: PrefixOption = "",
    most: MostOption = 10,
    iam: IamOption = False,
    hide_values: HideOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare a SQLite file with the tables that were made of it; ends with 1 where they differ.

    Give the rules of the copy, and its `--now`: then the same rows stay behind.
    """
    goal = parse_goal(against, AGAINST)
    if goal.kind == "ledger":
        raise ConsoleError("--against ledger: its rows have ids and times of their own", f"{PROGRAM} verify", 2)
    check_options(goal, {"--schema": schema, "--dynamodb-prefix": dynamodb_prefix, "--iam": iam}, AGAINST)
    with open_planned(file, rules, backup, now) as (source, plan):
        check_fits(plan, file, rules)
        proofs = _prove(source, plan, goal, schema, dynamodb_prefix, is_iam=iam)
    _show(proofs, plan.now, most, is_hidden=hide_values, as_json=as_json)
    if not all(proof.is_equal for proof in proofs):
        raise typer.Exit(1)


def _prove(
    source: SourceFile, plan: MigrationPlan, goal: CopyGoal, schema: str, prefix: str, *, is_iam: bool
) -> list[TableProof]:
    from console.data.ledger import make_client  # noqa: PLC0415 - boto3
    from console.migration.proof.verification import MoveVerification  # noqa: PLC0415 - psycopg, which not all have

    wish = _wish(goal, schema, prefix, is_iam=is_iam)
    return MoveVerification(source, plan, wish, make_client(os.environ), Steps(terminal.messages())).run()


def _wish(goal: CopyGoal, schema: str, prefix: str, *, is_iam: bool) -> ProofWish:
    from console.migration.proof.verification import ProofWish  # noqa: PLC0415 - as above
    from console.migration.targets.postgresql.address import Address  # noqa: PLC0415 - as above
    from console.migration.targets.postgresql.connection import Login  # noqa: PLC0415 - as above

    if goal.kind == "dynamodb":
        return ProofWish(None, schema, goal.text)
    return ProofWish(Login(Address(goal.text, AGAINST), is_iam), schema, prefix)


def _show(proofs: list[TableProof], now: str, most: int, *, is_hidden: bool, as_json: bool) -> None:
    from console.migration.proof.telling import proof_json, proof_lines  # noqa: PLC0415 - as above

    if as_json:
        terminal.print_json(proof_json(proofs, now, most, is_hidden=is_hidden))
        return
    for line in proof_lines(proofs, most, is_hidden=is_hidden):
        terminal.results().print(line, soft_wrap=True)
    wrong = sum(not proof.is_equal for proof in proofs)
    said = f"{counted(wrong, 'table')} of {len(proofs)} differ" if wrong else "All tables are equal"
    terminal.results().print(f"{said}: by their rows' counts and 128-bit checksums, with --now {now}.", soft_wrap=True)
