"""One step of a rebuild in a process of its own, which stands for a sandbox: rows are made, not read."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

from handlers.settings import Settings
from handlers.snapshots.publish import Publisher
from handlers.snapshots.rebuild import Goal, Rebuild, RowSpan
from handlers.telemetry.usage import Usage
from tests.perf.subjects.building import GeneratedLedger
from tests.perf.subjects.measured_part import peak_mb, settings_of

LIMIT_S = 280.0  # of a projector with 300 s
_sandboxes: dict[Path, Sandbox] = {}


class Built(NamedTuple):
    """A range that was built: how long it and each of its phases took, with what of a processor, in what memory."""

    rows: int
    total_s: float
    processor_s: float
    phases_s: dict[str, float]
    peak_mb: float


class Sandbox:
    """A process's publisher, with a disk of its own."""

    def __init__(self, folder: Path, ledger: GeneratedLedger) -> None:
        own = folder / f"sandbox-{id(self)}-{time.monotonic_ns()}"
        own.mkdir()
        settings = Settings({**settings_of(own), "EFS_DIR": str(folder / "efs"), "VERIFY_MAX_BYTES": "0"})
        self.rebuild = Rebuild(Publisher(ledger, settings), settings)


def build(folder: Path, ledger: GeneratedLedger, told: dict[str, Any], span: RowSpan) -> Built:
    """Build a range; the first one of a process makes its sandbox."""
    sandbox = _sandboxes.get(folder) or _sandboxes.setdefault(folder, Sandbox(folder, ledger))
    usage, start_s, began_s = Usage(), time.perf_counter(), time.process_time()
    reached = sandbox.rebuild.build(Goal.from_json(told), span, LIMIT_S, usage)
    total_s = time.perf_counter() - start_s
    phases_s = {phase: spent_ns / 1e9 for phase, spent_ns in usage.phases_ns.items()}
    return Built(reached - span.first + 1, total_s, time.process_time() - began_s, phases_s, peak_mb())
