from __future__ import annotations

import runpy
import sys
import types

import pytest

from console import cli


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["console", *arguments])
    return cli.main()


VERBS = [command.name or getattr(command.callback, "__name__", "") for command in cli.app.registered_commands]


@pytest.mark.parametrize("arguments", [["--help"], *([verb, "--help"] for verb in VERBS)])
def test_every_verb_explains_itself(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 0
    assert "Usage: python -m console" in capsys.readouterr().out


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
        (["serve", "--port", "x"], "Invalid value for '--port'"),
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
    assert second == "Try: python -m console --help"


def test_an_interrupt_ends_with_a_line_of_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("console.verbs.verify.api_url", interrupt)
    assert run(monkeypatch, "verify") == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-2:] == ["Error: interrupted", "Try: the same command starts again from the beginning"]


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
