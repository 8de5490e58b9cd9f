"""Appends a second through one head item, by writers at once: the table of docs/limits.md.

    python -m tests.perf.appends [milliseconds of network added to each call]

Each writer is a process with an appender of its own, as each sandbox is, and all write to one ledger in an emulated
DynamoDB. It shows how writers get in each other's way, not how fast DynamoDB is.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import cast

from botocore.client import BaseClient

from console.data.ledger import create_table, open_store
from console.local.emulator import Emulator
from handlers.aws.dynamodb import Deadline
from handlers.domain.problem import Problem
from handlers.rows import MODEL
from tests.perf.subjects.measured_part import Figures

WRITERS = (1, 2, 4, 8)
ROWS = (1, 98)
SECONDS = 10.0


def write(count: int, network_ms: float, until_s: float) -> Figures:
    """Append so many rows again and again until then: how often that succeeded, and how often it was given up."""
    draft = MODEL.random_draft(random.Random(1))

    def slow(**_: object) -> None:
        time.sleep(network_ms / 1000)

    done = given_up = 0
    with open_store(os.environ) as store:
        client = cast("BaseClient", store.client)
        client.meta.events.register("before-send", slow)
        while time.time() < until_s:
            try:
                store.appender.append([draft] * count, Deadline())
                done += 1
            except Problem:
                given_up += 1
    return {"done": done, "given up": given_up}


def measure(writers: int, count: int, network_ms: float) -> Figures:
    """What so many writers get done at once on a new ledger."""
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        environ = {**os.environ, **emulator.environment, "TABLE_NAME": "ledger", "EFS_DIR": folder}
        with open_store(environ) as store:
            create_table(store.client, "ledger")
            store.appender.head(Deadline())
        until_s = time.time() + SECONDS + 2  # their imports
        command = [sys.executable, "-m", "tests.perf.appends", str(network_ms), str(count), str(until_s)]
        started = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(writers)]
        found: list[Figures] = [json.loads(process.communicate()[0]) for process in started]
    return {name: sum(one[name] for one in found) for name in found[0]}


def main(network_ms: float) -> None:
    """Print the table."""
    print(f"| rows a call | writers at once | calls/s | rows/s | given up | ({network_ms:g} ms of network added)")
    for count in ROWS:
        for writers in WRITERS:
            found = measure(writers, count, network_ms)
            calls = found["done"] / SECONDS
            print(f"| {count} | {writers} | {calls:.0f} | {calls * count:,.0f} | {found['given up']} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(write(int(sys.argv[2]), float(sys.argv[1]), float(sys.argv[3]))))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 0)
