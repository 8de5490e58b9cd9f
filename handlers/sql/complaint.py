"""The complaint about a statement: SQLite's message, and the line and column where it is wrong.

SQLite knows the place, Python does not pass it on. So it is looked for: a syntax error is where the shortest beginning
of the statement ends that gives the same message; a name that is not known is where it first stands.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/segment.py has it
import itertools
import re

from handlers.domain.problem import Problem

PREFIXES = 50  # so many beginnings are tried
NEAR = re.compile(r'near "(.*)": syntax error|unrecognized token: "(.*)"', re.DOTALL)
UNKNOWN = re.compile(
    r"(?:no such (?:column|function|table)|ambiguous column name|misuse of \w+(?: function)?):? (\S+?)(?:\(\))?"
)
FUNCTION = re.compile(r"wrong number of arguments to function (\S+)\(\)")
EXPLAIN = re.compile(r"\s*EXPLAIN\b", re.IGNORECASE)
SKIPPED = r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/"


def wrong_sql(connection: sqlite3.Connection, sql: str, message: str) -> Problem:
    """Return the problem (400) for a statement that SQLite refuses.

    Args:
        connection: on which it was refused, with all its limits.
        message: SQLite's.
    """
    position = position_of(connection, sql, message)
    if position is None:
        return Problem("wrong-sql", message)
    line = sql.count("\n", 0, position) + 1
    column = position - (sql.rfind("\n", 0, position) + 1) + 1
    place: dict[str, object] = {"line": line, "column": column}
    return Problem("wrong-sql", f"{message}, in line {line}, column {column}", members=place)


def position_of(connection: sqlite3.Connection, sql: str, message: str) -> int | None:
    """Return the index at which a statement is wrong; None where that is not known."""
    if message == "incomplete input":
        return len(sql)
    if near := NEAR.fullmatch(message):
        return _first_with(connection, sql, near[1] or near[2] or "", message)
    if unknown := UNKNOWN.fullmatch(message) or FUNCTION.fullmatch(message):
        return _first_name(sql, unknown[1])
    return None


def _first_with(connection: sqlite3.Connection, sql: str, token: str, message: str) -> int | None:
    """Return where a token stands with which the statement's beginning is wrong in the same way."""
    places = itertools.islice(re.finditer(re.escape(token), sql), PREFIXES)
    return next((match.start() for match in places if _refusal(connection, sql[: match.end()]) == message), None)


def _refusal(connection: sqlite3.Connection, sql: str) -> str:
    """Return what SQLite has against a beginning of a statement, without running it."""
    try:
        connection.execute(sql if EXPLAIN.match(sql) else f"EXPLAIN {sql}").close()
    except sqlite3.Error as error:
        return str(error)
    return ""


def _first_name(sql: str, name: str) -> int | None:
    """Return where a name stands that is not within a text or a comment."""
    words = r"\s*\.\s*".join(rf'["`\[]?{re.escape(part)}["`\]]?' for part in name.split("."))
    for match in re.finditer(rf"{SKIPPED}|(?<![\w$])({words})(?![\w$])", sql, re.DOTALL | re.IGNORECASE):
        if match[1] is not None:
            return match.start(1)
    return None
