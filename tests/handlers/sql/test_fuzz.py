"""Statements that nobody would write: no crash, no write, and always rows or one of the three problems."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from handlers.domain.problem import Problem
from handlers.reads.sqlite_efs import SqliteReader
from handlers.rows import MODEL
from handlers.sql.budget import Budget
from handlers.sql.permissions import allowed_functions
from tests.handlers.sql.conftest import TABLE, rows_of
from tests.handlers.sql.test_permissions import fingerprint
from tests.support.files import Place

STATEMENTS = 2000
PROBLEMS = ("wrong-sql", "forbidden", "too-expensive")
NASTY = (
    *("WITH RECURSIVE a(x) AS (VALUES (1) UNION ALL SELECT x * 2 FROM a) SELECT * FROM a, a AS b, a AS c",),
    *("WITH RECURSIVE a(x) AS (VALUES (1) UNION SELECT x || x FROM a) SELECT max(length(x)) FROM a",),
    f"SELECT count(*) FROM {', '.join(f'{TABLE} AS r{number}' for number in range(9))}",
    f"SELECT count(*) FROM {', '.join(f'{TABLE} AS r{number}' for number in range(65))}",
    f"SELECT group_concat(a.id || b.id) FROM {TABLE} AS a, {TABLE} AS b",
    f"SELECT json_group_array(a.id) FROM {TABLE} AS a, {TABLE} AS b",
    "SELECT replace(replace(replace(hex(zeroblob(900)), '0', hex(zeroblob(900))), '0', hex(zeroblob(900))), '0', 'xx')",
    "SELECT printf('%.*c', 2147483647, 'x'), printf('%2147483647d', 1), printf('%.2147483647f', 1.5)",
    "SELECT printf('%s%s%s%n')",
    "SELECT '" + "a" * 90_000 + "' LIKE '" + "%a" * 50 + "'",
    "SELECT '" + "a" * 90_000 + "' GLOB '" + "*[a-z]" * 16 + "b'",
    "SELECT json('" + "[" * 40_000 + "')",
    "SELECT json('" + "[" * 1_990 + "]" * 1_990 + "')",
    "SELECT count(*) FROM json_tree('" + "[" * 1_990 + "]" * 1_990 + "')",
    "SELECT " + "(SELECT " * 200 + "1" + ")" * 200,
    "SELECT " + "NOT " * 5_000 + "1",
    "SELECT " + "-" * 50_000 + "1",
    "SELECT * FROM (" * 200 + "SELECT 1" + ")" * 200,
    "SELECT CASE " + "WHEN 1 THEN 1 " * 5_000 + "END",
    "SELECT 1 IN (" + "1," * 30_000 + "1)",
    "SELECT x''; -- ''",
    "SELECT x'0'",
    "SELECT '\ufffe', '\U0010ffff', \"\u202e\"",
    "\ufeffSELECT 1",
    "SELECT\u00a01",
    "SELECT 1 -- \r\n; SELECT 2",
    "SELECT /* 1",
    "EXPLAIN EXPLAIN SELECT 1",
    "EXPLAIN QUERY PLAN VACUUM",
    "SELECT * FROM fts5vocab",
    "SELECT * FROM rtree",
    "SELECT * FROM generate_series(1, 9223372036854775807)",
    "SELECT unixepoch('9999-12-31', '+999999999 years'), strftime('%" + "Y%" * 900 + "')",
    "SELECT sum(9223372036854775807) FROM (VALUES (1), (2))",
    "SELECT round(1e308, 2147483647), 1 % 0, 1 / 0, 1 << 9999, ~9223372036854775807",
    "SELECT ntile(0) OVER ()",
    f"SELECT nth_value(id, -1) OVER (ROWS 9223372036854775807 PRECEDING) FROM {TABLE}",
    f"SELECT * FROM {TABLE} LIMIT -1 OFFSET 9223372036854775807",
    f"SELECT * FROM {TABLE} INDEXED BY sqlite_autoindex_1",
    f"SELECT * FROM {TABLE} NATURAL JOIN {TABLE} NATURAL JOIN {TABLE}",
    f"SELECT * FROM {TABLE} ORDER BY 201",
    "SELECT raise(ROLLBACK, 'x')",
    "SELECT 1 COLLATE nothing",
    "SELECT likelihood(1, 2)",
    "SELECT highlight(1, 2, 3, 4), bm25(1), snippet(1), matchinfo(1), offsets(1), optimize(1)",
)
WORDS = (
    *("SELECT", "DISTINCT", "FROM", "WHERE", "HAVING", "LIMIT", "OFFSET", "EXCEPT", "JOIN", "ON", "USING", "AS"),
    *("IN", "EXISTS", "NOT", "NULL", "IS", "BETWEEN", "AND", "OR", "LIKE", "GLOB", "ESCAPE", "CASE", "WHEN"),
    *("THEN", "ELSE", "END", "CAST", "OVER", "ROWS", "WITH", "RECURSIVE", "VALUES", "DELETE", "INSERT"),
    *("UPDATE", "SET", "PRAGMA", "ATTACH", "VACUUM", "CREATE", "TEMP", "TABLE", "VIEW", "DROP", "BEGIN"),
    *("EXPLAIN", "RETURNING", "REPLACE", "MATCH", "REGEXP", "(", ")", ",", ";", ".", "*", "+", "-", "||", "<<"),
    *("->", "->>", "=", "?", ":a", "@b", "'", '"', "x'00'", "--", "/*", "1", "0.5", "'a'"),
)


class Grammar:
    """Statements of a seeded generator, most of them well-formed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._functions = [*sorted(allowed_functions()), "load_extension", "json_patch", "nothing"]

    def statement(self) -> str:
        if self._random.random() < 0.2:
            return " ".join(
                self._random.choices((*WORDS, TABLE, *MODEL.names, "1", "0.5", "'a'"), k=self._pick(2, 5, 9, 14))
            )
        sql = self._select(2)
        if self._random.random() < 0.15:  # cut, or with something put in
            cut = self._random.randrange(len(sql))
            sql = sql[:cut] + self._pick("", *WORDS) + sql[cut + self._pick(0, 1, 10) :]
        return sql

    def _pick(self, *choices: Any) -> Any:
        return self._random.choice(choices)

    def _select(self, depth: int) -> str:
        columns = ", ".join(self._value(depth) for _ in range(self._pick(1, 1, 2, 4)))
        parts = [self._pick("SELECT", "SELECT", "SELECT DISTINCT"), self._pick("*", columns, columns)]
        parts += ["FROM", self._table(depth)]
        parts += self._maybe(0.5, "WHERE", self._value(depth))
        parts += self._maybe(0.2, "GROUP BY", self._value(0))
        parts += self._maybe(0.3, "ORDER BY", self._pick("1", "seq DESC", self._value(0)))
        parts += self._maybe(0.6, "LIMIT", self._pick("0", "3", "7", "-1"))
        sql = " ".join(parts)
        if depth and self._random.random() < 0.15:
            sql = f"{self._select(0)} {self._pick('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT')} {sql}"
        if self._random.random() < 0.1:
            counting = "SELECT 1 UNION ALL SELECT x + 1 FROM c"
            sql = f"WITH RECURSIVE c(x) AS ({self._pick(counting, counting, self._select(0))}) {sql}"
        return sql

    def _maybe(self, share: float, *parts: str) -> list[str]:
        return list(parts) if self._random.random() < share else []

    def _table(self, depth: int) -> str:
        if depth and self._random.random() < 0.3:
            return f"({self._select(depth - 1)})"
        if self._random.random() < 0.85:
            return self._pick(*[TABLE] * 8, f"{TABLE} AS a, {TABLE} AS b", "c", "json_each('[1, [2]]')")
        return self._pick("sqlite_schema", "s0.segment", "pragma_table_info('x')", f"{TABLE} JOIN {TABLE} USING (seq)")

    def _value(self, depth: int) -> str:
        if not depth or self._random.random() < 0.4:
            literals = ("1", "-0.5", "1e999", "NULL", "''", "'%a%'", "x'ff'", "'[1]'")
            rare = ("a.seq", "json", "rowid", "?", ":a", "x")
            return self._pick(*MODEL.names, *literals) if self._random.random() < 0.95 else self._pick(*rare)
        inner = [self._value(depth - 1) for _ in range(self._pick(0, 1, 1, 2, 3))]
        operator = self._pick("+", "*", "||", "=", "<", "IS", "LIKE", "AND", "->>")
        kind = self._pick("TEXT", "BLOB", "INTEGER", "REAL")
        return self._pick(
            f"{self._pick(*self._functions)}({', '.join(inner)})",
            f"{self._pick('abs', 'length', 'hex', 'upper', 'quote', 'typeof', 'trim')}({self._value(depth - 1)})",
            f"{self._value(depth - 1)} {operator} {self._value(0)}",
            f"({self._select(0)})",
            f"CAST({self._value(0)} AS {kind})",
            f"CASE WHEN {self._value(0)} THEN {self._value(0)} END",
            f"{self._pick('sum', 'count', 'min', 'lag')}({self._value(0)}) OVER (ORDER BY {self._value(0)})",
        )


