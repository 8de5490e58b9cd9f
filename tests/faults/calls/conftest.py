from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.calls.operations import Operation
from tests.faults.calls.outside import Outside, doors
from tests.faults.calls.stage import Stage

MEMORY = Path("/dev/shm")  # where there is one: the files are small and many


@pytest.fixture(scope="module")
def outside(unflushed: None) -> Iterator[Outside]:
    with doors() as opened:
        yield opened


@pytest.fixture
def make_stage(outside: Outside) -> Iterator[Callable[[Operation], Stage]]:
    """Makes the stage for an operation, once the last one was cleared."""
    patch = pytest.MonkeyPatch()

    def make(operation: Operation) -> Stage:
        patch.undo()
        return Stage(Path(tempfile.mkdtemp(dir=folder)), operation, outside, patch)

    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield make
    patch.undo()
    gc.collect()  # the sandboxes of a test's scenes hold files open, hundreds of them
