"""Loading rows in batches, repeatably, and so that an interrupted run goes on without doubling a row.

Row k of a seed is always the same. Each batch carries a key of its own, made of the run and the batch's place, so a
batch whose answer got lost, or that was under way at Ctrl-C, is in once, however often it is sent.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from console.data.writers import Writer
from console.errors import INTERRUPTED, ConsoleError, NotDoneError
from console.terminal import Advance
from handlers.model.model import Draft
from handlers.routes import MAX_INSERT_ROWS
from handlers.rows import MODEL


@dataclass(frozen=True)
class LoadPlan:
    """The rows to be loaded: start … start + count - 1 of a seed."""

    count: int
    seed: int
    start: int
    run: str
    batch: int

    def batches(self) -> Iterator[list[Draft]]:
        """Yield the rows in order, a batch at a time."""
        drafts = itertools.islice(generate_drafts(self.seed), self.start - 1, self.start - 1 + self.count)
        while batch := list(itertools.islice(drafts, self.batch)):
            yield batch

    def key(self, first: int, count: int) -> str:
        """Return the Idempotency-Key of a batch."""
        return f"seed-{self.run}-{self.seed}-{first}-{count}"

    def rest(self, done: int) -> str:
        """Return the options that go on after so many rows."""
        options = f"--count {self.count - done} --seed {self.seed} --start {self.start + done} --run {self.run}"
        return options if self.batch == MAX_INSERT_ROWS else f"{options} --batch {self.batch}"


@dataclass
class Loaded:
    """The outcome of a load."""

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


def load(writer: Writer, plan: LoadPlan, advance: Advance, command: str) -> Loaded:
    """Carry out a plan and publish.

    Args:
        command: the command line that writes to the same place; what is left to do is added to it.

    Raises:
        ConsoleError: it was cut short; says how many rows are in for certain, how many perhaps, and how to go on.
    """
    started_s = time.monotonic()
    done, doubtful, bookmark = 0, 0, ""
    try:
        for drafts in plan.batches():
            doubtful = len(drafts)
            bookmark = writer.append(plan.key(plan.start + done, len(drafts)), drafts)
            done, doubtful = done + len(drafts), 0
            advance(len(drafts))
        seconds = time.monotonic() - started_s
        snapshot = writer.publish()
    except (ConsoleError, KeyboardInterrupt) as error:
        raise _cut_short(error, plan, (done, 0 if isinstance(error, NotDoneError) else doubtful), command) from error
    publish_seconds = time.monotonic() - started_s - seconds
    return Loaded(done, plan.seed, plan.run, bookmark, snapshot, seconds, publish_seconds)


def generate_drafts(seed: int) -> Iterator[Draft]:
    """Yield the rows of a seed, without end."""
    generator = random.Random(seed)  # noqa: S311 - test data, no secret
    while True:
        yield MODEL.random_draft(generator)


def _cut_short(
    error: ConsoleError | KeyboardInterrupt, plan: LoadPlan, in_now: tuple[int, int], command: str
) -> ConsoleError:
    """Make the error that says what is in, for certain and perhaps: the next try repeats no batch that is."""
    reason, code = (str(error), error.code) if isinstance(error, ConsoleError) else ("interrupted", INTERRUPTED)
    done, doubtful = in_now
    if done == plan.count:
        hint = "publish them with `POST /snapshots`; the next insert does it too"
        return ConsoleError(f"{reason}; all {done:,} rows are in, but perhaps in no snapshot yet", hint, code)
    if isinstance(error, NotDoneError) and not done:
        return error
    perhaps = f", and perhaps the next {doubtful:,}" if doubtful else ""
    said = f"{reason}; {done:,} of {plan.count:,} rows are in{perhaps}"
    return ConsoleError(said, f"{command} {plan.rest(done)}", code)
