"""A wrong handlers/rows.py: two lines in place of a traceback, from whatever is run."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from console.declaration import HINT
from console.paths import ROOT

HEAD = "\nfrom handlers.model.columns import Text\nfrom handlers.model.model import Model\n"
USE = "from handlers.rows import MODEL\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project with handlers of its own, the rest as it is."""
    shutil.copytree(ROOT / "handlers", tmp_path / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("archives", "console"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.fixture
def handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which `handlers.rows` and its neighbours are loaded, in place of the project's."""
    folder = tmp_path / "handlers"
    folder.mkdir()
    loaded = sys.modules["handlers"]
    monkeypatch.setattr(loaded, "__path__", [str(folder), *loaded.__path__])
    monkeypatch.delitem(sys.modules, "handlers.rows")
    return folder


def run_console(monkeypatch: pytest.MonkeyPatch) -> int:
    """Run `python -m console` here, with verbs that need nothing but the columns; returns its exit code."""

    def main() -> int:
        exec(compile(USE, "verb.py", "exec"), {})
        return 0

    cli = types.ModuleType("console.cli")
    setattr(cli, "main", main)  # noqa: B010 - a module has no such attribute
    monkeypatch.setitem(sys.modules, "console.cli", cli)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("console", run_name="__main__")
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("MODEL = Model('a b', Text('x'))", ", line 4: the table 'a b' needs a name of letters"),
        (
            "MODEL = Model('t', Text('x', size=1))",
            ", line 4: Column.__init__() got an unexpected keyword argument 'size'",
        ),
        ("MODEL = Model(\n    't',\n    Txt('x'))", ", line 6: name 'Txt' is not defined"),
        ("MODEL = Text.of('x')", ", line 4: type object 'Text' has no attribute 'of'"),
        ("MODEL = Model('t', Text('x', max_length=int('ten')))", ", line 4: invalid literal for int()"),
        ("def column():\n    return Txt('x')\nMODEL = Model('t', column())", ", line 6: name 'Txt' is not defined"),
        ("raise ValueError", ", line 4: ValueError"),
        ("MODEL = Model('t' Text('x'))", ", line 4: invalid syntax"),
        ("import no_such_module", ", line 4: No module named 'no_such_module'"),
        ("from handlers.model.columns import Txt", ", line 4: cannot import name 'Txt' from 'handlers.model.columns'"),
        ("MODELS = Model('t', Text('x'))", ": cannot import name 'MODEL' from 'handlers.rows'"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_line(
    handlers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: str, said: str
) -> None:
    (handlers / "rows.py").write_text(HEAD + wrong)
    assert run_console(monkeypatch) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith(f"Error: handlers/rows.py{said}")
    assert hint == f"Try: {HINT}"


@pytest.mark.parametrize(("text", "kind"), [("Txt('x')", NameError), ("MODEL = (", SyntaxError)])
def test_an_error_in_a_file_that_the_declaration_loads_keeps_its_traceback(
    handlers: Path, monkeypatch: pytest.MonkeyPatch, text: str, kind: type[Exception]
) -> None:
    (handlers / "broken.py").write_text(text)
    (handlers / "rows.py").write_text("import handlers.broken\n")
    with pytest.raises(kind):
        run_console(monkeypatch)


def test_an_error_of_a_verb_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.USE", "1 / 0")
    with pytest.raises(ZeroDivisionError):
        run_console(monkeypatch)


def test_every_verb_says_it_even_the_one_that_proposes_a_declaration(folder: Path) -> None:
    (folder / "handlers" / "rows.py").write_text(f"{HEAD}MODEL = Model('things', Text('id'))\n")
    for arguments in (["--version"], ["model", "things.csv", "--out", "handlers/rows.py"]):
        command = [sys.executable, "-m", "console", *arguments]
        ran = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        said = f"Error: handlers/rows.py, line 4: the column name id is taken\nTry: {HINT}\n"
        assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", said)
