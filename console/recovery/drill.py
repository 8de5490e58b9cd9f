"""The drill: each disaster on a local stack of its own, the way back, and the proof that all of it is back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.client.client import Client
from console.local.background import BackgroundStack
from console.local.project import project_stack
from console.recovery import disasters
from console.recovery.clocked import Clocked, Phase, Taken
from console.recovery.disaster import Disaster
from console.recovery.drilled_stack import DrilledStack
from console.terminal import Steps

DRILLED: Mapping[Disaster, Callable[[DrilledStack, int], disasters.Outcome]] = {
    Disaster.ROWS: disasters.rows_by_mistake,
    Disaster.TABLE: disasters.damaged_table,
    Disaster.FILES: disasters.lost_files,
}


@dataclass(frozen=True)
class Drilled:
    """A disaster that was lived through.

    Attributes:
        back_s: how long it took until readers were right again.
        proof_s: how long the proof of it took.
        folder: where segments and logs were kept; None where nothing was left behind.
    """

    disaster: str
    outcome: disasters.Outcome
    back_s: float
    proof_s: float
    steps: Sequence[Taken]
    folder: str | None


def drill(disaster: Disaster, count: int, steps: Steps, *, keeps: bool = False) -> Drilled:
    """Live through one disaster on a local stack that is gone afterwards.

    Args:
        disaster: one of `DRILLED`.
        count: how many rows there are before.
        steps: told of each.
        keeps: leave the stack's folder, with its segments and logs.

    Raises:
        ConsoleError: a step failed, or not all of it is back.
    """
    clocked = Clocked(steps)
    with _folder(keeps) as folder, _running(folder, clocked) as stack, Client(stack.url) as client:
        outcome = DRILLED[disaster](DrilledStack(stack, client, clocked), count)
    return Drilled(
        disaster=disaster.value,
        outcome=outcome,
        back_s=clocked.seconds(Phase.BACK),
        proof_s=clocked.seconds(Phase.PROOF),
        steps=clocked.taken,
        folder=str(folder) if keeps else None,
    )


@contextmanager
def _folder(keeps: bool) -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lambda-sqlite-drill-"))
    try:
        yield folder
    finally:
        if not keeps:
            shutil.rmtree(folder)


@contextmanager
def _running(folder: Path, clocked: Clocked) -> Generator[BackgroundStack]:
    stack = BackgroundStack(project_stack(folder, sandboxes=1, check_interval_ms=0))
    try:
        with clocked(Phase.BEFORE, f"start a local stack in {folder}"):
            stack.start()
        yield stack
    finally:
        stack.stop()
