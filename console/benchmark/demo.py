"""The demo: the main job on a local stack of its own, from nothing to all read paths compared and proven alike."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from console.benchmark.session import (
    PUBLISHES,
    count_newest,
    count_published,
    joined_sizes,
    measure_newest,
    measure_published,
)
from console.client.client import Client
from console.client.snapshots import newest_snapshot
from console.data.agreement import compare_answers, list_queries
from console.data.loading import Loaded, LoadPlan, load
from console.data.verification import Verification, complain, verify_paths
from console.data.writers import ApiWriter
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.local.project import project_stack
from console.paths import PROGRAM
from console.results.environment import environment
from console.results.result import Environment, Size
from console.terminal import Steps
from console.wording import three_digits
from handlers.routes import MAX_INSERT_ROWS, POSTGRES

SEED = 1
NUMBERS = {False: "three", True: "four"}  # of read paths, without PostgreSQL and with it
PARTS = {
    False: "an emulated DynamoDB, two functions, a gateway",
    True: "an emulated DynamoDB, a PostgreSQL, three functions, a gateway",
}


@dataclass(frozen=True)
class DemoResult:
    """The findings of the demo: how the loading went, what was measured, and the proof that the paths agree."""

    loaded: Loaded
    environment: Environment
    size: Size
    verification: Verification


def run_demo(steps: Steps, count: int, reads: int, *, has_postgres: bool = False) -> DemoResult:
    """Start a local stack, load it, measure the paths, prove that they answer alike, and stop it again.

    Args:
        steps: told of each.
        count: how many rows.
        reads: warm reads on each path.
        has_postgres: whether PostgreSQL is one of them.

    Raises:
        ConsoleError: something failed, or the paths differ.
    """
    with tempfile.TemporaryDirectory(prefix="lambda-sqlite-") as folder:
        stack = BackgroundStack(project_stack(Path(folder), sandboxes=1, has_postgres=has_postgres))
        try:
            with steps(f"start the local stack: {PARTS[has_postgres]}"):
                stack.start()
            with Client(stack.url) as client:
                loaded = _load(client, steps, count)
                size = _measure(client, steps, reads, stack)
                _compare(client, steps)
                proof = _verify(client, steps)
                size = joined_sizes([size, _measure_published(client, steps)])
                return DemoResult(loaded, environment(client), size, proof)
        finally:
            with steps("stop the local stack"):
                stack.stop()


def _load(client: Client, steps: Steps, count: int) -> Loaded:
    with steps(f"insert {count:,} rows through the API", count) as advance:
        plan = LoadPlan(count, SEED, 1, "demo", MAX_INSERT_ROWS)
        try:
            loaded = load(ApiWriter(client), plan, advance, "")
        except ConsoleError as error:  # there is nothing to go on with: the stack ends with the demo
            raise ConsoleError(str(error), f"{PROGRAM} demo", error.code) from error
        steps.note(
            f"{three_digits(loaded.per_second)} rows/s, snapshot published in {three_digits(loaded.publish_seconds)} s"
        )
    return loaded


def _measure(client: Client, steps: Steps, reads: int, stack: BackgroundStack) -> Size:
    what = f"read each path {reads:,} times, taking turns, and first in new sandboxes"
    with steps(what, count_newest(client, reads), "requests") as advance:
        return measure_newest(client, reads, stack.recycle, advance)


def _measure_published(client: Client, steps: Steps) -> Size:
    what = f"publish a row and read it first on each path, {PUBLISHES} times"
    with steps(what, count_published(client), "requests") as advance:
        return measure_published(client, advance)


def _compare(client: Client, steps: Steps) -> None:
    asked = list_queries(client)
    with steps(f"ask all {NUMBERS[POSTGRES in client.homes()]} paths the same", len(asked), "queries") as advance:
        equal_bytes = compare_answers(client, asked, advance)
        steps.note(f"{len(asked)} queries, {equal_bytes:,} bytes, alike to the byte")


def _verify(client: Client, steps: Steps) -> Verification:
    published = newest_snapshot(client)
    with steps("verify each path against the snapshot", published.bookmark.seq * len(client.homes())) as advance:
        outcome = verify_paths(client, published, advance)
        complain(outcome)
        steps.note(f"{outcome.rows:,} rows each, count and content hash agree")
    return outcome
