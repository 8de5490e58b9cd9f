"""EFS and the sandbox's own disk full, read-only, broken or missing: real small file systems where one can be mounted.

In tests/faults/calls each single call fails so.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handlers.domain.problem import Problem
from tests.support.api import SOURCES, Api
from tests.support.files import MemoryLedger, Place, count_of, failing, names_in, page, served

CODES = (errno.ENOSPC, errno.EROFS, errno.EIO)
Remount = Callable[[str], None]


def mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def mounted(folder: Path, options: str) -> Iterator[Remount]:
    """A small file system at a folder; gives a function that mounts it again with other options."""
    if shutil.which("mount") is None or not mount("-t", "tmpfs", "-o", options, "tmpfs", str(folder)):
        pytest.skip("nothing can be mounted here")

    def remount(changed: str) -> None:
        assert mount("-o", f"remount,{changed}", str(folder))

    yield remount
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def efs(environ: dict[str, str]) -> Iterator[Remount]:
    yield from mounted(Path(environ["EFS_DIR"]), "size=256k")


@pytest.fixture
def tmp(environ: dict[str, str]) -> Iterator[Remount]:
    yield from mounted(Path(environ["TMP_DIR"]), "size=128k")


def insert(api: Api, count: int = 1) -> str | None:
    """Insert rows, which must always succeed. Returns the published bookmark; None where it says there is none."""
    answer = api.post("/insert", {"count": count})
    assert answer.status == 201, answer.text
    snapshot = answer.json["snapshot"]
    assert (snapshot is None) == ("warning" in answer.json)
    return snapshot and snapshot["bookmark"]


def seqs(api: Api) -> set[int]:
    """How far each read path is."""
    found: set[int] = set()
    for source in SOURCES:
        answer = api.get(source)
        assert answer.status == 200, answer.text
        found.add(int(answer.json["bookmark"].partition(".")[2]))
    return found


def test_efs_full_the_insert_commits_and_says_so_and_the_next_one_with_space_mends_it(efs: Remount, api: Api) -> None:
    while insert(api, 100):
        pass
    assert api.post("/snapshots").status == 503
    at_ledger = api.get("/ddb/stats").json["stats"]["count"]
    assert seqs(api) == {at_ledger, at_ledger - 100}
    assert [api.get(source).json["bookmark"] for source in SOURCES[:2]] == [api.get("/sqlite-efs").json["bookmark"]] * 2
    efs("size=4m")
    assert insert(api)
    assert seqs(api) == {at_ledger + 1}


def test_efs_read_only_the_insert_commits_and_says_so_and_the_next_one_mends_it(efs: Remount, api: Api) -> None:
    assert insert(api)
    efs("ro")
    assert insert(api) is None
    assert api.post("/snapshots").status == 503
    assert seqs(api) == {1, 2}
    efs("rw")
    assert insert(api)
    assert seqs(api) == {3}


def test_efs_missing_the_insert_commits_and_says_so_and_nothing_is_made_in_its_place(
    api: Api, environ: dict[str, str]
) -> None:
    assert insert(api)
    efs, away = Path(environ["EFS_DIR"]), Path(environ["EFS_DIR"] + "-away")
    efs.rename(away)
    assert insert(api) is None
    assert api.post("/snapshots").status == 503
    assert not efs.exists()
    assert [api.get(source).status for source in SOURCES] == [503, 503, 200]
    away.rename(efs)
    assert insert(api)
    assert seqs(api) == {3}


def test_efs_missing_a_sandbox_goes_on_with_what_it_has_open_but_promises_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.reads.reader.WAIT_S", 0.0)
    place, ledger = Place(tmp_path), MemoryLedger(3)
    place.publish(ledger)
    reader = place.in_tmp()
    assert count_of(reader) == 3
    place.efs.rename(tmp_path / "away")
    assert count_of(reader) == 3
    with pytest.raises(Problem, match=r"1000\.4 was asked for"):
        served(reader, ledger.grow(1))
    (tmp_path / "away").rename(place.efs)
    place.publish(ledger)
    assert count_of(reader) == 4


def test_tmp_full_while_building_the_insert_commits_and_says_so_and_space_mends_it(tmp: Remount, api: Api) -> None:
    assert insert(api)
    assert insert(api, 1000) is None
    assert api.post("/snapshots").status == 503
    assert api.get("/sqlite-efs").json["bookmark"].endswith(".1")
    tmp("size=4m")
    assert insert(api)
    assert seqs(api) == {1002}


def test_tmp_full_while_merging_leaves_nothing_behind(tmp: Remount, tmp_path: Path) -> None:
    big, small = Place(tmp_path / "big"), Place(tmp_path, tmp_path / "big" / "efs")
    big.publish(ledger := MemoryLedger(1000))
    ledger.grow(130)
    with pytest.raises(OSError, match="No space left"):
        small.publish(ledger)
    assert names_in(small.tmp / "build") == []
    tmp("size=4m")
    assert small.publish(ledger).build == "incremental"


def test_tmp_full_what_does_not_fit_is_read_where_it_is_published(tmp: Remount, tmp_path: Path) -> None:
    builder, place = Place(tmp_path / "builder"), Place(tmp_path, tmp_path / "builder" / "efs")
    builder.publish(ledger := MemoryLedger(10))
    reader = place.in_tmp()
    assert count_of(reader) == 10
    ledger.grow(980)
    builder.publish(ledger)
    assert count_of(reader) == 990
    assert names_in(place.tmp / "snapshots") == []
    tmp("size=4m")
    ledger.grow(1)
    builder.publish(ledger)
    assert count_of(reader) == 991
    assert len(names_in(place.tmp / "snapshots")) == 1
    assert reader.retries == 0


def test_tmp_that_fits_one_copy_only_gives_up_the_one_that_was_merged_first(tmp: Remount, tmp_path: Path) -> None:
    builder, place = Place(tmp_path / "builder"), Place(tmp_path, tmp_path / "builder" / "efs")
    size_bytes = builder.publish(ledger := MemoryLedger(300)).size_bytes
    assert size_bytes < 128 * 1024 < 2 * size_bytes
    reader = place.in_tmp()
    assert count_of(reader) == 300
    ledger.grow(40)
    assert len(builder.publish(ledger).chain) == 1
    assert count_of(reader) == 340
    assert len(names_in(place.tmp / "snapshots")) == 1


def test_tmp_full_a_cold_sandbox_reads_where_it_is_published(tmp: Remount, tmp_path: Path) -> None:
    builder, place = Place(tmp_path / "builder"), Place(tmp_path, tmp_path / "builder" / "efs")
    builder.publish(MemoryLedger(1000))
    assert count_of(place.in_tmp()) == 1000
    assert names_in(place.tmp / "snapshots") == []


def test_a_reader_whose_disk_fails_for_good_says_503(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.publish(MemoryLedger(3))
    reader = place.on_efs()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "readv", failing(errno.EIO))
        with pytest.raises(Problem) as caught:
            page(reader)
    assert (caught.value.status, reader.retries) == (503, 2)
    assert count_of(reader) == 3
