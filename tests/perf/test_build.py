"""Building and copying snapshots beside the plainest way to do the same, in one run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from handlers.build import WorkingFile
from handlers.files import copy_durably
from tests.perf.conftest import make_rows
from tests.perf.measure import measure
from tests.perf.plain import make_plain_file

COUNT = 20_000


@pytest.mark.parametrize("kind", ["ours", "plain"])
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


def test_one_more_row(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    rows = make_rows(COUNT + 500)
    working = WorkingFile.create(str(tmp_path / "working.db"), 1)
    working.apply(rows[:COUNT])
    working.finish()
    batches = iter([[row] for row in rows[COUNT:]])
    measure(benchmark, f"one more row on {COUNT}", lambda: working.apply(next(batches)), rounds=400)
    assert working.bookmark.seq > COUNT
    working.close()


@pytest.mark.parametrize("kind", ["ours", "shutil"])
def test_copy(benchmark: BenchmarkFixture, tmp_path: Path, kind: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(bytes(range(256)) * 65536)

    def copy() -> None:
        target.unlink(missing_ok=True)
        if kind == "ours":
            copy_durably(str(source), str(target), 0o600)
        else:
            shutil.copyfile(source, target)

    measure(benchmark, "copy of a 16 MiB file; ours hashes it too", copy)
    assert target.read_bytes() == source.read_bytes()
