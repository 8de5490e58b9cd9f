"""Commands that are printed, or shown in documents: typed as they are, they work."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from console.paths import PROGRAM, ROOT
from tests.support.commands import check_command, check_hints
from tests.support.documents import typed_lines

CONSOLE = ".venv/bin/python -m console"
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def texts(path: Path) -> list[str]:
    """The strings of a file that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [text for text in constants if isinstance(text, str) and text not in docstrings]


def test_the_console_names_itself_in_one_way() -> None:
    """`PROGRAM` is the command as it runs here; whatever is written out may be another Python."""
    written = {path.name: text for path in (ROOT / "console").rglob("*.py") for text in texts(path) if "-m con" in text}
    assert written == {"paths.py": " -m console"}


def fenced_commands() -> list[str]:
    """The lines in the documents' fences that run the console."""
    found: list[str] = []
    for path in DOCUMENTS:
        lines = typed_lines(path.read_text(encoding="utf-8"))
        found += [line for line in lines if re.search(r"python3? -m console\b(?!\.)", line)]
    return found


@pytest.mark.parametrize("line", fenced_commands())
def test_a_command_in_a_document_can_be_pasted(line: str) -> None:
    beginning, console, rest = line.partition(CONSOLE)
    assert (beginning, console) == ("", CONSOLE)
    check_command(re.split(r" {2,}|[;|&#]", rest)[0])


def test_there_are_commands_in_the_documents() -> None:
    assert len(fenced_commands()) > 8


def test_a_hint_that_cannot_be_typed_would_be_found() -> None:
    check_hints(f"Error: none\nTry: {PROGRAM} seed --count 3\n")
    check_hints("Try: make serve\n")
    check_hints(f"Try: {PROGRAM} ledger restore --to 7.1\n")
    with pytest.raises(Exception, match="extra argument"):
        check_hints(f"Try: {PROGRAM} verify names the first row\n")
    with pytest.raises(Exception, match="No such option"):
        check_hints(f"Try: {PROGRAM} ledger restore --back-to 7.1\n")
