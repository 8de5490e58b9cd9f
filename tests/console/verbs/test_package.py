from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from pathlib import Path

import pytest

from console import cli
from console.paths import ROOT
from console.verbs import package


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["console", "package", *arguments])
    return cli.main()


def test_both_archives_are_written_and_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--out", str(tmp_path / "new" / "folder"), "--json") == 0
    command, query = json.loads(capsys.readouterr().out)
    for archive in (command, query):
        content = Path(archive["path"]).read_bytes()
        assert (archive["bytes"], archive["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        with zipfile.ZipFile(archive["path"]) as opened:
            assert len(opened.namelist()) == archive["files"]
            assert f"handlers/{archive['function']}.py" in opened.namelist()


def test_the_same_files_give_the_same_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--out", str(tmp_path)) == 0
    first = capsys.readouterr().out
    assert run(monkeypatch, "--out", str(tmp_path)) == 0
    assert capsys.readouterr().out == first
    assert len(first.splitlines()) == 2


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(monkeypatch, "--out", str(tmp_path / "file")) == 1
    error, hint = capsys.readouterr().err.splitlines()
    assert "command.zip cannot be written: File exists" in error
    assert hint == "Try: another folder with --out"


def test_an_import_that_cannot_be_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "handlers").mkdir()
    assert ROOT == package.ROOT
    monkeypatch.setattr(package, "ROOT", tmp_path)
    assert run(monkeypatch, "--out", str(tmp_path / "build")) == 1
    assert "handlers.command, which is not there" in capsys.readouterr().err
