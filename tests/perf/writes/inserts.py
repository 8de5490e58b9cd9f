"""One insert, request to answer, taken apart; and the floor of each part, measured in turns with it.

The command function runs in this process, its DynamoDB is the emulator in another one, its file system a local disk.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from console.data.ledger import create_table, open_store
from console.local.emulator import Emulator
from handlers.aws.dynamodb import make_client
from handlers.gateway.router import Router
from handlers.ledger.appender import Appender
from handlers.ledger.ledger import Ledger
from handlers.snapshots import maker
from handlers.snapshots.build import SegmentBuilder
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.names import Name
from handlers.snapshots.retention import Retention
from tests.perf.subjects.events import post
from tests.perf.writes.floors import Floors
from tests.perf.writes.stopwatch import REST, Stopwatch
from tests.support.files import Calls

APPEND, HEAD, ROWS, BUILD, COPY, FSYNC, LINK, LIST = "append", "head", "rows", "build", "copy", "fsync", "link", "list"
TOTAL = "request to answer"
PARTS = (APPEND, HEAD, ROWS, BUILD, COPY, FSYNC, LINK, LIST, REST, TOTAL)
TABLE = "ledger"
WARM_UP = 20
AT_ONCE = 1000

Times = dict[str, list[float]]


class Taken(NamedTuple):
    """The inserts measured: milliseconds of each by part, the floors, bytes written, and the calls of the last one."""

    parts_ms: Times
    floors_ms: Times
    written_bytes: list[int]
    calls: list[str]


def take_apart(folder: Path, rows: int, inserts: int) -> Taken:
    """Measure inserts of one row each upon so many rows."""
    with _command(folder) as (router, environ):
        for start in range(0, rows, AT_ONCE):
            _insert(router, {"count": min(AT_ONCE, rows - start)})
        ledger = Ledger(make_client(environ["AWS_REGION"]), TABLE)
        floors = Floors(ledger, folder)
        taken = Taken(defaultdict(list), defaultdict(list), [], [])
        with Stopwatch() as stopwatch:
            wrap_parts(stopwatch)
            for number in range(-WARM_UP, inserts):
                stopwatch.taken()
                written_bytes = _insert(router, {})
                parts_ms = stopwatch.taken()
                floors_ms = floors.measure(_newest(environ["EFS_DIR"]), written_bytes)
                if number >= 0:
                    _note(taken, parts_ms, floors_ms, written_bytes)
        with Calls(Path(environ["EFS_DIR"])) as calls:
            _insert(router, {})
        return taken._replace(calls=calls.seen)


@contextmanager
def _command(folder: Path) -> Generator[tuple[Router, Mapping[str, str]]]:
    """Make the command function on an emulator and a new file system."""
    for name in ("emulator", "efs", "tmp"):
        (folder / name).mkdir()
    with Emulator(folder / "emulator") as emulator:
        folders = {"EFS_DIR": str(folder / "efs"), "TMP_DIR": str(folder / "tmp")}
        environ = {**emulator.environment, **folders, "TABLE_NAME": TABLE}
        with open_store(environ) as store:
            create_table(store.client, TABLE)
        os.environ.update(environ)
        from handlers import command  # noqa: PLC0415 - as in Lambda, the environment is there before it is loaded

        yield command.handler, environ


def wrap_parts(stopwatch: Stopwatch) -> None:
    """Say which calls are which part."""
    stopwatch.wrap(Appender, "append", APPEND)
    stopwatch.wrap(Ledger, "head", HEAD)
    stopwatch.wrap(Ledger, "_items", ROWS)
    for name in ("__init__", "take", "add", "finish", "close"):
        stopwatch.wrap(SegmentBuilder, name, BUILD)
    stopwatch.wrap(maker, "copy_proven", BUILD)
    stopwatch.wrap(maker, "copy_durably", COPY)
    stopwatch.wrap(os, "fsync", FSYNC)
    stopwatch.wrap(os, "link", LINK)
    stopwatch.wrap(Catalog, "look", LIST)
    stopwatch.wrap(Retention, "apply", REST)


def _insert(router: Router, content: dict[str, object]) -> int:
    """Insert and publish. Returns how many bytes were written. Raises RuntimeError where it was not done."""
    answer = router(post("/insert", content), None)
    body = json.loads(str(answer["body"]))
    if answer["statusCode"] != 201 or not body["snapshot"]:
        raise RuntimeError(f"{answer}")
    return body["snapshot"]["written_bytes"]


def _newest(efs_dir: str) -> Name:
    names = map(Name, os.listdir(os.path.join(efs_dir, "snapshots")))
    return max(names, key=lambda name: (name.last, -name.first))


def _note(taken: Taken, parts_ms: Mapping[str, float], floors_ms: Mapping[str, float], written_bytes: int) -> None:
    for part in PARTS[:-1]:
        taken.parts_ms[part].append(parts_ms.get(part, 0.0))
    taken.parts_ms[TOTAL].append(sum(parts_ms.values()))
    for part, spent_ms in floors_ms.items():
        taken.floors_ms[part].append(spent_ms)
    taken.written_bytes.append(written_bytes)
