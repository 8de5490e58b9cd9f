"""Python source without what only people and type checkers read: comments, docstrings, annotations, imports for types.

Every line of code stays where it was, so tracebacks name the lines of the repository. It is little more than half of
the size, and a start compiles so much less.

Annotations stay in classes that have a decorator, a base or a keyword: dataclasses, named tuples and typed dictionaries
are made from them, and so is whatever a base or a metaclass makes. All others are read by nothing when the code runs;
`from __future__ import annotations`, which would load a module, goes where none is left.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

Place = tuple[int, int]  # line, from 1, and column in bytes, as ast counts them
Span = tuple[Place, Place]


def content_of(path: Path) -> bytes:
    """Return a file as it stands in an archive."""
    content = path.read_bytes()
    return lean(content.decode()).encode() if path.suffix == ".py" else content


@cache  # the functions' archives have most of their files in common
def lean(source: str) -> str:
    """Return the source without all that. Raises SyntaxError."""
    tree = ast.parse(source)
    lines = [line.encode() for line in io.StringIO(source)]  # as tokenize counts them: str.splitlines knows more ends
    cuts = [*((span, b'""') for span in _docstrings(tree)), *((span, b"") for span in _comments(source))]
    cuts += [
        (span, b"") for span in (*_annotations(tree, lines), *_imports_for_types(tree), *_future_annotations(tree))
    ]
    for span, instead in sorted(cuts, reverse=True):
        _cut(lines, span, instead)
    return b"".join(lines).decode()


def _cut(lines: list[bytes], span: Span, instead: bytes) -> None:
    """Put something else in the place of a span; its line ends stay."""
    (row, column), (last_row, end) = span
    after = lines[last_row - 1][end:]
    left = lines[row - 1][:column] + instead + (after if after.strip() else b"\n")
    emptied = [left if instead else left.rstrip() + b"\n", *[b"\n"] * (last_row - row)]
    lines[row - 1 : last_row] = emptied


def _comments(source: str) -> Iterator[Span]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            start = len(token.line[:column].encode())
            yield (row, start), (row, start + len(token.string.encode()))


def _docstrings(tree: ast.AST) -> Iterator[Span]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in _code(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            yield _span(node.body[0])


def _annotations(tree: ast.AST, lines: list[bytes]) -> Iterator[Span]:
    """Yield the annotations of arguments, results and values, with the mark before them."""
    kept = {*_kept_annotations(tree)}
    for node in _code(tree):
        if isinstance(node, ast.arg) and node.annotation:
            yield (node.lineno, node.col_offset + len(node.arg.encode())), _span(node.annotation)[1]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            (row, column), end = _span(node.returns)
            yield (row, lines[row - 1].rindex(b"->", 0, column)), end
        elif isinstance(node, ast.AnnAssign) and node not in kept:
            yield (_span(node.target)[1], _span(node.annotation)[1]) if node.value else _span(node)


def _kept_annotations(tree: ast.AST) -> Iterator[ast.AnnAssign]:
    """Yield those of classes that are made from them, and bare ones (`name: int`) that a block may not do without."""
    for node in _code(tree):
        body = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt)]
        is_class = isinstance(node, ast.ClassDef)
        is_made_from_them = isinstance(node, ast.ClassDef) and (node.decorator_list or node.bases or node.keywords)
        keeps_bare = not is_class or all(_is_bare(part) for part in body)
        for part in body:
            if isinstance(part, ast.AnnAssign) and (is_made_from_them or (keeps_bare and _is_bare(part))):
                yield part


def _is_bare(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and node.value is None


def _future_annotations(tree: ast.AST) -> Iterator[Span]:
    """Yield the import that keeps annotations from being evaluated, where none are left."""
    if not any(_kept_annotations(tree)):
        for node in _code(tree):
            if isinstance(node, ast.ImportFrom) and ast.unparse(node) == "from __future__ import annotations":
                yield _span(node)


def _imports_for_types(tree: ast.AST) -> Iterator[Span]:
    for node in _code(tree):
        if _is_for_types(node):
            yield _span(node)


def _code(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node but those under `if TYPE_CHECKING`, which goes as a whole."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if not _is_for_types(node):
            todo += ast.iter_child_nodes(node)


def _is_for_types(node: ast.AST) -> TypeGuard[ast.stmt]:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse


def _span(node: ast.expr | ast.stmt) -> Span:
    return (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
