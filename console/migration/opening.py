"""A source opened and planned as the verbs of a move do it: their options, and the steps that somebody can watch."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Generator
from pathlib import Path
from typing import Annotated

import typer

from console import terminal
from console.errors import ConsoleError
from console.migration.plan import MigrationPlan
from console.migration.planner import MOST_SHOWN, make_plan
from console.migration.rules import Rules, read_rules
from console.migration.source import SourceFile
from console.migration.sqlite.backup import database_bytes
from console.paths import PROGRAM
from console.wording import counted

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The application's SQLite file.")]
RulesOption = Annotated[Path | None, typer.Option(help="The file of rules, such as migration.toml.")]
BackupOption = Annotated[Path | None, typer.Option(help="Where the copy that is read stays; default: nowhere.")]
NowOption = Annotated[str, typer.Option(help="What :now stands for in the rules (RFC 3339); default: this moment.")]
SchemaOption = Annotated[str, typer.Option(help="Of PostgreSQL; default: the first of the user's search path.")]
PrefixOption = Annotated[str, typer.Option(help="Of the tables that the rules send to DynamoDB.")]
IamOption = Annotated[bool, typer.Option("--iam", help="PostgreSQL's password is a token of AWS (RDS, Aurora).")]


@contextlib.contextmanager
def open_planned(
    file: Path, rules: Path | None = None, backup: Path | None = None, now: str = "", *, most_shown: int = MOST_SHOWN
) -> Generator[tuple[SourceFile, MigrationPlan]]:
    """Copy a file, plan its move, and keep it open; standard error says how far both are.

    Raises:
        ConsoleError: as those of `SourceFile`, `read_rules` and `make_plan`.
    """
    read = read_rules(rules) if rules else Rules()
    size = database_bytes(file) if file.is_file() else 0
    with contextlib.ExitStack() as opened:
        with terminal.progress("copy", size, unit="bytes") as advance:
            source = opened.enter_context(SourceFile(file, now=now, backup=backup, advance=advance))
        with terminal.progress("look at", source.count_all()) as advance:
            plan = make_plan(source, read, advance, most_shown)
        yield source, plan


def check_fits(plan: MigrationPlan, file: Path, rules: Path | None) -> None:
    """Let nothing be moved of which something does not fit.

    Args:
        rules: by which it is planned.

    Raises:
        ConsoleError: there are misfits.
    """
    count = sum(each.count for each in plan.counts)
    if count:
        first = plan.counts[0]
        said = f"{counted(count, 'misfit')}, the first in {first.table}, column {first.column}; nothing was moved"
        by = ["--rules", str(rules), "--now", plan.now] if rules else []
        raise ConsoleError(said, f"{PROGRAM} migrate plan {shlex.join([str(file), *by])}")
