"""What can be changed in a source file so that a good test notices: one small change at a time, made in its text.

Left out is what no test should hold: types, docstrings, what is logged, the words of an error.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[str, list[str]]] = {
    ast.Lt: ("<", ["<=", ">="]),
    ast.LtE: ("<=", ["<", ">"]),
    ast.Gt: (">", [">=", "<="]),
    ast.GtE: (">=", [">", "<"]),
    ast.Eq: ("==", ["!="]),
    ast.NotEq: ("!=", ["=="]),
    ast.Is: ("is", ["is not"]),
    ast.IsNot: ("is not", ["is"]),
    ast.In: ("in", ["not in"]),
    ast.NotIn: ("not in", ["in"]),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
WORDS = frozenset({"description", "detail", "title", "summary", "help"})  # names of what is only read by people


@dataclass(frozen=True)
class Mutation:
    """A part of a file's text, and what it is replaced by."""

    file: str
    start: int
    end: int
    replacement: str
    line: int
    before: str  # the whole line, as it was
    after: str

    @property
    def is_text(self) -> bool:
        """Whether it is a string that is changed: those are many, and most of them break everything."""
        return self.replacement.endswith(("!'", '!"'))

    def applied_to(self, source: str) -> str:
        """Return the mutated source."""
        return source[: self.start] + self.replacement + source[self.end :]

    def is_python(self, source: str) -> bool:
        """Whether the mutated source can be compiled: an argument may be missing where there has to be one."""
        try:
            ast.parse(self.applied_to(source))
        except SyntaxError:
            return False
        return True


def mutations_of(file: str, source: str) -> list[list[Mutation]]:
    """Return for each place that can be changed the changes that can be made there."""
    return _Finder(file, source).found()


class _Finder:
    def __init__(self, file: str, source: str) -> None:
        self._file = file
        self._source = source
        self._tree = ast.parse(source)
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def found(self) -> list[list[Mutation]]:
        places = [{self._mutation(*change) for change in self._changes(node)} for node in _code(self._tree)]
        return [sorted(place, key=lambda change: (change.start, change.replacement)) for place in places if place]

    def _mutation(self, start: int, end: int, replacement: str) -> Mutation:
        line = self._source.count("\n", 0, start) + 1
        first, last = self._lines[line - 1], (self._source + "\n").index("\n", end)
        after = self._source[first:start] + replacement + self._source[end:last]
        return Mutation(
            self._file, start, end, replacement, line, _one_line(self._source[first:last]), _one_line(after)
        )

    def _changes(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        yield from self._changes_of_statement(node) if isinstance(node, ast.stmt) else self._changes_within(node)

    def _changes_of_statement(self, node: ast.stmt) -> Iterator[tuple[int, int, str]]:
        match node:
            case ast.AugAssign():
                before, after = ARITHMETIC[type(node.op)]
                yield self._between(node.target, node.value, before + "=", after + "=")
                yield *self._span(node), "pass"
            case ast.If() | ast.While():
                yield *self._span(node.test), f"(not ({self._text(node.test)}))"
            case ast.Return(value=ast.expr() as value) if not _is_none(value):
                yield *self._span(value), "None"
            case ast.Expr() | ast.Raise() | ast.Break() | ast.Continue() | ast.Delete():
                yield *self._span(node), "pass"
            case ast.Assign() if not isinstance(node.targets[0], ast.Name):
                yield *self._span(node), "pass"
            case _:
                pass

    def _changes_within(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        match node:
            case ast.Compare():
                yield from self._comparisons(node)
            case ast.BoolOp():
                yield from self._conditions(node)
            case ast.UnaryOp(op=ast.Not()):
                yield *self._span(node), self._text(node.operand)
            case ast.BinOp() if not _is_text(node.left) and not _is_text(node.right):
                yield self._between(node.left, node.right, *ARITHMETIC[type(node.op)])
            case ast.IfExp():
                yield *self._span(node.test), f"(not ({self._text(node.test)}))"
            case ast.Constant():
                yield from ((*self._span(node), replacement) for replacement in _other_constants(node.value))
            case ast.Name(id=name) if name in NAMES:
                yield *self._span(node), NAMES[name]
            case ast.keyword(arg=str()):
                yield from self._without(node)
            case _:
                pass

    def _comparisons(self, node: ast.Compare) -> Iterator[tuple[int, int, str]]:
        operands = [node.left, *node.comparators]
        for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
            before, others = COMPARISONS[type(operator)]
            yield from (self._between(left, right, before, after) for after in others)

    def _conditions(self, node: ast.BoolOp) -> Iterator[tuple[int, int, str]]:
        before, after = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield self._between(left, right, before, after)
        for value in node.values:
            yield *self._span(value), "True" if before == "and" else "False"

    def _without(self, node: ast.keyword) -> Iterator[tuple[int, int, str]]:
        """An argument left out, with the comma after it or else the one before."""
        start, end = self._span(node)
        comma = re.compile(r"\s*,\s*").match(self._source, end)
        if comma:
            yield start, comma.end(), ""
        elif self._source[:start].rstrip().endswith(","):
            yield self._source.rindex(",", 0, start), end, ""

    def _between(self, left: ast.expr, right: ast.expr, before: str, after: str) -> tuple[int, int, str]:
        start, end = self._span(left)[1], self._span(right)[0]
        gap = re.sub(r"#.*", lambda comment: " " * len(comment[0]), self._source[start:end])
        at = start + re.search(before.replace(" ", r"\s+") if before[0].isalpha() else re.escape(before), gap).start()  # pyright: ignore[reportOptionalMemberAccess] - the grammar puts it there
        return at, at + len(before), after

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self._source[start:end]

    def _span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        return self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno or 0, node.end_col_offset or 0)

    def _offset(self, line: int, column_bytes: int) -> int:
        start = self._lines[line - 1]
        text = self._source[start : self._lines[line]]
        return start + len(text.encode()[:column_bytes].decode())


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that no test should hold."""
    for child in ast.iter_child_nodes(node):
        if not _is_words(child) and not _is_type(node, child):
            yield child
            yield from _code(child)


def _is_words(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="_log" | "logging")))):
            return True
        case ast.keyword(arg=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name in WORDS or name in ("__slots__", "_log", "TYPE_CHECKING")
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case _:
            return False


def _is_type(parent: ast.AST, child: ast.AST) -> bool:
    match parent:
        case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=annotation):
            return child is annotation
        case ast.FunctionDef(returns=returns, decorator_list=decorators):
            return child is returns or child in decorators
        case ast.ClassDef(bases=bases, decorator_list=decorators):
            return child in bases or child in decorators
        case ast.Raise(exc=error):
            return child is error
        case ast.Dict(keys=keys, values=values):
            return child in [value for key, value in zip(keys, values, strict=True) if _is_label(key)]
        case _:
            return False


def _is_label(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value in WORDS


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _other_constants(value: object) -> list[str]:
    match value:
        case bool():
            return [str(not value)]
        case int():
            return [str(value + 1), f"({value - 1})"]
        case float():
            return [repr(value * 1.5), repr(value + 1)]
        case str():
            return [repr(value + "!")]
        case bytes():
            return [repr(value + b"!")]
        case _:
            return []


def _one_line(text: str) -> str:
    return " ".join(text.split())