def outcome(
    reader: SqliteReader, sql: str, parameters: Any, seq: int | None = 3200, memory_mb: int | None = None
) -> str:
    """Run a statement for 400 looks at the clock; return "rows" or the kind of the problem."""
    looks = iter(range(400))
    budget = Budget(None, lambda: 0.0 if next(looks, None) is not None else 1e9)
    try:
        body = {"sql": sql, "parameters": parameters, "limit": 20}
        found = rows_of(reader, body, seq=seq, budget=budget, memory_mb=memory_mb)
    except Problem as problem:
        json.dumps([problem.detail, problem.members]).encode()
        return problem.kind
    assert len(json.loads(f"[{found.text}]")) == found.count
    json.loads(found.columns)
    return "rows"


def test_statements_of_a_grammar_give_rows_or_a_problem_and_write_nothing(published: Place, folder: Any) -> None:
    before = fingerprint(published.efs)
    grammar, reader = Grammar(12), published.on_efs()
    counts: dict[str, int] = dict.fromkeys(("rows", *PROBLEMS), 0)
    for number in range(STATEMENTS):
        sql = grammar.statement()
        kind = outcome(reader, sql, [] if number % 8 else {"a": number})
        assert kind in (*counts, "malformed-request"), (number, sql)
        counts[kind] = counts.get(kind, 0) + 1
    assert min(counts[kind] for kind in ("rows", *PROBLEMS)) > STATEMENTS // 200, counts
    assert reader.retries == 0
    assert fingerprint(published.efs) == before
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("sql", NASTY, ids=range(len(NASTY)))
def test_nasty_statements_give_rows_or_a_problem(reader: SqliteReader, sql: str) -> None:
    assert outcome(reader, sql, []) in ("rows", *PROBLEMS)
