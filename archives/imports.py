"""The import statements of a source, read and not run.

Those under `if TYPE_CHECKING` never count. Modules named only at run time (importlib) cannot be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Generator
from functools import cache
from importlib.util import resolve_name

ImportStatement = ast.Import | ast.ImportFrom


@cache  # the functions' archives have most of their files in common
def import_statements(source: bytes, file_name: str, *, at_start: bool = False) -> tuple[ImportStatement, ...]:
    """Return the import statements of a source. Raises SyntaxError.

    Args:
        file_name: stands in the error.
        at_start: without those inside functions, which run later or never.
    """
    statements = _statements(ast.parse(source, file_name), at_start=at_start)
    return tuple(node for node in statements if isinstance(node, ImportStatement))


def module_of(node: ast.ImportFrom, package: str) -> str:
    """Return the module that a `from` names, seen from a package."""
    return resolve_name("." * node.level + (node.module or ""), package)


def _statements(tree: ast.AST, *, at_start: bool) -> Generator[ast.AST]:
    """Yield every statement that can be reached at run time; no expression holds an import."""
    yield tree
    if at_start and isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    is_typing_only = isinstance(tree, ast.If) and ast.unparse(tree.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
    for child in tree.orelse if isinstance(tree, ast.If) and is_typing_only else ast.iter_child_nodes(tree):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _statements(child, at_start=at_start)
