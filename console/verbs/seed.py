"""The verb `seed`: load random rows in batches, and publish one snapshot with them."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer

from console import terminal
from console.client.client import Client
from console.client.health import ask_health
from console.client.target import JsonOption, UrlOption, api_url
from console.data.ledger import open_store
from console.data.loading import Loaded, LoadPlan, load
from console.data.writers import ApiWriter, LedgerWriter, Writer
from console.paths import PROGRAM
from console.wording import three_digits
from handlers.routes import MAX_INSERT_ROWS


def seed(
    count: Annotated[int, typer.Option(min=1, help="How many rows.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Makes the rows repeatable; default: a random one.")] = None,
    start: Annotated[int, typer.Option(min=1, help="Begin with this row of the seed.")] = 1,
    run: Annotated[str, typer.Option(help="Go on with this run: batches that are in are not repeated.")] = "",
    batch: Annotated[int, typer.Option(min=1, max=MAX_INSERT_ROWS, help="Rows a request.")] = MAX_INSERT_ROWS,
    *,
    url: UrlOption = "",
    direct: Annotated[bool, typer.Option("--direct", help="Write to TABLE_NAME itself, with AWS credentials.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Load random rows, then publish one snapshot with them."""
    chosen = secrets.randbelow(2**32) if seed is None else seed
    plan = LoadPlan(count, chosen, start, run or secrets.token_hex(4), batch)
    address = "" if direct else api_url(url)
    where = "--direct" if direct else f"--url {shlex.quote(address)}"
    terminal.messages().print(f"{count:,} rows of seed {plan.seed} (run {plan.run}) to {address or 'the ledger'}")
    with _writer(address) as writer, terminal.progress("seed", count) as advance:
        loaded = load(writer, plan, advance, f"{PROGRAM} seed {where}")
    if as_json:
        terminal.print_json(asdict(loaded))
        return
    _print(loaded)


@contextmanager
def _writer(address: str) -> Generator[Writer]:
    if address:
        with Client(address) as client:
            ask_health(client, "/command/health")
            yield ApiWriter(client)
    else:
        with open_store(os.environ) as store:
            yield LedgerWriter(store)


def _print(loaded: Loaded) -> None:
    text = f"{loaded.inserted:,} rows in {three_digits(loaded.seconds)} s ({three_digits(loaded.per_second)} rows/s)"
    if loaded.snapshot:
        text += f", published in {three_digits(loaded.publish_seconds)} s: snapshot {loaded.snapshot}"
    else:
        text += f", bookmark {loaded.bookmark}; not published (EFS_DIR is not here): the projector does it"
    terminal.results().print(text)
