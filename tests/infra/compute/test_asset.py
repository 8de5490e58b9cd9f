from __future__ import annotations

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from infra.compute.asset import KEPT_S, asset_of, sweep

CODE = b"\xf3\r\r\n" + bytes(range(256)) * 400


def test_a_text_is_handed_over_as_it_is(tmp_path: Path) -> None:
    asset = asset_of("app/main.py", "x = 'ä'".encode(), tmp_path / "folder")
    assert isinstance(asset, pulumi.StringAsset)
    assert asset.text == "x = 'ä'"
    assert not (tmp_path / "folder").exists()


def test_byte_code_is_a_file_whose_name_follows_its_content(tmp_path: Path) -> None:
    paths = [
        cast("Any", asset_of("app/__pycache__/main.cpython-313.pyc", content, tmp_path / "a" / "b")).path
        for content in (CODE, CODE, CODE[1:])
    ]
    assert [Path(path).read_bytes() for path in paths] == [CODE, CODE, CODE[1:]]
    assert paths[0] == paths[1]
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == sorted({Path(path).name for path in paths})


def test_whoever_reads_meets_whole_files_while_others_write(tmp_path: Path) -> None:
    def write(_: int) -> bytes:
        return Path(cast("Any", asset_of("main.pyc", CODE, tmp_path)).path).read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert {*pool.map(write, range(40))} == {CODE}
    assert len([*tmp_path.iterdir()]) == 1


def test_what_nobody_has_written_for_a_day_goes(tmp_path: Path) -> None:
    paths = [Path(cast("Any", asset_of("main.pyc", CODE + bytes([n]), tmp_path)).path) for n in range(3)]
    for path, age_s in zip(paths, (KEPT_S + 60, KEPT_S + 60, KEPT_S - 60), strict=True):
        os.utime(path, (time.time() - age_s, time.time() - age_s))
    asset_of("main.pyc", CODE + bytes([1]), tmp_path)
    sweep(tmp_path)
    assert [path.exists() for path in paths] == [False, True, True]


def test_two_programs_may_sweep_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(cast("Any", asset_of("main.pyc", CODE, tmp_path)).path)
    os.utime(path, (0, 0))
    unlink = Path.unlink

    def unlink_twice(self: Path) -> None:
        unlink(self)
        unlink(self)

    monkeypatch.setattr(Path, "unlink", unlink_twice)
    sweep(tmp_path)
    assert not path.exists()


def test_what_cannot_be_removed_stays_and_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, and a file of another user in one that only its owner may change."""
    others, own = (Path(cast("Any", asset_of(f"{name}.pyc", CODE, tmp_path)).path) for name in ("others", "own"))
    (tmp_path / "folder").mkdir()
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    unlink = Path.unlink

    def unlink_own(self: Path) -> None:
        if self.samefile(others):
            raise PermissionError(errno.EPERM, "Operation not permitted")
        unlink(self)

    monkeypatch.setattr(Path, "unlink", unlink_own)
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"folder", others.name}
    assert not own.exists()


def test_a_folder_that_cannot_be_written_stops_the_program_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        pulumi.RunError, match=r"file/main\.[0-9a-f]{16}\.pyc cannot be written: (File exists|Not a dir)"
    ):
        asset_of("main.pyc", CODE, tmp_path / "file")
