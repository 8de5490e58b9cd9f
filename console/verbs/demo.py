"""The verb `demo`: the whole main job on this machine, from nothing to a comparison of the three read paths."""

from __future__ import annotations

import tempfile
import textwrap
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from console import terminal
from console.client.client import Client
from console.client.snapshots import newest_snapshot
from console.client.target import JsonOption
from console.data.agreement import compare_answers, list_queries
from console.data.loading import Loaded, LoadPlan, load
from console.data.verification import Verification, complain, verify_paths
from console.data.writers import ApiWriter
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.local.project import project_stack
from console.paths import PROGRAM
from console.results.environment import NOT_AWS
from console.wording import three_digits
from handlers.routes import MAX_INSERT_ROWS

if TYPE_CHECKING:
    from console.report.side_by_side import PathTimes

SEED = 1


@dataclass
class Outcome:
    """The findings of the demo."""

    rows: int
    reads: int
    seed: int
    loaded: Loaded
    paths: list[PathTimes]
    sentence: str
    verification: Verification
    seconds: float


class Steps:
    """The log of what is done, each step with its duration."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._notes: list[str] = []

    @contextmanager
    def __call__(self, what: str) -> Generator[None]:
        start_s = time.monotonic()
        yield
        note = f": {self._notes.pop()}" if self._notes else ""
        self._console.print(f"{time.monotonic() - start_s:5.1f} s  {what}{note}")

    def note(self, text: str) -> None:
        """Say what came of the step under way."""
        self._notes.append(text)


def demo(
    count: Annotated[int, typer.Option(min=2, help="How many rows.")] = 10_000,
    reads: Annotated[int, typer.Option(min=2, help="Warm reads on each path.")] = 300,
    *,
    as_json: JsonOption = False,
) -> None:
    """Start a local stack, load it, compare the three read paths, prove that they answer alike, and stop it again."""
    console = terminal.messages() if as_json else terminal.results()
    started_s = time.monotonic()
    steps = Steps(console)
    with tempfile.TemporaryDirectory(prefix="lambda-sqlite-") as folder:
        stack = BackgroundStack(project_stack(Path(folder), sandboxes=1))
        try:
            with steps("start the local stack: an emulated DynamoDB, two functions, a gateway"):
                stack.start()
            outcome = _compare(stack, steps, count, reads)
        finally:
            with steps("stop the local stack"):
                stack.stop()
    outcome.seconds = time.monotonic() - started_s
    if as_json:
        terminal.print_json(asdict(outcome))
        return
    _print(console, outcome)


def _compare(stack: BackgroundStack, steps: Steps, count: int, reads: int) -> Outcome:
    from console.benchmark.session import measure_newest  # noqa: PLC0415 - with hdrh, which few verbs need
    from console.report.side_by_side import path_times, sentence  # noqa: PLC0415

    with Client(stack.url) as client:
        loaded = _load(client, steps, count)
        with steps(f"read each path {reads:,} times, taking turns, and first in new sandboxes"):
            paths = path_times(measure_newest(client, reads, stack.recycle))
        with steps("ask all three paths the same"):
            asked = list_queries(client)
            steps.note(f"{len(asked)} queries, {compare_answers(client, asked):,} bytes, alike to the byte")
        with steps("verify each path against the snapshot"):
            outcome = verify_paths(client, newest_snapshot(client), lambda _: None)
            complain(outcome)
            steps.note(f"{outcome.rows:,} rows each, count and content hash agree")
    return Outcome(count, reads, SEED, loaded, paths, sentence(paths), outcome, 0.0)


def _load(client: Client, steps: Steps, count: int) -> Loaded:
    with steps(f"insert {count:,} rows through the API"):
        plan = LoadPlan(count, SEED, 1, "demo", MAX_INSERT_ROWS)
        try:
            loaded = load(ApiWriter(client), plan, lambda _: None, "")
        except ConsoleError as error:  # there is nothing to go on with: the stack ends with the demo
            raise ConsoleError(str(error), f"{PROGRAM} demo", error.code) from error
        steps.note(
            f"{three_digits(loaded.per_second)} rows/s, snapshot published in {three_digits(loaded.publish_seconds)} s"
        )
    return loaded


def _print(console: Console, outcome: Outcome) -> None:
    from console.report.side_by_side import times_table  # noqa: PLC0415 - as above

    console.print(f"{outcome.seconds:5.1f} s  in all")
    console.print(f"\nThe newest 100 of {outcome.rows:,} rows, {outcome.reads:,} reads on each path:\n")
    console.print(times_table(outcome.paths).table())
    for paragraph in (outcome.sentence, NOT_AWS):
        console.print(f"\n{textwrap.fill(paragraph, console.width)}")
