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
from collections.abc import Iterator, Sequence, Set
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeGuard

from archives.errors import syntax_errors_of

Place = tuple[int, int]  # line, from 1, and column in bytes, as ast counts them
Span = tuple[Place, Place]


class Token(NamedTuple):
    """A token that is more than white space."""

    kind: int
    text: str
    span: Span


def content_of(path: Path) -> bytes:
    """Return a file as it stands in an archive. Raises ArchiveError where it is no Python, but should be."""
    if path.suffix != ".py":
        return path.read_bytes()
    with syntax_errors_of(str(path)), tokenize.open(path) as file:
        return lean(file.read()).encode()


@cache  # the functions' archives have most of their files in common
def lean(source: str) -> str:
    """Return the source without all that. Raises SyntaxError."""
    tree = ast.parse(source)
    lines = [line.encode() for line in io.StringIO(source)]  # as tokenize counts them: str.splitlines knows more ends
    tokens = list(_tokens(source))
    kept = {*_kept_annotations(tree, lines)}
    cuts = [(span, b'""') for span in _docstrings(tree)]
    cuts += [(token.span, b"") for token in tokens if token.kind == tokenize.COMMENT]
    cuts += [(span, b"") for span in (*_annotations(tree, tokens, kept), *_statements(tree, lines, kept))]
    for span, instead in sorted(cuts, reverse=True):
        _cut(lines, span, instead)
    left = b"".join(lines).decode()
    ast.parse(left)
    return left


def _cut(lines: list[bytes], span: Span, instead: bytes) -> None:
    """Put something else in the place of a span; what comes after it stays on its line."""
    (row, column), (last_row, end) = span
    left, after = lines[row - 1][:column] + instead, lines[last_row - 1][end:]
    rows = [left, *[b""] * (last_row - row)]
    if after.strip():
        lines[row - 1 : last_row] = [*(part + b"\\\n" for part in rows[:-1]), rows[-1] + after]
    else:
        lines[row - 1 : last_row] = [part.rstrip() + b"\n" for part in rows]


def _tokens(source: str) -> Iterator[Token]:
    lines = list(io.StringIO(source))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.string.strip():
            start, end = ((row, len(lines[row - 1][:column].encode())) for row, column in (token.start, token.end))
            yield Token(token.type, token.string, (start, end))


def _docstrings(tree: ast.Module) -> Iterator[Span]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in _code(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            yield _span(node.body[0])


def _annotations(tree: ast.Module, tokens: Sequence[Token], kept: Set[ast.AST]) -> Iterator[Span]:
    """Yield the annotations of arguments, results and values, with the mark before them."""
    code = [token for token in tokens if token.kind != tokenize.COMMENT]
    starts, ends = ({token.span[side]: place for place, token in enumerate(code)} for side in (0, 1))
    for annotation in (_annotation(node) for node in _code(tree) if node not in kept):
        if annotation:
            start, end = _span(annotation)
            mark, last = starts[start] - 1, ends[end]
            while code[mark].text == "(":  # around it, which ast leaves out
                mark, last = mark - 1, last + 1
            yield code[mark].span[0], code[last].span[1]


def _annotation(node: ast.AST) -> ast.expr | None:
    """Return a node's annotation, where the node has a use without it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.returns
    return node.annotation if isinstance(node, ast.arg) or (isinstance(node, ast.AnnAssign) and node.value) else None


def _statements(tree: ast.Module, lines: Sequence[bytes], kept: Set[ast.AST]) -> Iterator[Span]:
    """Yield imports for types, bare annotations and, where no annotation is left, the import that has to do with them.

    That one keeps annotations from being evaluated.
    """
    yield from (_span(node) for node in tree.body if _is_for_types(node))
    for node in _code(tree):
        if isinstance(node, ast.ImportFrom) and not kept and _is_alone(node, lines):
            if ast.unparse(node) == "from __future__ import annotations":
                yield _span(node)
        elif _is_bare(node) and node not in kept:
            yield _span(node)


def _kept_annotations(tree: ast.Module, lines: Sequence[bytes]) -> Iterator[ast.AnnAssign]:
    """Yield those of classes that are made from them, and bare ones (`name: int`) that a block may not do without."""
    for node in _code(tree):
        body = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt)]
        is_class = isinstance(node, ast.ClassDef)
        is_made_from_them = isinstance(node, ast.ClassDef) and (node.decorator_list or node.bases or node.keywords)
        keeps_bare = not is_class or all(_is_bare(part) for part in body)
        for part in body:
            is_kept = _is_bare(part) and (keeps_bare or not _is_alone(part, lines))
            if isinstance(part, ast.AnnAssign) and (is_made_from_them or is_kept):
                yield part


def _is_bare(node: ast.AST) -> TypeGuard[ast.AnnAssign]:
    return isinstance(node, ast.AnnAssign) and node.value is None


def _is_alone(node: ast.stmt, lines: Sequence[bytes]) -> bool:
    """Tell whether a statement shares its lines with no other, but with a comment."""
    (row, column), (last_row, end) = _span(node)
    after = lines[last_row - 1][end:].strip()
    return not lines[row - 1][:column].strip() and (not after or after.startswith(b"#"))


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every node but the module's imports for types, which go as a whole."""
    yield tree
    for node in tree.body:
        if not _is_for_types(node):
            yield from ast.walk(node)


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse


def _span(node: ast.expr | ast.stmt) -> Span:
    return (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
