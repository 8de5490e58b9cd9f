"""Inserts at a steady rate through the local stack, whatever the answers do: each is timed from when it was due."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

from console.benchmark.open_loop import MAX_UNANSWERED, Block, Pace, Schedule
from console.benchmark.probe import Probe
from console.client.client import Client
from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.settings import BOTH

INSERT = "/insert"
AT_ONCE = 1000
OWN_PHASES = ("parse", "append", "total")  # all others are the publish


class Steady(NamedTuple):
    """The outcome of a schedule. Times are in milliseconds, one for each insert that was answered well.

    Args:
        errors: how many were not.
        is_held: whether the rate was kept up.
        segments, snapshot_bytes: of the last insert's snapshot; written_bytes: 0 where another publisher was first.
    """

    latency_ms: list[float]
    server_ms: list[float]
    append_ms: list[float]
    publish_ms: list[float]
    written_bytes: list[int]
    errors: int
    is_held: bool
    segments: int
    snapshot_bytes: int


def insert_steadily(rows: int, rate_per_s: float, seconds: float) -> Steady:
    """Insert one row at a time, upon so many rows; the projector publishes too, as it is deployed."""
    blocks: list[Block] = []
    with (
        tempfile.TemporaryDirectory(prefix="writes-") as folder,
        BackgroundStack(project_stack(Path(folder), projection=BOTH)) as stack,
        Client(stack.url) as client,
        ThreadPoolExecutor(MAX_UNANSWERED) as pool,
    ):
        for start in range(0, rows, AT_ONCE):
            client.post(INSERT, {"count": min(AT_ONCE, rows - start)})
        send = partial(Probe(client).post, INSERT, {}, {})
        Schedule(rate_per_s, pool).run([send] * int(rate_per_s * seconds), blocks.append)
    return _steady(blocks, rate_per_s)


def _steady(blocks: list[Block], rate_per_s: float) -> Steady:
    timed = [each for block in blocks for each in block.timed]
    good = [each for each in timed if each.exchange.error is None]
    snapshots = [_snapshot(each.exchange.members) for each in good]
    phases = [each.exchange.phases_ms for each in good]
    return Steady(
        latency_ms=[each.latency_s * 1000 for each in good],
        server_ms=[each["total"] for each in phases],
        append_ms=[each["append"] for each in phases],
        publish_ms=[sum(ms for phase, ms in each.items() if phase not in OWN_PHASES) for each in phases],
        written_bytes=[each["written_bytes"] for each in snapshots],
        errors=len(timed) - len(good),
        is_held=Pace.from_blocks(blocks, rate_per_s).is_held,
        segments=snapshots[-1]["segments"],
        snapshot_bytes=snapshots[-1]["bytes"],
    )


def _snapshot(members: Mapping[str, object]) -> Mapping[str, int]:
    """Return what an insert's answer says of the snapshot with its row. Raises RuntimeError where there is none."""
    found = members["snapshot"]
    if not isinstance(found, dict):
        raise RuntimeError(f"not published: {members}")  # noqa: TRY004 - of the answer, not of a caller's argument
    return cast("Mapping[str, int]", found)
