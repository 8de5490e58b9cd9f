from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from console.local.database import unprivileged

SOMEBODY = pwd.getpwnam(unprivileged.NOBODY)


@pytest.fixture
def is_root(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Root, as far as the module sees; returns the owners that something was given."""
    given: list[tuple[int, int]] = []

    def chown(_: Path, user: int, group: int) -> None:
        given.append((user, group))

    monkeypatch.setattr("console.local.database.unprivileged.os.geteuid", lambda: 0)
    monkeypatch.setattr("console.local.database.unprivileged.os.chown", chown)
    return given


@pytest.fixture
def is_ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.local.database.unprivileged.os.geteuid", lambda: 1000)


def installation(folder: Path) -> Path:
    programs = folder / "postgres" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\n")
    (folder / "postgres" / "lib").mkdir()
    return programs


def test_a_folder_is_nobodys_where_root_makes_it(is_root: list[tuple[int, int]]) -> None:
    folder = unprivileged.make_folder("made-")
    assert folder.name.startswith("made-")
    assert is_root == [(SOMEBODY.pw_uid, SOMEBODY.pw_gid)]
    folder.rmdir()


@pytest.mark.usefixtures("is_ordinary")
def test_a_folder_stays_with_an_ordinary_user() -> None:
    folder = unprivileged.make_folder("made-")
    assert folder.stat().st_uid == os.getuid()
    folder.rmdir()


@pytest.mark.usefixtures("is_root")
def test_programs_where_only_root_may_enter_are_copied(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir(mode=0o700)
    found = unprivileged.reachable(installation(tmp_path / "root"), tmp_path)
    assert found == tmp_path / "installation" / "bin"
    assert (found / "postgres").exists()
    assert (tmp_path / "installation" / "lib").exists()


@pytest.mark.usefixtures("is_root")
def test_programs_where_everybody_may_enter_stay_where_they_are(tmp_path: Path) -> None:
    programs = Path("/usr/bin")
    assert unprivileged.reachable(programs, tmp_path) == programs


@pytest.mark.usefixtures("is_ordinary")
def test_an_ordinary_user_runs_them_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir(mode=0o700)
    programs = installation(tmp_path / "own")
    assert unprivileged.reachable(programs, tmp_path) == programs


@pytest.mark.usefixtures("is_ordinary")
def test_an_ordinary_users_programs_run_as_that_user() -> None:
    assert unprivileged.start(["sh", "-c", f"exit $(( $(id -u) != {os.getuid()} ))"]).wait() == 0


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_roots_programs_run_as_nobody() -> None:
    assert unprivileged.start(["sh", "-c", f"exit $(( $(id -u) != {SOMEBODY.pw_uid} ))"]).wait() == 0
