from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.telemetry import nfs
from handlers.telemetry.meter import METERS
from handlers.telemetry.nfs import NfsMeter, mount_of, nfs_meter, read_all, totals
from tests.handlers.telemetry.mountstats import AFTER, OTHERS, FakeKernel, record, wait_for_something

STATS = OTHERS + record("/mnt/efs", 40, 7, 700_000) + record("/mnt/efs2", 3, 1, 9) + AFTER


@pytest.fixture
def kernel(tmp_path: Path) -> FakeKernel:
    return FakeKernel(tmp_path / "mountstats", "/mnt/efs")


@pytest.fixture
def meter(kernel: FakeKernel) -> Iterator[NfsMeter]:
    file = os.open(kernel.path, os.O_RDONLY)
    yield NfsMeter(file, b"/mnt/efs", kernel.waits)
    os.close(file)


def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry each time that the kernel's file is read."""
    made: list[int] = []

    def counted(file: int) -> bytes:
        made.append(file)
        return read_all(file)

    monkeypatch.setattr(nfs, "read_all", counted)
    return made


def test_everything_but_data_and_upkeep_is_a_metadata_operation() -> None:
    assert totals(STATS, b"/mnt/efs") == (40, 7, 700_000)
    assert totals(STATS, b"/mnt/efs2") == (3, 1, 9)
    assert totals(record("/mnt/efs", upkeep=1000), b"/mnt/efs") == (0, 0, 0)


def test_of_two_mounts_at_one_place_the_later_one_counts() -> None:
    assert totals(STATS + record("/mnt/efs", 4, 2, 5), b"/mnt/efs") == (4, 2, 5)


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        (b"/mnt/efs", b"/mnt/efs"),
        (b"/mnt/efs/data/a", b"/mnt/efs"),
        (b"/mnt/efs2", b"/mnt/efs2"),
        (b"/mnt/efs3", None),
        (b"/mnt", None),
        (b"/home/efs", None),
    ],
)
def test_a_path_belongs_to_the_deepest_mount_that_holds_it(path: bytes, mount: bytes | None) -> None:
    assert mount_of(STATS, path) == mount


def test_what_is_mounted_over_an_nfs_mount_hides_it() -> None:
    over = b"device tmpfs mounted on /mnt/efs with fstype tmpfs\n"
    assert mount_of(STATS + over, b"/mnt/efs") is None
    assert mount_of(over + STATS, b"/mnt/efs") == b"/mnt/efs"
    assert mount_of(record("/", kind="nfs"), b"/mnt/efs") == b"/"
    assert mount_of(b"", b"/mnt/efs") is None


def test_a_request_is_the_difference_of_two_readings(meter: NfsMeter, kernel: FakeKernel) -> None:
    kernel.says(40, 7, 700_000)
    meter.begin()
    kernel.says(43, 9, 732_768)
    kernel.waited += 1
    assert meter.used() == (3, 2, 32_768)


def test_a_request_that_never_waited_has_used_nothing_and_reads_nothing(
    meter: NfsMeter, kernel: FakeKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = readings(monkeypatch)
    for _ in range(3):
        meter.begin()
        assert meter.used() == (0, 0, 0)
    assert len(made) == 1
    kernel.waited += 1  # between two requests a sandbox waits for the next one
    meter.begin()
    assert meter.used() == (0, 0, 0)
    assert len(made) == 1


def test_a_request_that_did_something_on_efs_is_read_even_if_it_never_waited(
    meter: NfsMeter, kernel: FakeKernel
) -> None:
    """The answer was there before the thread went to sleep."""
    kernel.says(40, 7, 700_000)
    meter.begin()
    METERS.efs_metadata_operation()
    kernel.says(41, 7, 700_000)
    assert meter.used() == (1, 0, 0)


def test_what_came_in_after_an_answer_is_on_the_next_receipt(meter: NfsMeter, kernel: FakeKernel) -> None:
    """The kernel reads ahead: a read can end when the request that caused it is over."""
    meter.begin()
    assert meter.used() == (0, 0, 0)
    kernel.says(0, 1, 131_072)
    meter.begin()
    kernel.says(3, 1, 131_072)
    kernel.waited += 1
    assert meter.used() == (3, 1, 131_072)


def test_what_a_request_without_a_receipt_did_is_on_no_other(meter: NfsMeter, kernel: FakeKernel) -> None:
    meter.begin()
    meter.used()
    METERS.efs_metadata_operation()  # such as the listing for GET /health
    kernel.says(5, 0, 0)
    meter.begin()
    kernel.says(8, 0, 0)
    kernel.waited += 1
    assert meter.used() == (3, 0, 0)
    meter.begin()  # of a request that fails, seen by SQLite alone
    kernel.says(9, 4, 16_384)
    meter.begin()
    assert meter.used() == (0, 0, 0)


def test_the_meter_is_found_for_a_folder_on_nfs(
    kernel: FakeKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nfs, "MOUNTSTATS", str(kernel.path))
    kernel.mount = str(tmp_path / "efs")
    kernel.says(0, 0, 0)
    (tmp_path / "link").symlink_to(tmp_path / "efs" / "data")
    for folder in ("efs", "efs/data", "link"):
        found = nfs_meter(str(tmp_path / folder))
        assert found is not None
        found.begin()
        assert found.used() == (0, 0, 0)
    open_files = len(os.listdir("/dev/fd"))
    assert nfs_meter(str(tmp_path / "elsewhere")) is None
    assert len(os.listdir("/dev/fd")) == open_files
    monkeypatch.setattr(nfs, "MOUNTSTATS", str(tmp_path / "not-there"))
    assert nfs_meter(str(tmp_path / "efs")) is None


def test_a_text_longer_than_one_reading_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nfs, "CHUNK_BYTES", 100)
    (tmp_path / "long").write_bytes(STATS)
    file = os.open(tmp_path / "long", os.O_RDONLY)
    assert read_all(file) == read_all(file) == STATS
    os.close(file)


def test_a_thread_that_was_put_to_sleep_is_seen_to_have_waited(
    kernel: FakeKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it rests on: an operation over the network puts the thread to sleep until its answer is there."""
    monkeypatch.setattr(nfs, "MOUNTSTATS", str(kernel.path))
    kernel.mount = str(tmp_path)
    kernel.says(0, 0, 0)
    found = nfs_meter(str(tmp_path))
    assert found is not None
    found.begin()
    assert found.used() == (0, 0, 0)
    kernel.says(4, 1, 4096)
    wait_for_something()
    assert found.used() == (4, 1, 4096)
