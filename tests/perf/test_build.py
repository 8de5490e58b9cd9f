"""Building, publishing and copying snapshots beside the plainest way to do the same, in one run."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from handlers.snapshots.build import WorkingFile
from handlers.snapshots.files import FileCopy
from handlers.telemetry.usage import Usage
from tests.perf.conftest import make_rows
from tests.perf.subjects.measure import measure
from tests.perf.subjects.plain import PLAIN_INSERT, make_plain_file
from tests.support.files import MemoryLedger, Place

COUNT = 20_000
KINDS = ("ours", "plain")


@pytest.mark.parametrize("kind", KINDS)
def test_full_build(benchmark: BenchmarkFixture, tmp_path: Path, kind: str) -> None:
    rows = make_rows(COUNT)

    def build() -> int:
        target = tmp_path / "built.db"
        target.unlink(missing_ok=True)
        if kind == "plain":
            make_plain_file(target, rows)
            return target.stat().st_size
        working = WorkingFile.create(str(target), 1)
        working.apply(rows)
        working.finish()
        size_bytes = target.stat().st_size
        working.close()
        return size_bytes

    assert measure(benchmark, f"full build of {COUNT} rows", build) > COUNT * 50


@pytest.mark.parametrize("kind", KINDS)
def test_incremental_build(benchmark: BenchmarkFixture, tmp_path: Path, kind: str) -> None:
    rows = make_rows(COUNT + 500)
    batches = iter([[row] for row in rows[COUNT:]])
    path = tmp_path / "working.db"
    if kind == "plain":
        make_plain_file(path, rows[:COUNT])
        connection = sqlite3.connect(path, isolation_level=None)

        def insert() -> object:
            return connection.executemany(PLAIN_INSERT, next(batches))

        measure(benchmark, f"one more row on {COUNT}", insert, rounds=400)
        connection.close()
        return
    working = WorkingFile.create(str(path), 1)
    working.apply(rows[:COUNT])
    working.finish()
    measure(benchmark, f"one more row on {COUNT}", lambda: working.apply(next(batches)), rounds=400)
    assert working.bookmark.seq > COUNT
    working.close()


@pytest.mark.parametrize("kind", KINDS)
def test_publish(benchmark: BenchmarkFixture, tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path)
    ledger = MemoryLedger(COUNT)
    publisher = place.publisher(ledger)
    published = publisher.publish(ledger.bookmark, Usage())
    built, numbers = place.path(published), itertools.count()

    def publish() -> object:
        """One row more: applied, copied, hashed, made durable, linked, and old files tidied away."""
        ledger.grow(1)
        return publisher.publish(ledger.bookmark, Usage())

    def copy() -> object:
        """A file of that size, copied, made durable and renamed."""
        staged = place.staging / "plain.tmp"
        shutil.copyfile(built, staged)
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        return staged.rename(tmp_path / f"{next(numbers)}.db")

    call: Callable[[], object] = publish if kind == "ours" else copy
    assert measure(benchmark, f"publish {COUNT} rows and one more", call, rounds=40)


@pytest.mark.parametrize("kind", KINDS)
def test_copy(benchmark: BenchmarkFixture, tmp_path: Path, kind: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(bytes(range(256)) * 65536)

    def copy() -> None:
        target.unlink(missing_ok=True)
        if kind == "plain":
            shutil.copyfile(source, target)
            return
        copied = FileCopy(str(source), str(target))
        copied.step()
        copied.close()

    measure(benchmark, "copy of a 16 MiB file; ours hashes it too", copy)
    assert target.read_bytes() == source.read_bytes()
