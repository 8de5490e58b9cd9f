from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path
from types import CodeType

import pytest

from archives.closure import files_of
from archives.errors import ArchiveError
from archives.lean import content_of, lean
from handlers.routes import COMMAND, PROJECTOR, QUERY, WARMER

ROOT = Path(__file__).parent.parent.parent
SHIPPED = {
    name: path
    for function in (COMMAND, QUERY, PROJECTOR, WARMER)
    for name, path in files_of(f"handlers.{function}", ROOT).items()
}
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
        **others\\
\\
) \\
\\
:
        ""

        "not a docstring"
        return """# not a
        comment"""

    async def other(self) : ""


def function(a = "ö -> a") : return lambda: a


class Fields:
    one = 1



def values() :
    one\\
\\
 = {}
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


class Unannotated(ast.NodeTransformer):
    """Leaves out the annotations of arguments and results."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


class WithoutTypes(Unannotated):
    """The same by another way: a tree without annotations and imports for types."""

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


def is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse


def without_types(source: str) -> ast.Module:
    tree = WithoutTypes().visit(ast.parse(source))
    tree.body = [node for node in tree.body if not is_for_types(node)]
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


class Uses(Unannotated):
    """What goes, and what may stay of it, is left out; blocks may become empty, since nothing compiles this."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        return ast.copy_location(ast.Assign([node.target], self.visit(node.value)), node) if node.value else None

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if is_for_types(node) else self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if ast.unparse(node) == FUTURE else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)


def uses(source: str) -> tuple[str, list[int]]:
    """All that a source does, and the lines of it."""
    tree = Uses().visit(ast.parse(source))
    return ast.dump(tree), [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr | ast.arg)]


ODD = {
    "a result in parentheses": "def f() -> (\n    int | str\n):\n    return 1\n",
    "a result after a continued line": "def f(a) \\\n   -> int:\n    return a\n",
    "a result with an arrow": "def f(a, b=lambda: '->') -> 'a->b':\n    return 1\n",
    "an argument in parentheses": "def f(\n    x: (\n        int | str\n    ) = 5,\n):\n    return x\n",
    "two pairs and comments": "def f(x: (  # ) why\n    (int)  # (\n) = 5): return x\n",
    "a tuple": "x: (int, str) = 5\ny: ((int, str),) = 5\n",
    "a lambda": "x: (lambda: (5)) = 5\ny: lambda z: z = 5\n",
    "rest": "def f(*a: (int), **b: (\n    int)): return a\n",
    "a value in parentheses": "x: (\n    int | str\n) = 5\n",
    "an attribute in parentheses": "def f(self):\n    self._x: (\n        dict[str, int] | None\n    ) = None\n",
    "a name in parentheses": "(x): int = 5\n((y)): (int) = 5\n",
    "a default on a later line": "def f(\n    x: dict[\n        str, int\n    ] = {}[1],\n): pass\n",
    "characters of several bytes": "def f(ä: ('ü') = 'ö', b: int = 1) -> (\n    'ß'): return ä\n",
    "a body of imports for types": "def f():\n    if TYPE_CHECKING:\n        import y\n",
    "a class of imports for types": "class A:\n    if TYPE_CHECKING:\n        import y\n",
    "imports for types on one line": "if TYPE_CHECKING: import y\nz = 1\n",
    "otherwise, imports for types": "if x:\n    pass\nelif TYPE_CHECKING:\n    import y\n",
    "the import for annotations shares a line": f'"""d"""\n{FUTURE}; import os\n',
    "the import for annotations is last on a line": f'"""d"""; {FUTURE}\nx: int = 1\n',
    "bare annotations share a line": "class A:\n    x: int; y = 2\n    y = 1; z: int\n",
    "a class on one line": "class A: x: int; y = 1\n",
    "a bare annotation with a comment": "class A:\n    x: (\n        int\n    )  # c\n    y = 1\n",
    "a bare annotation in a block of a class": "class A:\n    if 1:\n        x: int\n    y = 1\n",
    "a docstring shares its last line": 'def f():\n    """A.\n\n    B."""; return 1\n',
    "a docstring in parentheses": 'def f():\n    (  # c\n        """A."""\n        "B")\n    return 1\n',
    "a form feed": "x = 1\n\x0cdef f(a: int) -> int:\n    return a\n",
    "no end of line": "def f(x: (int) = 1): pass  # c",
    "everything": SOURCE,
}


@pytest.mark.parametrize("source", ODD.values(), ids=ODD)
def test_any_source_stays_one_that_does_the_same_on_the_same_lines(source: str) -> None:
    left = lean(source)
    assert uses(left) == uses(source)
    assert lean(left) == left
    assert len(left.splitlines()) == len(source.splitlines())


@pytest.mark.parametrize("text", [b"x = (\n", b"def f(:\n", b"x = '\xff'\n", b"# coding: none-such\n"])
def test_a_file_that_is_no_python_is_named(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "rows.py").write_bytes(text)
    with pytest.raises(ArchiveError, match=rf"^{tmp_path}/rows\.py(, line \d+)?: ['\w]"):
        content_of(tmp_path / "rows.py")


def test_a_file_of_another_encoding_and_with_other_line_ends_is_one_of_this(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes("# coding: latin-1\r\nx: str = 'ä'\r\n".encode("latin-1"))
    assert content_of(tmp_path / "latin.py") == "\nx = 'ä'\n".encode()
    (tmp_path / "marked.py").write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert content_of(tmp_path / "marked.py") == b"x = 1\n"


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
