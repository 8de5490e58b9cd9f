from __future__ import annotations

import fnmatch
import hashlib
import json
import sys
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from archives.bytecode import byte_code_name
from archives.runtimes import ALLOWED, DEFAULT, RUNTIMES, why_without_byte_code
from console import cli
from console.paths import ROOT
from console.verbs import package
from handlers.routes import FUNCTIONS


@pytest.fixture(autouse=True)
def without_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is downloaded: a file stands for the driver of PostgreSQL."""

    def contents(_root: Path, _runtime: str) -> dict[str, bytes]:
        return {"psycopg/__init__.py": b""}

    monkeypatch.setattr("archives.contents.wheel_contents", contents)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["console", "package", *arguments])
    return cli.main()


def test_all_archives_are_written_and_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(RUNTIMES, DEFAULT, MAGIC_NUMBER)
    assert run(monkeypatch, "--out", str(tmp_path / "new" / "folder"), "--json") == 0
    printed = capsys.readouterr()
    archives = json.loads(printed.out)
    assert ([archive["function"] for archive in archives], printed.err) == ([*FUNCTIONS], "")
    for archive in archives:
        content = Path(archive["path"]).read_bytes()
        assert (archive["bytes"], archive["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        with zipfile.ZipFile(archive["path"]) as opened:
            names = opened.namelist()
        assert f"handlers/{archive['function']}.py" in names
        assert byte_code_name(f"handlers/{archive['function']}.py") in names
        assert archive["runtime"] == DEFAULT
        assert (archive["files"], archive["byte_code_files"]) == (len(names), len(fnmatch.filter(names, "*.pyc")))


def test_the_same_files_give_the_same_zip_and_what_is_left_out_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(RUNTIMES, "python3.12", b"none")
    assert run(monkeypatch, "--out", str(tmp_path), "--runtime", "python3.12") == 0
    first = capsys.readouterr()
    assert run(monkeypatch, "--out", str(tmp_path), "--runtime", "python3.12") == 0
    assert capsys.readouterr() == first
    assert len(first.out.splitlines()) == len(FUNCTIONS)
    assert first.err == f"Note: {why_without_byte_code('python3.12')}\n"
    with zipfile.ZipFile(tmp_path / "query.zip") as opened:
        assert not fnmatch.filter(opened.namelist(), "*.pyc")


def test_a_python_that_cannot_run_the_functions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--runtime", "python3.11") == 1
    error, hint = capsys.readouterr().err.splitlines()
    assert error == f"Error: --runtime: got 'python3.11', allowed: {ALLOWED}"
    assert hint == "Try: --runtime python3.13"


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(monkeypatch, "--out", str(tmp_path / "file")) == 1
    error, hint = capsys.readouterr().err.splitlines()
    assert "command.zip cannot be written: File exists" in error
    assert hint == "Try: another folder with --out"


def test_an_archive_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "handlers").mkdir()
    assert ROOT == package.ROOT
    monkeypatch.setattr(package, "ROOT", tmp_path)
    assert run(monkeypatch, "--out", str(tmp_path / "build")) == 1
    assert "handlers.command, which is not there" in capsys.readouterr().err
    (tmp_path / "handlers" / "command.py").write_text("import os\ndef broken(:\n", encoding="utf-8")
    assert run(monkeypatch, "--out", str(tmp_path / "build")) == 1
    assert capsys.readouterr().err.startswith("Error: handlers/command.py, line 2: invalid syntax\nTry: ")
