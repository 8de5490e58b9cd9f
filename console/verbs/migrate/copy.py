"""The verb `migrate copy`: the tables of a SQLite file, put where they go."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import terminal
from console.client.client import Client
from console.client.target import JsonOption, UrlOption, api_url
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
from console.migration.plan import MigrationPlan
from console.migration.source import SourceFile
from console.migration.targets.goal import check_options, parse_goal
from console.migration.telling import as_json as plan_as_json
from console.migration.telling import lines
from console.paths import PROGRAM, pasted
from console.terminal import Steps
from console.wording import counted, joined, rows, three_digits, visible

if TYPE_CHECKING:
    from console.imports.importing import Imported
    from console.migration.targets.copying import Copied

ToOption = Annotated[str, typer.Option(help="postgresql://user@host/database, dynamodb:PREFIX or ledger.")]
TableOption = Annotated[str, typer.Option(help="The one for the ledger; needed where there are several.")]


def copy_tables(
    file: FileArgument,
    to: ToOption,
    rules: RulesOption = None,
    *,
    backup: BackupOption = None,
    now: NowOption = "",
    schema: SchemaOption = "",
    dynamodb_prefix: PrefixOption = "",
    table: TableOption = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of tables with rows, and of items.")
    ] = False,
    iam: IamOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only plan: look at no target, and copy nothing.")] = False,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> None:
    """Copy the tables of a SQLite file to PostgreSQL, DynamoDB or the ledger.

    PostgreSQL gets all of it in one transaction, or nothing. What was cut short on its way to DynamoDB or the ledger
    goes on with the same command.
    """
    from console.migration.targets.copying import Copying, CopyWish  # noqa: PLC0415 - psycopg, which not all have

    started_s = time.monotonic()
    goal = parse_goal(to)
    given = {"--schema": schema, "--dynamodb-prefix": dynamodb_prefix, "--iam": iam, "--replace": replace}
    check_options(goal, given | {"--table": table, "--url": url})
    if dry_run:
        with open_planned(file, rules, backup, now) as (_, plan):
            _show_plan(plan, as_json=as_json)
    elif goal.kind == "ledger":
        with open_planned(file, rules, backup, now) as (source, plan):
            check_fits(plan, file, rules)
            imported = _import(source, plan, file, table, url)
        _show_imported(imported, as_json=as_json)
    else:
        copying = Copying(file, CopyWish(goal, dynamodb_prefix, schema, replace, iam), Steps(terminal.messages()))
        with open_planned(file, rules, backup, now or copying.begun_at(rules)) as (source, plan):
            check_fits(plan, file, rules)
            _show_notes(plan)
            copied = copying.run(source, plan)
        _show_copied(copied, time.monotonic() - started_s, as_json=as_json)


def _import(source: SourceFile, plan: MigrationPlan, file: Path, table: str, url: str) -> Imported:
    from console.migration.targets.ledger import choose_table, copy_to_ledger  # noqa: PLC0415 - as above

    command = f"{PROGRAM} {pasted(sys.argv[1:])}"
    with Client(api_url(url)) as client:
        return copy_to_ledger(source, choose_table(plan, table), file, client, command)


def _show_plan(plan: MigrationPlan, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(plan_as_json(plan, is_hidden=False))
    else:
        for line in lines(plan, is_hidden=False):
            terminal.results().print(line, soft_wrap=True)
    if plan.counts:
        raise typer.Exit(1)


def _show_notes(plan: MigrationPlan) -> None:
    for note in plan.notes:
        terminal.messages().print(visible(note), soft_wrap=True)


def _show_copied(copied: Copied, seconds: float, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(asdict(copied) | {"seconds": round(seconds, 3)})
        return
    said: list[str] = []
    if copied.postgresql:
        replaced = copied.postgresql.replaced
        instead = f" instead of those that were there ({len(replaced)})" if replaced else ""
        said.append(f"{_tables(copied.postgresql.rows)} to schema {visible(copied.postgresql.schema)}{instead}")
    if copied.dynamodb:
        known = f" ({copied.dynamodb.known:,} were in already)" if copied.dynamodb.known else ""
        said.append(f"{_tables(copied.dynamodb.rows)} to DynamoDB{known}")
    text = f"{copied.file}: {joined(said) or 'nothing'} in {three_digits(seconds)} s"
    terminal.results().print(text, soft_wrap=True)


def _show_imported(imported: Imported, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(asdict(imported))
        return
    known = f" ({imported.known:,} were in already)" if imported.known else ""
    text = f"{imported.file}: {rows(imported.rows)} to the ledger{known}: bookmark {imported.bookmark}"
    terminal.results().print(text, soft_wrap=True)


def _tables(loaded: Mapping[str, int]) -> str:
    return f"{counted(len(loaded), 'table')} with {rows(sum(loaded.values()))}"
