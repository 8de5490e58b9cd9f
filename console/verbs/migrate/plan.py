"""The verb `migrate plan`: what a move would do, and what stands against it."""

from __future__ import annotations

from typing import Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.migration.opening import BackupOption, FileArgument, NowOption, RulesOption, open_planned
from console.migration.planner import MOST_SHOWN
from console.migration.telling import as_json as plan_as_json
from console.migration.telling import lines

MostOption = Annotated[int, typer.Option(min=1, help="So many misfits of one column for one reason; all are counted.")]
HideOption = Annotated[bool, typer.Option("--hide-values", help="Say of values only what they are and how long.")]


def plan_move(
    file: FileArgument,
    *,
    rules: RulesOption = None,
    backup: BackupOption = None,
    now: NowOption = "",
    most: MostOption = MOST_SHOWN,
    hide_values: HideOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say which tables of a SQLite file move as what, and which rows do not fit; ends with 1 where some do not."""
    with open_planned(file, rules, backup, now, most_shown=most) as (_, plan):
        pass
    if as_json:
        terminal.print_json(plan_as_json(plan, is_hidden=hide_values))
    else:
        for line in lines(plan, is_hidden=hide_values):
            terminal.results().print(line, soft_wrap=True)
    if plan.counts:
        raise typer.Exit(1)
