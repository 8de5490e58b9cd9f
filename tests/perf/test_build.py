"""Building, merging, publishing and copying segments beside the plainest way to do the same, in one run."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from handlers.snapshots.build import SegmentBuilder
from handlers.snapshots.files import FileCopy
from handlers.telemetry.usage import Usage
from tests.perf.conftest import make_rows
from tests.perf.subjects.measure import measure
from tests.perf.subjects.plain import make_plain_file
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
        with closing(SegmentBuilder(str(target), 1)) as builder:
            builder.add(rows)
            builder.finish()
        return target.stat().st_size

    assert measure(benchmark, f"full build of {COUNT} rows", build) > COUNT * 50


@pytest.mark.parametrize("kind", KINDS)
def test_merge(benchmark: BenchmarkFixture, tmp_path: Path, kind: str) -> None:
    rows, source, target = make_rows(COUNT + 1), tmp_path / "source.db", tmp_path / "merged.db"
    with closing(SegmentBuilder(str(source), 1)) as builder:
        builder.add(rows[:COUNT])
        segment = builder.finish()

    def merge() -> int:
        """The rows of a segment and one more, taken from the file or built anew."""
        target.unlink(missing_ok=True)
        with closing(SegmentBuilder(str(target), 1)) as merged:
            if kind == "ours":
                merged.take(str(source), segment)
                merged.add(rows[COUNT:])
            else:
                merged.add(rows)
            return merged.finish().last

    assert measure(benchmark, f"merge of {COUNT} rows and one more; plain builds them anew", merge) == COUNT + 1


@pytest.mark.parametrize("kind", KINDS)
def test_publish(benchmark: BenchmarkFixture, tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path)
    ledger = MemoryLedger(COUNT)
    publisher = place.publisher(ledger)
    published = publisher.publish(ledger.bookmark, Usage())
    whole, numbers = place.path(published), itertools.count()

    def publish() -> object:
        """One row more: merged, built, hashed, made durable, linked, and old files tidied away."""
        ledger.grow(1)
        return publisher.publish(ledger.bookmark, Usage())

    def copy() -> object:
        """A file of all rows, copied, made durable and renamed."""
        staged = place.staging / "plain.tmp"
        shutil.copyfile(whole, staged)
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        return staged.rename(tmp_path / f"{next(numbers)}.db")

    call: Callable[[], object] = publish if kind == "ours" else copy
    assert measure(benchmark, f"publish one more row on {COUNT}; plain copies all", call, rounds=40)


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
