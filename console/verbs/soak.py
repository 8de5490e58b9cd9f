"""The verb `soak`: the local stack under load and violence, and the proof that nothing was lost."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from console import terminal
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.local.project import project_stack
from console.paths import PROGRAM
from console.soak.outcome import Soaked, content_of, faults_of
from console.soak.promises import Promises
from console.soak.soak import SoakPlan, soak
from handlers.settings import BOTH


def soak_stack(
    *,
    minutes: Annotated[float, typer.Option(min=0.05, help="How long the load lasts.")] = 20.0,
    writers: Annotated[int, typer.Option(min=1, help="How many insert and read it back.")] = 4,
    readers: Annotated[int, typer.Option(min=0, help="How many hold two paths against each other.")] = 4,
    kill_every_s: Annotated[
        float, typer.Option(min=0, help="Mean time until a sandbox is killed or frozen; 0 = never.")
    ] = 5.0,
    restore_every_s: Annotated[
        float, typer.Option(min=0, help="Mean time until the ledger goes back a little; 0 = never.")
    ] = 60.0,
    seed: Annotated[int | None, typer.Option(min=0, help="Draws what is done; default: a random one.")] = None,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="With PostgreSQL as one more home, whose connections end too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load a new local stack, kill and freeze its sandboxes, restore its ledger, and prove that all of it was kept."""
    chosen = secrets.randbelow(2**32) if seed is None else seed
    plan = SoakPlan(
        seconds=minutes * 60,
        writers=writers,
        readers=readers,
        kill_every_s=kill_every_s,
        restore_every_s=restore_every_s,
        seed=chosen,
        has_postgres=postgres,
    )
    terminal.messages().print(f"{writers} writers and {readers} readers for {minutes:g} minutes, seed {chosen}")
    with (
        tempfile.TemporaryDirectory() as folder,
        BackgroundStack(project_stack(Path(folder), projection=BOTH, has_postgres=postgres)) as stack,
        terminal.progress("soak", int(plan.seconds), unit="seconds") as advance,
    ):
        soaked = soak(stack, plan, Promises(), advance)
    if as_json:
        terminal.print_json({"plan": vars(plan), **content_of(soaked)})
    else:
        terminal.results().print(_table(soaked))
    if faults := faults_of(soaked):
        again = f"{PROGRAM} soak --minutes {minutes:g} --seed {chosen}{' --postgres' if postgres else ''}"
        raise ConsoleError(f"{len(faults):,} promises were broken: {faults[0]}", again)


def _table(soaked: Soaked) -> Table:
    table = Table("", "", show_header=False)
    for name, value in content_of(soaked).items():
        shown = ", ".join(f"{key}: {each}" for key, each in value.items()) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType] - JSON
        table.add_row(name, str(shown))  # pyright: ignore[reportUnknownArgumentType]
    return table
