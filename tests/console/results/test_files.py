from __future__ import annotations

import contextlib
import resource
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.benchmark.samples import COLUMNS
from console.errors import ConsoleError
from console.results.files import raw_data

STARTED = datetime(2026, 11, 21, 9, 5, 7, tzinfo=UTC)


def test_the_file_is_named_by_when_the_run_began_and_has_a_heading(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    with raw_data(out, STARTED, COLUMNS) as raw:
        path = raw.path
        assert path == out / "20261121-090507-benchmark.csv"
        assert path.read_text() == ",".join(COLUMNS) + "\n"
        raw.write("a line\n")
        assert path.read_text().endswith("\na line\n")  # on disk at once
    assert path.exists()


def test_without_a_sample_no_file_stays(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), raw_data(tmp_path, STARTED, COLUMNS):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConsoleError, match="/file cannot be written: File exists"),
        raw_data(tmp_path / "file", STARTED, COLUMNS),
    ):
        pytest.fail("nothing is measured")


def test_a_run_of_the_same_second_is_not_overwritten(tmp_path: Path) -> None:
    with raw_data(tmp_path, STARTED, COLUMNS) as raw:
        raw.write("first\n")
        with pytest.raises(ConsoleError, match="File exists"), raw_data(tmp_path, STARTED, COLUMNS):
            pytest.fail("nothing is measured")
    assert raw.path.read_text().endswith("first\n")


@contextlib.contextmanager
def full_after(size_bytes: int) -> Generator[None]:
    """No file can become larger; Python ignores the signal for it, so that writing fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_is_an_error_once_and_keeps_what_fitted(tmp_path: Path) -> None:
    heading_bytes = len(",".join(COLUMNS) + "\n")
    with full_after(heading_bytes + 10), raw_data(tmp_path, STARTED, COLUMNS) as raw:
        raw.write("1234567\n")
        with pytest.raises(OSError, match="File too large"):
            raw.write("89\n")
    assert raw.path.read_text().splitlines()[1:] == ["1234567", "89"]


def test_a_disk_that_is_full_is_found_before_anything_is_measured(tmp_path: Path) -> None:
    with (
        full_after(10),
        pytest.raises(ConsoleError, match=r"-benchmark\.csv cannot be written: File too large"),
        raw_data(tmp_path, STARTED, COLUMNS),
    ):
        pytest.fail("nothing is measured")
    assert list(tmp_path.iterdir()) == []
