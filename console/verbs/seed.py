"""The verb `seed`: load rows in batches, repeatably, and so that an interrupted run goes on without doubling a row.

Row k of a seed is always the same. Each batch carries a key of its own, made of the run and the batch's place, so a
batch whose answer got lost, or that was under way at Ctrl-C, is in once, however often it is sent.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import shlex
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from console import terminal
from console.client.client import Client
from console.client.target import JsonOption, UrlOption, api_url
from console.data.ledger import opened
from console.data.writers import ApiWriter, LedgerWriter, Writer
from console.errors import INTERRUPTED, ConsoleError
from console.terminal import Advance
from handlers.routes import MAX_INSERT_ROWS
from handlers.rows import Draft, random_draft


@dataclass(frozen=True)
class Plan:
    """What is to be loaded: rows start … start + count - 1 of a seed."""

    count: int
    seed: int
    start: int
    run: str
    batch: int

    def batches(self) -> Iterator[list[Draft]]:
        """The rows in order, a batch at a time."""
        drafts = itertools.islice(drafts_of(self.seed), self.start - 1, self.start - 1 + self.count)
        while batch := list(itertools.islice(drafts, self.batch)):
            yield batch

    def key(self, first: int, count: int) -> str:
        """The Idempotency-Key of a batch."""
        return f"seed-{self.run}-{self.seed}-{first}-{count}"

    def rest(self, done: int) -> str:
        """The options that go on after so many rows."""
        options = f"--count {self.count - done} --seed {self.seed} --start {self.start + done} --run {self.run}"
        return options if self.batch == MAX_INSERT_ROWS else f"{options} --batch {self.batch}"


@dataclass
class Loaded:
    """What was loaded."""

    inserted: int
    seed: int
    run: str
    bookmark: str
    snapshot: str | None
    seconds: float
    publish_seconds: float

    @property
    def per_second(self) -> float:
        """Rows a second, without the publishing."""
        return self.inserted / self.seconds


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
    plan = Plan(count, secrets.randbelow(2**32) if seed is None else seed, start, run or secrets.token_hex(4), batch)
    address = "" if direct else api_url(url)
    where = "--direct" if direct else f"--url {shlex.quote(address)}"
    terminal.messages().print(f"{count:,} rows of seed {plan.seed} (run {plan.run}) to {address or 'the ledger'}")
    with _writer(address) as writer, terminal.progress("seed", count) as advance:
        loaded = load(writer, plan, advance, f"python -m console seed {where}")
    if as_json:
        terminal.print_json(asdict(loaded))
        return
    _print(loaded)


def load(writer: Writer, plan: Plan, advance: Advance, command: str) -> Loaded:
    """Carry out a plan and publish.

    Args:
        command: the command line that writes to the same place; what is left to do is added to it.

    Raises:
        ConsoleError: it was cut short; says how many rows are in and how to go on.
    """
    started_s = time.monotonic()
    done, bookmark = 0, ""
    try:
        for drafts in plan.batches():
            bookmark = writer.append(plan.key(plan.start + done, len(drafts)), drafts)
            done += len(drafts)
            advance(len(drafts))
        seconds = time.monotonic() - started_s
        snapshot = writer.publish()
    except (ConsoleError, KeyboardInterrupt) as error:
        raise _cut_short(error, plan, done, command) from error
    publish_seconds = time.monotonic() - started_s - seconds
    return Loaded(done, plan.seed, plan.run, bookmark, snapshot, seconds, publish_seconds)


def drafts_of(seed: int) -> Iterator[Draft]:
    """The rows of a seed, without end."""
    generator = random.Random(seed)  # noqa: S311 - test data, no secret
    while True:
        yield random_draft(generator)


@contextmanager
def _writer(address: str) -> Generator[Writer]:
    if address:
        with Client(address) as client:
            yield ApiWriter(client)
    else:
        with opened(os.environ) as store:
            yield LedgerWriter(store)


def _cut_short(error: ConsoleError | KeyboardInterrupt, plan: Plan, done: int, command: str) -> ConsoleError:
    reason, code = (str(error), error.code) if isinstance(error, ConsoleError) else ("interrupted", INTERRUPTED)
    if done == plan.count:
        hint = "publish them with `POST /snapshots`; the next insert does it too"
        return ConsoleError(f"{reason}; all {done:,} rows are in, but in no snapshot yet", hint, code)
    if not done and isinstance(error, ConsoleError):
        return error
    return ConsoleError(f"{reason}; {done:,} of {plan.count:,} rows are in", f"{command} {plan.rest(done)}", code)


def _print(loaded: Loaded) -> None:
    text = f"{loaded.inserted:,} rows in {loaded.seconds:.1f} s ({loaded.per_second:,.0f} rows/s)"
    if loaded.snapshot:
        text += f", published in {loaded.publish_seconds:.1f} s: snapshot {loaded.snapshot}"
    else:
        text += f", bookmark {loaded.bookmark}; not published (EFS_DIR is not here): POST /snapshots does it"
    terminal.results().print(text)
