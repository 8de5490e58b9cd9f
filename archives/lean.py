"""Python source without what only people read: comments and docstrings.

Every line of code stays where it was, so tracebacks name the lines of the repository. What is left compiles to the same
byte code, as `python -OO` would; it is two thirds of the size.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path


def content_of(path: Path) -> bytes:
    """Return a file as it stands in an archive."""
    content = path.read_bytes()
    return lean(content.decode()).encode() if path.suffix == ".py" else content


def lean(source: str) -> str:
    """Return the source without comments and docstrings. Raises SyntaxError."""
    docstrings = _docstring_places(ast.parse(source))
    lines = io.StringIO(source).readlines()  # as tokenize counts them: str.splitlines knows more ends of lines
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for (row, column), _ in (token[2:4] for token in tokens if token.type == tokenize.COMMENT):
        lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
    for (row, column), (last_row, end) in (token[2:4] for token in tokens if token.start in docstrings):
        emptied = lines[row - 1][:column] + '""' + lines[last_row - 1][end:]
        lines[row - 1 : last_row] = [emptied, *["\n"] * (last_row - row)]
    return "".join(lines)


def _docstring_places(tree: ast.AST) -> set[tuple[int, int]]:
    """Return line and column of every docstring."""
    bodies = [
        node.body
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return {(body[0].lineno, body[0].col_offset) for body in bodies if body and _is_text(body[0])}


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
