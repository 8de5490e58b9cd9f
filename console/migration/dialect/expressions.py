"""Conditions and terms of SQLite said in PostgreSQL, where both mean the same; else nothing, and the plan names them.

A condition is taken apart at AND, OR and NOT; each part is one comparison of columns and literals of one class: numbers
by any, texts by equality if their column tells capitals apart, booleans with 0 and 1, any column with NULL.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from console.migration.plan import PlannedColumn
from console.migration.sqlite.introspection import quoted
from console.migration.sqlite.tokens import SqlToken

JOINS = ("AND", "OR", "NOT", "(", ")")
EQUALITY = {"=": "=", "==": "=", "<>": "<>", "!=": "<>", "IN": "IN", ",": ",", "IS": "IS", "NULL": "NULL"}
ORDER = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "BETWEEN": "BETWEEN", "+": "+", "-": "-", "*": "*"}
COMPARISONS = ("=", "==", "<>", "!=", "<", ">", "<=", ">=", "+", "*")
NUMBERS = ("bigint", "double precision", "numeric")
RELATIONS = ("=", "==", "<>", "!=", "<", ">", "<=", ">=", "BETWEEN", "IN", "IS")
FUNCTIONS = {"LENGTH": "number", "ABS": "number"}
FOLDING = ("LOWER", "UPPER")  # of ASCII alone in SQLite: good for an index, not for what a condition compares

Columns = Mapping[str, PlannedColumn]  # by the source's name in small letters


class _NotPortableError(Exception):
    """PostgreSQL has no such thing, or means something else by it."""


def portable_condition(of: Sequence[SqlToken], columns: Columns, folded: Container[str]) -> str | None:
    """Return a condition as SQL of PostgreSQL.

    Args:
        folded: the columns, in small letters, whose texts SQLite compares without capitals or spaces at the end.
    """
    said, part = list[str](), list[SqlToken]()
    try:
        for token in [*of, None]:
            if token is None or (token.upper in JOINS and not _is_part(part, token)):
                said += _part(part, columns, folded)
                said += [token.upper] if token else []
                part = []
            else:
                part.append(token)
    except _NotPortableError:
        return None
    return " ".join(said)


def portable_term(of: Sequence[SqlToken], columns: Columns) -> str | None:
    """Return an index's expression as SQL of PostgreSQL: a function of one column."""
    if len(of) == 4 and of[0].upper in (*FUNCTIONS, *FOLDING) and (column := columns.get(of[2].value.lower())):
        return _call(of[0], column) if of[1].text == "(" and _takes(of[0], column) else None
    return None


def _is_part(part: Sequence[SqlToken], token: SqlToken) -> bool:
    """Tell whether a word that joins belongs to the part before it: `IS NOT`, `length(`, `BETWEEN 1 AND`."""
    opened = sum(each.text == "(" for each in part) - sum(each.text == ")" for each in part)
    if token.text == ")":
        return opened > 0
    if token.text == "(":
        return bool(part) and part[-1].upper in ("IN", *FUNCTIONS)
    if token.upper == "AND":
        words = [each.upper for each in part]
        return "BETWEEN" in words and "AND" not in words
    return token.upper == "NOT" and bool(part)


def _part(part: Sequence[SqlToken], columns: Columns, folded: Container[str]) -> list[str]:
    used = {columns[each.value.lower()].kind for each in part if _is_column(each, columns)}
    is_null_alone = all(_is_column(each, columns) or each.upper in ("IS", "NOT", "NULL") for each in part)
    is_boolean = used == {"boolean"} and not is_null_alone
    said, classes, number = list[str](), set[str](), 0
    while number < len(part):
        token, following = part[number], part[number + 1 : number + 4]
        if token.upper in FUNCTIONS and len(following) == 3:
            column = columns.get(following[1].value.lower())
            if column is None or following[2].text != ")" or not _takes(token, column):
                raise _NotPortableError
            said.append(_call(token, column))
            classes.add(FUNCTIONS[token.upper])
            number += 4
            continue
        if _is_column(token, columns) and token.value.lower() in folded and not is_null_alone:
            raise _NotPortableError
        said.append(_boolean(token, columns) if is_boolean else _plain(token, columns))
        classes |= _class(token, columns, is_null_alone=is_null_alone, is_boolean=is_boolean)
        number += 1
    _check_classes(part, classes)
    return said


def _check_classes(part: Sequence[SqlToken], classes: set[str]) -> None:
    words = [token.upper for token in part]
    after_is = [words[number + 1 :] for number, word in enumerate(words) if word == "IS"]
    is_whole = not part or (
        words[0] not in (*COMPARISONS, *RELATIONS)
        and words[-1] not in (*COMPARISONS, "BETWEEN", "AND")
        and sum(word in RELATIONS for word in words) == 1
    )
    has_order = any(word in ORDER for word in words)
    if (
        len(classes) > 1
        or not is_whole
        or (has_order and classes != {"number"})
        or any(rest not in (["NULL"], ["NOT", "NULL"]) for rest in after_is)
    ):
        raise _NotPortableError


def _plain(token: SqlToken, columns: Columns) -> str:
    if _is_column(token, columns):
        return quoted(columns[token.value.lower()].target)
    if token.type == "string":
        return "'" + token.value.replace("'", "''") + "'"
    if token.type == "number" and not token.upper.startswith("0X"):
        return token.text
    known = {**EQUALITY, **ORDER, "NOT": "NOT", "AND": "AND", "(": "(", ")": ")"}
    if token.upper not in known:
        raise _NotPortableError
    return known[token.upper]


def _boolean(token: SqlToken, columns: Columns) -> str:
    words = {"0": "FALSE", "1": "TRUE", "FALSE": "FALSE", "TRUE": "TRUE"}
    if token.type == "string" or (token.type == "number" and token.text not in words):
        raise _NotPortableError
    return words.get(token.upper) or _plain(token, columns)


def _class(token: SqlToken, columns: Columns, *, is_null_alone: bool, is_boolean: bool) -> set[str]:
    if is_null_alone or is_boolean:
        return set()
    if _is_column(token, columns):
        kind = columns[token.value.lower()].kind
        return {"number" if kind in NUMBERS else kind}
    return {"text"} if token.type == "string" else {"number"} if token.type == "number" else set()


def _is_column(token: SqlToken, columns: Columns) -> bool:
    return token.type in ("word", "quoted") and token.value.lower() in columns and token.upper not in ("NULL", "NOT")


def _takes(function: SqlToken, column: PlannedColumn) -> bool:
    return (column.kind in NUMBERS) if function.upper == "ABS" else column.kind == "text"


def _call(function: SqlToken, column: PlannedColumn) -> str:
    return f"{function.text.lower()}({quoted(column.target)})"
