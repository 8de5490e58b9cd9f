from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path
from types import CodeType

import pytest

from archives.closure import files_of
from archives.lean import content_of, lean

ROOT = Path(__file__).parent.parent.parent
SHIPPED = {**files_of("handlers.query", ROOT), **files_of("handlers.command", ROOT)}
SOURCE = '''#!/usr/bin/env python3
"""Module: "quoted" # no comment

of three lines."""  # after it
import os  # why


class Empty:
    """Only this."""


class Full:
    'Single quotes.'
    text = "# no comment"  # a comment

    def method(self):
        r"""Raw \\ docstring
        of two lines."""
        "not a docstring"
        return """# not a
        comment"""

    async def other(self): "in line"
'''
LEAN = '''
""


import os


class Empty:
    ""


class Full:
    ""
    text = "# no comment"

    def method(self):
        ""

        "not a docstring"
        return """# not a
        comment"""

    async def other(self): ""
'''


def code(source: str) -> list[object]:
    """The byte code of everything, with the lines it came from, without docstrings."""
    found: list[object] = []
    waiting = [compile(source, "file.py", "exec", optimize=2, dont_inherit=True)]
    while waiting:
        part = waiting.pop()
        inner = [constant for constant in part.co_consts if isinstance(constant, CodeType)]
        constants = [repr(constant) for constant in part.co_consts if constant not in inner]
        found += [part.co_qualname, part.co_code, constants, part.co_names, part.co_varnames, list(part.co_lines())]
        waiting += inner
    return found


def test_comments_and_docstrings_go_and_nothing_else() -> None:
    assert lean(SOURCE) == LEAN
    assert lean(LEAN) == LEAN
    assert lean("") == ""
    assert lean("x = 'a\x0cb\u2028'  # c\n") == "x = 'a\x0cb\u2028'\n"


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.endswith(".py")])
def test_what_is_shipped_compiles_to_the_same_byte_code_on_the_same_lines(name: str) -> None:
    source = SHIPPED[name].read_text()
    assert code(content_of(SHIPPED[name]).decode()) == code(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    left = [ast.get_docstring(node) for node in ast.walk(ast.parse(lean(source))) if isinstance(node, documented)]
    assert not any(left)


def test_other_files_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "METADATA").write_bytes(b"# not Python\r\n\xff")
    assert content_of(tmp_path / "METADATA") == b"# not Python\r\n\xff"


def test_nothing_reads_docstrings_when_it_runs() -> None:
    assert find_spec("ulid")
    assert not [name for name, path in SHIPPED.items() if "__doc__" in path.read_text()]
