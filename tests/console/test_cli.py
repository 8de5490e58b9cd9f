from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from console import cli
from console.benchmark.workloads import WORKLOADS
from console.paths import PROGRAM, ROOT, program
from handlers.telemetry.runtime import VERSION


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["console", *arguments])
    return cli.main()


VERBS = [command.name or getattr(command.callback, "__name__", "") for command in cli.app.registered_commands]


@pytest.mark.parametrize("arguments", [["--help"], *([verb, "--help"] for verb in VERBS)])
def test_every_verb_explains_itself(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(monkeypatch, *arguments) == 0
    shown = capsys.readouterr().out
    assert f"Usage: {PROGRAM}" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert [word for word in ("range>", "<bool>", "… ") if word in shown] == []


def test_help_has_room_for_words_at_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(monkeypatch, "bench", "--help") == 0
    shown = " ".join(line.strip("│ ") for line in capsys.readouterr().out.splitlines())
    for workload in WORKLOADS:
        assert workload in shown


def test_the_version_is_this_projects(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"lambda-sqlite {VERSION}\n"


def test_help_names_every_option_of_serve(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "serve", "--help") == 0
    out = capsys.readouterr().out
    for option in ("--port", "--local-dir", "--sandboxes", "--check-interval-ms"):
        assert option in out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "Missing command."),
        (["nothing"], "No such command 'nothing'."),
        (["serve", "--colour", "red"], "No such option: --colour"),
        (["seed"], "Missing option '--count'."),
        (["seed", "--count", "x"], "Invalid value for '--count': 'x' is no whole number"),
        (["cost", "--rows", "x"], "Invalid value for '--rows': 'x' is no number"),
        (["bench", "--local", "--url", "http://x"], "--local starts its own API: leave out --url"),
        (["serve", "--port", "65536"], "Invalid value for '--port'"),
    ],
)
def test_a_wrong_command_line_is_two_lines_and_code_2(
    arguments: list[str], error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    assert first.startswith(f"Error: {error}")
    verb = f" {arguments[0]}" if arguments and arguments[0] in VERBS else ""
    assert second == f"Try: {PROGRAM}{verb} --help"


def test_an_interrupt_ends_with_a_line_of_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("console.verbs.verify.api_url", interrupt)
    assert run(monkeypatch, "verify", "--url", "http://a b") == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-2:] == ["Error: interrupted", f"Try: {PROGRAM} verify --url 'http://a b'"]


def test_an_interrupt_while_the_libraries_are_loaded_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted = types.ModuleType("console.cli")

    def main() -> int:
        raise KeyboardInterrupt

    setattr(interrupted, "main", main)  # noqa: B010 - a module's attributes are not known to its type
    monkeypatch.setitem(sys.modules, "console.cli", interrupted)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("console", run_name="__main__")
    assert ended.value.code == 130


def test_a_package_that_is_not_installed_is_named_with_the_target_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = types.ModuleType("console.cli")

    def main() -> int:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib.figure")

    setattr(lacking, "main", main)  # noqa: B010 - as above
    monkeypatch.setitem(sys.modules, "console.cli", lacking)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("console", run_name="__main__")
    assert ended.value.code == 1
    message = "Error: the package matplotlib.figure is not installed\nTry: make install-report\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("has_environment", "hint"),
    [(False, "make install-run"), (True, ".venv/bin/python -m console seed --run 'a b'")],
)
def test_a_python_without_the_packages_says_what_to_type(tmp_path: Path, has_environment: bool, hint: str) -> None:
    """As after `python3 -m console`, in a copy of the project with and without an environment of its own."""
    shutil.copytree(ROOT / "console", tmp_path / "console")
    if has_environment:
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "bin" / "python").touch()
    bare = [sys.executable, "-S", "-m", "console", "seed", "--run", "a b"]
    said = subprocess.run(bare, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == f"Error: the package typer is not installed\nTry: {hint}\n"


@pytest.mark.parametrize(
    ("python", "folder", "words"),
    [
        ("/project/.venv/bin/python", "/project", ".venv/bin/python -m console"),
        ("/usr/bin/python3", "/project", "/usr/bin/python3 -m console"),
        ("/my project/.venv/bin/python", "/", "'my project/.venv/bin/python' -m console"),
        ("/my project/.venv/bin/python", "/elsewhere", "'/my project/.venv/bin/python' -m console"),
    ],
)
def test_the_console_is_named_as_it_can_be_run_from_here(python: str, folder: str, words: str) -> None:
    assert program(Path(python), Path(folder)) == words


def test_the_name_of_the_console_runs_it() -> None:
    shown = subprocess.run(
        f"{PROGRAM} --version", cwd=ROOT, shell=True, check=True, capture_output=True, text=True
    ).stdout
    assert shown == f"lambda-sqlite {VERSION}\n"
