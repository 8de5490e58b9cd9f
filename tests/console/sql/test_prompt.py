"""The prompt, typed into line by line."""

from __future__ import annotations

import readline
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.sql.prompt import FIRST, NEXT, Prompt, history, history_path
from handlers.rows import MODEL


class Typist:
    """Types lines, and raises what stands in their place."""

    def __init__(self, *lines: str | type[BaseException]) -> None:
        self._lines = iter(lines)
        self.prompts: list[str] = []
        self.ran: list[str] = []

    def read(self, prompt: str) -> str:
        self.prompts.append(prompt)
        line = next(self._lines)
        if isinstance(line, str):
            return line
        raise line

    def run(self, sql: str) -> None:
        self.ran.append(sql)
        if "wrong" in sql:
            raise ConsoleError("wrong SQL", "another")
        if "endless" in sql:
            raise KeyboardInterrupt


def typed(*lines: str | type[BaseException]) -> Typist:
    typist = Typist(*lines)
    Prompt(typist.run, typist.read).loop()
    return typist


def test_a_statement_ends_with_its_semicolon() -> None:
    typist = typed("", "SELECT 1;", "SELECT", "  ';'", "  , 2 -- ;", ";", ".quit")
    assert typist.ran == ["SELECT 1;", "SELECT\n  ';'\n  , 2 -- ;\n;"]
    assert typist.prompts == [FIRST, FIRST, FIRST, NEXT, NEXT, NEXT, FIRST]


@pytest.mark.parametrize("end", [".quit", " .exit ", "quit", EOFError])
def test_it_is_left_by_a_command_or_by_the_end_of_input(end: str | type[BaseException]) -> None:
    assert typed("SELECT 1;", end).ran == ["SELECT 1;"]


def test_it_is_left_in_the_middle_of_a_statement_by_its_own_command_alone() -> None:
    typist = typed("SELECT 1 AS", "quit", ";", "SELECT", ".quit")
    assert typist.ran == ["SELECT 1 AS\nquit\n;"]


def test_control_c_drops_the_line_or_the_statement_under_way() -> None:
    typist = typed("SELECT", KeyboardInterrupt, "endless;", "SELECT 2;", EOFError)
    assert typist.ran == ["endless;", "SELECT 2;"]
    assert typist.prompts == [FIRST, NEXT, FIRST, FIRST, FIRST]


def test_an_error_is_said_and_the_prompt_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("wrong;", "SELECT 1;", EOFError).ran == ["wrong;", "SELECT 1;"]
    assert "Error: wrong SQL" in capsys.readouterr().err


def test_commands_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(".help", ".schema", ".nothing", EOFError).ran == []
    said = capsys.readouterr().err
    assert "Ctrl-C" in said
    assert f"{MODEL.sql_table} (" in said
    assert all(f'"{name}" ' in said for name in MODEL.names)
    assert "There is no .nothing" in said


@pytest.fixture
def own_history() -> Iterator[None]:
    readline.clear_history()
    yield
    readline.clear_history()


@pytest.mark.usefixtures("own_history")
def test_what_is_typed_is_kept_for_the_next_time_and_for_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = history_path()
    assert path == tmp_path / "lambda-sqlite" / "sql_history"
    with history(path):
        readline.add_history("SELECT 1;")
    readline.clear_history()
    with history(path):
        assert readline.get_history_item(1) == "SELECT 1;"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_users_own_folder_for_state_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert history_path() == Path.home() / ".local" / "state" / "lambda-sqlite" / "sql_history"


def test_without_a_history_the_prompt_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with history(tmp_path / "file" / "history"):
        pass
    assert "no history is kept" in capsys.readouterr().err
