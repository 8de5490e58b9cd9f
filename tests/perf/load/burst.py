"""A hundred requests at once to no sandbox at all: what each sees, and what all of them ask of the file system.

On the local stack every new sandbox is a new process. They share this machine's cores, so the times say little of AWS;
the operations that they do are those that they would do there.
"""

from __future__ import annotations

import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from console.benchmark.probe import Exchange, Probe
from console.client.client import Client
from console.expectations.operations import efs_round_trips
from console.local.background import BackgroundStack
from console.local.project import project_stack

HOMES = ("sqlite-efs", "sqlite-tmp")
AT_ONCE = 1000


class Burst(NamedTuple):
    """The outcome on one home.

    Args:
        latency_ms: of the good answers, from the burst's beginning.
        processes: how many sandboxes there were at the end; cold: how many answers were a sandbox's first. Some may
            have answered twice: here a sandbox can be free again before the last request is taken.
        round_trips, efs_bytes: of one new sandbox, on average.
    """

    source: str
    latency_ms: list[float]
    errors: int
    seconds: float
    processes: int
    cold: int
    round_trips: float
    efs_bytes: float


def measure_bursts(rows: int, width: int) -> list[Burst]:
    """Send bursts of so many requests for the newest 100 of so many rows, one on each SQLite home."""
    with (
        tempfile.TemporaryDirectory(prefix="burst-") as folder,
        BackgroundStack(project_stack(Path(folder), sandboxes=width)) as stack,
        Client(stack.url) as client,
    ):
        for start in range(0, rows, AT_ONCE):
            client.post("/insert", {"count": min(AT_ONCE, rows - start)}, retry_for_s=60)
        return [_burst(stack, client, source, width) for source in HOMES]


def _burst(stack: BackgroundStack, client: Client, source: str, width: int) -> Burst:
    stack.recycle()
    probe, ready = Probe(client), threading.Barrier(width + 1)

    def send() -> Exchange:
        ready.wait()
        return probe.get(f"/{source}")

    with ThreadPoolExecutor(width) as pool:
        sent = [pool.submit(send) for _ in range(width)]
        ready.wait()
        start_s = time.perf_counter()
        answered = [each.result() for each in sent]
    good = [each for each in answered if each.error is None]
    cold = [each.consumed for each in good if "init_ms" in each.consumed]
    return Burst(
        source,
        latency_ms=[(each.ended_s - start_s) * 1000 for each in good],
        errors=len(answered) - len(good),
        seconds=max(each.ended_s for each in answered) - start_s,
        processes=len(stack.processes()),
        cold=len(cold),
        round_trips=fmean(efs_round_trips(source, each) for each in cold),
        efs_bytes=fmean(each["efs_bytes"] for each in cold),
    )
