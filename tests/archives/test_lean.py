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
FUTURE = "from __future__ import annotations"
SOURCE = '''#!/usr/bin/env python3
"""Module: "quoted" # no comment

of three lines."""  # after it
import os  # why
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import (
        Sequence,
    )


class Empty:
    """Only this."""


class Full:
    'Single quotes.'
    text = "# no comment"  # a comment

    def method(self, one: int, two: Sequence[str] = (), *rest: "ä",
        **others: dict[
            str, int
        ] | None) -> Sequence[
            int
        ]:  # why
        r"""Raw \\ docstring
        of two lines."""
        "not a docstring"
        return """# not a
        comment"""

    async def other(self) -> str: "in line"


def function(a: "ü -> int" = "ö -> a") -> int: return lambda: a  # ü


class Fields:
    one: int = 1
    two: int


def values() -> None:
    one: dict[
        str, int
    ] = {}
    two: int
    one["a"]: int = 3


@made
class Decorated:
    one: int = 1
    two: int


class Based(Fields, metaclass=type):
    one: int = 1
    two: int


class OnlyNotes:
    one: int


if TYPE_CHECKING:
    Kept = int
else:
    Kept = str
'''
LEAN = '''
""


import os
from typing import TYPE_CHECKING







class Empty:
    ""


class Full:
    ""
    text = "# no comment"

    def method(self, one, two = (), *rest,
        **others) :




        ""

        "not a docstring"
        return """# not a
        comment"""

    async def other(self) : ""


def function(a = "ö -> a") : return lambda: a


class Fields:
    one = 1



def values() :
    one = {}


    two: int
    one["a"] = 3


@made
class Decorated:
    one: int = 1
    two: int


class Based(Fields, metaclass=type):
    one: int = 1
    two: int


class OnlyNotes:
    one: int


if TYPE_CHECKING:
    Kept = int
else:
    Kept = str
'''


class WithoutTypes(ast.NodeTransformer):
    """The same by another way: a tree without annotations and imports for types."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if node.decorator_list or node.bases or node.keywords:
            node.body = [part if isinstance(part, ast.AnnAssign) else self.visit(part) for part in node.body]
            return node
        left = [part for part in node.body if not (isinstance(part, ast.AnnAssign) and part.value is None)]
        node.body = left or node.body
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return node
        return ast.copy_location(ast.Assign([node.target], self.visit(node.value)), node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        is_for_types = ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse
        return None if is_for_types else self.generic_visit(node)


def without_types(source: str) -> ast.Module:
    tree = WithoutTypes().visit(ast.parse(source))
    if not any(isinstance(node, ast.AnnAssign) for node in ast.walk(tree)):
        tree.body = [node for node in tree.body if ast.unparse(node) != FUTURE]
    return ast.fix_missing_locations(tree)


def code(tree: ast.Module) -> list[object]:
    """The byte code of everything, with the lines it came from, without docstrings."""
    found: list[object] = []
    waiting = [compile(tree, "file.py", "exec", optimize=2, dont_inherit=True)]
    while waiting:
        part = waiting.pop()
        inner = [constant for constant in part.co_consts if isinstance(constant, CodeType)]
        constants = [repr(constant) for constant in part.co_consts if constant not in inner]
        found += [part.co_qualname, part.co_code, constants, part.co_names, part.co_varnames, list(part.co_lines())]
        waiting += inner
    return found


def test_what_only_people_and_type_checkers_read_goes_and_nothing_else() -> None:
    assert lean(SOURCE) == LEAN
    assert lean(LEAN) == LEAN
    assert lean("") == ""
    assert lean("x = 'a\x0cb\u2028'  # c\n") == "x = 'a\x0cb\u2028'\n"


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.endswith(".py")])
def test_what_is_shipped_compiles_to_the_same_byte_code_on_the_same_lines(name: str) -> None:
    source = SHIPPED[name].read_text()
    assert code(ast.parse(content_of(SHIPPED[name]))) == code(without_types(source))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    left = [ast.get_docstring(node) for node in ast.walk(ast.parse(lean(source))) if isinstance(node, documented)]
    assert not any(left)


def test_the_import_for_annotations_goes_where_none_is_left() -> None:
    assert lean(f"{FUTURE}\nx: int = 1\n") == "\nx = 1\n"
    for kept in ("@made\nclass Made:\n    x: int\n", "x: int\n"):  # without it, Python would evaluate `int`
        assert lean(f"{FUTURE}\n{kept}") == f"{FUTURE}\n{kept}"
    assert lean("from __future__ import annotations, generator_stop\n") != "\n"


def test_other_files_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "METADATA").write_bytes(b"# not Python\r\n\xff")
    assert content_of(tmp_path / "METADATA") == b"# not Python\r\n\xff"


@pytest.mark.parametrize("word", ["__doc__", "__annotations__", "get_type_hints", "get_annotations", "signature("])
def test_nothing_reads_docstrings_and_annotations_when_it_runs(word: str) -> None:
    assert find_spec("ulid")
    assert not [name for name, path in SHIPPED.items() if word in path.read_text()]
