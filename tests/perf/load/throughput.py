"""Requests a second of one sandbox on each home: one process on one core, a closed loop of one client."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from console.data.ledger import create_table, open_store
from console.local.emulator import Emulator
from handlers.aws.dynamodb import Deadline
from handlers.routes import SOURCES
from handlers.rows import MODEL
from handlers.telemetry.usage import Usage
from tests.perf.sandboxes.sandbox import pinned
from tests.perf.sandboxes.subjects import OURS, Subjects, lambda_environ
from tests.perf.subjects.events import get

AT_ONCE = 1000
LOOP = Path(__file__).with_name("closed_loop.py")
CLIENT_WARM_UP = 30


class Rate(NamedTuple):
    """Requests a second: of the clock, and of the processor's time in the sandbox alone."""

    a_second: float
    a_cpu_second: float


class HomeRates(NamedTuple):
    """The rates of one kind of request on one home."""

    source: str
    request: str
    in_handler: Rate
    under_runtime: Rate


def measure_throughput(folder: Path, python: str, rows: int, seconds: float) -> list[HomeRates]:
    """Measure each kind of request on each home, so many seconds in the handler and so many under the runtime."""
    subjects = Subjects(folder / "subjects", python)
    with _ledger(folder, rows) as (environ, row_id), pinned(subjects.own_cores):
        requests = {"newest 100": "", "one by id": f"/{row_id}", "statistics": "/stats"}
        return [
            HomeRates(
                source,
                name,
                _in_handler(subjects, environ, get(f"/{source}{below}"), seconds),
                _under_runtime(subjects, environ, get(f"/{source}{below}"), seconds),
            )
            for source in SOURCES
            for name, below in requests.items()
        ]


@contextmanager
def _ledger(folder: Path, rows: int) -> Generator[tuple[Mapping[str, str], str]]:
    """Fill a ledger and publish it. Yields the functions' environment and a row's id."""
    for name in ("emulator", "efs"):
        (folder / name).mkdir()
    generator = random.Random(1)
    with Emulator(folder / "emulator") as emulator:
        environ = {**emulator.environment, "TABLE_NAME": "ledger", "EFS_DIR": str(folder / "efs")}
        with open_store(environ) as store:
            create_table(store.client, "ledger")
            ids: list[str] = []
            for start in range(0, rows, AT_ONCE):
                drafts = [MODEL.random_draft(generator) for _ in range(min(AT_ONCE, rows - start))]
                ids += store.appender.append(drafts, Deadline(limit_s=60)).ids
            if store.publisher is None:
                raise RuntimeError("no folder to publish in")
            store.publisher.publish(store.appender.head(Deadline()).bookmark, Usage())
        yield environ, ids[rows // 2]


def _in_handler(subjects: Subjects, environ: Mapping[str, str], event: object, seconds: float) -> Rate:
    package = subjects.packages[OURS]
    with pinned(subjects.cores):
        done = subprocess.run(
            [subjects.python, str(LOOP), package.handler, str(seconds)],
            cwd=package.folder,
            env={**lambda_environ(package, subjects.version), **environ, "TMP_DIR": str(_made(subjects.new_disk()))},
            input=json.dumps(event),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout.splitlines()[-1])  # after the functions' own lines
    return Rate(found["requests"] / found["seconds"], found["requests"] / found["cpu_s"])


def _under_runtime(subjects: Subjects, environ: Mapping[str, str], event: object, seconds: float) -> Rate:
    asked = json.dumps(event).encode()
    sandbox = subjects.start(OURS, {**environ, "TMP_DIR": str(_made(subjects.new_disk()))})
    try:
        for _ in range(CLIENT_WARM_UP):
            answer = sandbox.ask(asked)
            if answer["statusCode"] != 200:
                raise RuntimeError(f"{answer}")
        done, cpu_s, start_s = 0, sandbox.cpu_s(), time.perf_counter()
        while time.perf_counter() < start_s + seconds:
            sandbox.invoke(asked)
            done += 1
        return Rate(done / (time.perf_counter() - start_s), done / (sandbox.cpu_s() - cpu_s))
    finally:
        sandbox.close()


def _made(folder: Path) -> Path:
    os.makedirs(folder)
    return folder
