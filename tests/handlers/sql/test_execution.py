"""Statements run to their end, or given up: what comes out, and what is said of what costs too much or is wrong."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from handlers.domain.problem import Problem
from handlers.reads.sqlite_efs import SqliteReader
from handlers.sql import execution
from handlers.sql.budget import MOST_ANSWER_BYTES, MOST_VALUE_BYTES, Budget
from handlers.sql.functions import MOST_COMPARISONS
from tests.handlers.sql.conftest import TABLE, Run, rows_of
from tests.support.files import MemoryLedger, Place

COUNTING = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n{}) "
ENDLESS = COUNTING.format("") + "SELECT {} FROM n"
BIG = "replace(hex(zeroblob(200000)), '0', 'x')"  # 400 000 characters


def refused(reader: SqliteReader, sql: str, budget: Budget | None = None, **body: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        rows_of(reader, {"sql": sql, **body}, budget=budget)
    return caught.value


# What comes out


def test_values_become_what_json_can_hold(run: Run) -> None:
    values = "1e999, -1e999, 0.1, 9223372036854775807, NULL, x'00ff', CAST(x'61ff' AS TEXT), CAST(x'eda080' AS TEXT)"
    found = ["Infinity", "-Infinity", 0.1, 2**63 - 1, None, "AP8=", "a\ufffd", "\ufffd\ufffd\ufffd"]
    assert run(f"SELECT {values}, char(0), 'é\U0001f600'") == [[*found, "\0", "é\U0001f600"]]


def test_parameters_by_position_and_by_name(run: Run, reader: SqliteReader) -> None:
    assert run("SELECT ?, ?2, typeof(?3)", 1, "é", None) == [[1, "é", "null"]]
    named = {"sql": "SELECT :a, @b, $a", "parameters": {"a": True, "b": 0.5}}
    assert json.loads(rows_of(reader, named).text) == [1, 0.5, 1]


def test_the_columns_have_the_names_of_the_statement(reader: SqliteReader) -> None:
    sql = """SELECT 1 AS a, 2 AS a, 3 AS "x ""y", 4 AS 'é', count(*)"""
    assert json.loads(rows_of(reader, {"sql": sql}).columns) == ["a", "a", 'x "y', "é", "count(*)"]


@pytest.mark.parametrize(("limit", "count", "is_truncated"), [(2, 2, True), (3, 3, False), (4, 3, False)])
def test_more_rows_than_asked_for_are_said_to_follow(
    reader: SqliteReader, limit: int, count: int, is_truncated: bool
) -> None:
    found = rows_of(reader, {"sql": "VALUES (1), (2), (3)", "limit": limit})
    assert (found.count, found.is_truncated) == (count, is_truncated)


def test_no_rows_are_an_empty_text(reader: SqliteReader) -> None:
    found = rows_of(reader, {"sql": "SELECT 1 WHERE 0"})
    assert (found.text, found.count, found.is_truncated) == ("", 0, False)


# What is wrong


@pytest.mark.parametrize(
    ("sql", "said", "place"),
    [
        (f"SELECT * FORM {TABLE}", 'near "FORM": syntax error', (1, 10)),
        ("SELEC 1", 'near "SELEC": syntax error', (1, 1)),
        ("SELECT 'FORM',\n  * FORM x", 'near "FORM": syntax error', (2, 5)),
        ("EXPLAIN SELECT * FORM x", 'near "FORM": syntax error', (1, 18)),
        ("SELECT 1 a a", 'near "a": syntax error', (1, 12)),
        ("SELECT 1 +", "incomplete input", (1, 11)),
        ("SELECT '", "unrecognized token", (1, 8)),
        ("SELECT 1\nFROM x\\", "unrecognized token", (2, 7)),
        (f"SELECT 'nope' -- nope\n, /* nope */ Nope FROM {TABLE}", "no such column: Nope", (2, 14)),
        (f"SELECT a.nope FROM {TABLE} AS a", "no such column: a.nope", (1, 8)),
        ('SELECT "a b".c', "no such column: a b.c", None),
        ("SELECT 1,\nf(2)", "no such function: f", (2, 1)),
        ("SELECT abs(1, 2)", "wrong number of arguments to function abs()", (1, 8)),
        ("SELECT * FROM no_table", "no such table: no_table", (1, 15)),
        (f"SELECT seq FROM {TABLE} AS a, {TABLE} AS b", "ambiguous column name: seq", (1, 8)),
        ("SELECT max(count(*))", "misuse of aggregate function count()", (1, 12)),
        ("SELECT 1; SELECT 2", "one statement at a time", None),
        ("-- nothing", "no statement", None),
        (" ; ", "no statement", None),
        ("SELECT json('{')", "malformed JSON", None),
        ("SELECT abs(-9223372036854775807 - 1)", "integer overflow", None),
        ("SELECT " + "1, " * 5000 + "1", "too many columns", None),
        ("SELECT " + "1 + " * 500 + "1", "Expression tree is too large", None),
        ("SELECT 1" + " UNION SELECT 1" * 200, "too many terms in compound SELECT", None),
        ("SELECT 'a' LIKE '" + "%" * 51 + "'", "LIKE or GLOB pattern too complex", None),
        ("SELECT 'a' GLOB '" + "?" * 51 + "'", "LIKE or GLOB pattern too complex", None),
        ("SELECT ?9999", "variable number must be between", None),
    ],
    ids=lambda given: str(given)[:30],
)
def test_wrong_sql_is_400_with_sqlites_message_and_where(
    reader: SqliteReader, sql: str, said: str, place: tuple[int, int] | None
) -> None:
    problem = refused(reader, sql)
    assert (problem.status, problem.kind) == (400, "wrong-sql")
    assert said in problem.detail
    assert (problem.members or None) == (place and {"line": place[0], "column": place[1]})


def test_a_token_that_stands_too_often_is_not_looked_for_without_end(reader: SqliteReader) -> None:
    problem = refused(reader, "SELECT '" + "x " * 1000 + "' x x x")
    assert ("syntax error" in problem.detail, problem.members) == (True, {})


@pytest.mark.parametrize(
    ("sql", "parameters", "said"),
    [
        ("SELECT ?", [], "uses 1, and there are 0"),
        ("SELECT ?", [1, 2], "uses 1, and there are 2"),
        ("SELECT :a", {}, ":a"),
        ("SELECT ?", {"a": 1}, "no name"),
        ("SELECT :a", {"a": 1, "b": 2}, "parameters.b: got 2, allowed: only names in the statement"),
    ],
)
def test_parameters_that_do_not_fit_are_400(reader: SqliteReader, sql: str, parameters: Any, said: str) -> None:
    problem = refused(reader, sql, parameters=parameters)
    assert (problem.status, said in problem.detail) == (400, True)


# What costs too much


def ticking(step_s: float = 0.01) -> Iterator[float]:
    """Times that pass by themselves."""
    now_s = 0.0
    while True:
        yield now_s
        now_s += step_s


@pytest.mark.parametrize(("remaining_s", "spent_s"), [(None, 5.0), (100.0, 5.0), (3.0, 2.0), (0.5, 0.0)])
def test_a_statement_is_given_up_when_its_time_is_up(
    reader: SqliteReader, remaining_s: float | None, spent_s: float
) -> None:
    times = ticking()
    problem = refused(reader, ENDLESS.format("count(*)"), Budget(remaining_s, lambda: next(times)))
    assert (problem.status, problem.kind) == (422, "too-expensive")
    assert f"more than {spent_s:g} s" in problem.detail
    assert problem.members["rows"] == 0
    assert problem.members["spent_ms"] == pytest.approx(spent_s * 1000, abs=30)
    assert problem.members["vm_steps"] == pytest.approx(max(1, spent_s * 100) * execution.STEPS, rel=0.01)


def test_it_says_how_many_rows_it_had_found(reader: SqliteReader) -> None:
    times = ticking(1.0)
    sql = COUNTING.format("") + "SELECT x FROM n WHERE x < 4 OR x > 1000000000"
    assert refused(reader, sql, Budget(None, lambda: next(times))).members["rows"] == 2  # Python is a row behind


def test_memory_has_a_limit(reader: SqliteReader) -> None:
    sql = COUNTING.format(" LIMIT 2000") + "SELECT count(*) FROM (SELECT zeroblob(400000) || x AS b FROM n ORDER BY b)"
    problem = refused(reader, sql)
    assert (problem.kind, "memory" in problem.detail) == ("too-expensive", True)
    assert rows_of(reader, {"sql": f"SELECT count(*) FROM {TABLE}"}).count == 1


@pytest.mark.parametrize(
    "call", ["trim({}, 'ab')", "instr({}, 'xy')", "replace({}, 'y', '')", "printf('%s', {})", "{} GLOB '*a'"]
)
def test_every_call_of_a_slow_function_asks_for_the_time(reader: SqliteReader, call: str) -> None:
    times = ticking(0.1)  # at each look
    calls = ", ".join(call.format(f"x || {number}") for number in range(90))
    problem = refused(reader, f"SELECT {calls} FROM (SELECT 'x' AS x)", Budget(None, lambda: next(times)))
    assert (problem.kind, "more than 5 s" in problem.detail) == ("too-expensive", True)
    assert problem.members["spent_ms"] == pytest.approx(5000, abs=500)


def test_a_row_too_long_to_be_sent_is_not_encoded(reader: SqliteReader, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(execution, "b2a_base64", fail)
    columns = ", ".join(["x"] * 90)
    problem = refused(reader, f"SELECT {columns} FROM (SELECT zeroblob(400000) AS x)")
    assert f"answer has more than {MOST_ANSWER_BYTES} bytes" in problem.detail


def test_texts_of_one_row_are_added_up(reader: SqliteReader, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    monkeypatch.setattr(execution, "text_of", lambda raw: read.append(raw) or "")  # pyright: ignore[reportUnknownLambdaType,reportUnknownArgumentType]
    refused(reader, f"SELECT {', '.join(['x'] * 90)} FROM (SELECT {BIG} AS x)")
    assert sum(map(len, read)) <= MOST_ANSWER_BYTES


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT randomblob(1e9)", f"value of more than {MOST_VALUE_BYTES} bytes"),
        ("SELECT zeroblob(2e9)", "value of more than"),
        ("SELECT hex(zeroblob(1500000))", "value of more than"),
        (f"SELECT {BIG} || {BIG} || {BIG}", "value of more than"),
        (f"SELECT replace({BIG}, 'x', 'yyy')", "value of more than"),
        (COUNTING.format(" LIMIT 200000") + "SELECT group_concat('0123456789') FROM n", "value of more than"),
        (f"SELECT instr({BIG}, {BIG})", "instr of values"),
        (f"SELECT replace({BIG}, {BIG}, '')", "replace of values"),
        (f"SELECT trim({BIG}, {BIG})", "trim of values"),
        (f"SELECT {BIG} GLOB '*{'[a-z]' * 9}b'", "glob of values"),
        ("SELECT printf('%.*c', 1000, 'x')", "printf of so many characters"),
        ("SELECT format('%5000.99999lc', 'x')", "format of so many characters"),
        (ENDLESS.format(BIG), f"more than {MOST_ANSWER_BYTES} bytes"),
        (f"SELECT {', '.join(['x'] * 20)} FROM (SELECT {BIG} AS x)", f"more than {MOST_ANSWER_BYTES} bytes"),
        (ENDLESS.format("zeroblob(400000)"), "more than"),
        (f"""SELECT {", ".join(["x"] * 4)} FROM (SELECT replace({BIG}, 'x', '"') AS x)""", "more than"),
    ],
    ids=lambda given: str(given)[:60],
)
def test_values_and_answers_have_limits(reader: SqliteReader, sql: str, said: str) -> None:
    problem = refused(reader, sql, limit=1000)
    assert (problem.status, problem.kind) == (422, "too-expensive")
    assert said in problem.detail


def test_an_answer_may_be_as_long_as_its_limit_and_the_row_after_it_does_not_count(reader: SqliteReader) -> None:
    assert rows_of(reader, {"sql": ENDLESS.format(BIG), "limit": 12}).is_truncated


def test_functions_that_are_bounded_give_what_sqlites_own_give(run: Run) -> None:
    plain = sqlite3.connect(":memory:")
    calls = [
        *(
            "'abc' GLOB '*[a-b]c'",
            "'ABC' GLOB 'a*'",
            "12 GLOB '1?'",
            "NULL GLOB 'a'",
            "x'61' GLOB 'a'",
            "glob('a', 'a')",
        ),
        *("instr('abcabc', 'c')", "instr(x'0102', x'02')", "instr(NULL, 'a')", "instr(12.5, 2.5)", "instr('é', '')"),
        *("replace('aXbX', 'X', 'yy')", "replace(121, 1, 'x')", "replace('a', '', 'b')", "replace('a', 'b', NULL)"),
        *("trim('  a ')", "trim('xxaxy', 'xy')", "ltrim('xxa', 'x')", "rtrim('a  ')", "trim(10, 1)", "trim(NULL)"),
        *("printf('%.9c|%5d|%%c', 'x', 7)", "format('%s %f', 1.5, '2')", "printf(NULL)", "printf()", "format(5)"),
    ]
    sql = "SELECT " + ", ".join(calls)
    try:
        assert run(sql) == [list(plain.execute(sql).fetchone())]
    finally:
        plain.close()


@pytest.mark.parametrize("name", ["trim", "ltrim", "rtrim", "instr", "glob"])
def test_a_function_says_that_it_takes_texts_in_utf_8_alone(reader: SqliteReader, name: str) -> None:
    problem = refused(reader, f"SELECT {name}(CAST(x'ff' AS TEXT), 'a')")
    assert (problem.status, problem.kind) == (400, "wrong-sql")
    assert re.match(rf"Only texts in UTF-8 are taken by .*\b{name}\b", problem.detail)


def test_a_format_that_cuts_a_character_gives_a_text(run: Run) -> None:
    assert run("SELECT printf('%.1s', 'é')") == [["\ufffd"]]


def test_long_values_are_searched_for_short_ones(run: Run) -> None:
    assert run(f"SELECT instr({BIG} || 'yz', 'yz')") == [[400_001]]
    assert MOST_COMPARISONS >= 20 * MOST_VALUE_BYTES


# The file


@pytest.mark.parametrize("code", execution.FILE_FAULTS)
def test_a_file_that_cannot_be_read_is_read_again_once(
    published: Place, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    original = execution.Execution._rows  # pyright: ignore[reportPrivateUsage]
    failures = [1]

    def failing(self: execution.Execution, statement: Any) -> Any:
        if failures.pop() if failures else 0:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = code
            raise error
        return original(self, statement)

    monkeypatch.setattr(execution.Execution, "_rows", failing)
    reader = published.on_efs()
    assert rows_of(reader, {"sql": "SELECT 1"}).text == "[1]"
    assert reader.retries == 1


def test_the_users_own_errors_never_look_like_a_damaged_file(published: Place) -> None:
    reader = published.on_efs()
    for sql in ("SELECT nope", "SELECT json('{')", "PRAGMA integrity_check", f"SELECT {BIG} || {BIG} || {BIG}"):
        refused(reader, sql)
    assert reader.retries == 0


def test_a_file_that_goes_away_is_looked_for_anew(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = Place(tmp_path_factory.mktemp("gone"))
    ledger = MemoryLedger()
    before = place.publish_parts(ledger, 20)
    reader = place.on_efs()
    sql = {"sql": f"SELECT count(*) FROM {TABLE}"}
    assert rows_of(reader, sql).text == "[20]"
    reader._catalog._check_interval_s = 1e9  # pyright: ignore[reportPrivateUsage]
    place.publish_parts(ledger, 20)
    place.path(before).unlink()
    assert rows_of(reader, sql).text == "[40]"
    assert reader.retries == 1
