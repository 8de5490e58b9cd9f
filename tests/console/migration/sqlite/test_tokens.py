from __future__ import annotations

from console.migration.sqlite.tokens import checks, collations, deferred, definitions, group, split, tokens

SQL = """CREATE TABLE "t(" ( -- a comment, with (
    a INT /* and, another ( */ CHECK (a IN (1, 2)),
    [b c] TEXT COLLATE "nocase" DEFAULT 'x, (',
    `check` REAL,
    CONSTRAINT n CHECK (length("b c") > 0x1F),
    CHECK (a <> .5e-3)
)"""


def test_a_statement_is_taken_apart_into_tokens() -> None:
    found = tokens("""x'00ff' "a""b" `c` [d] 'it''s' 1.5e3 <= é_1 || -- end""")
    assert [(token.type, token.value) for token in found] == [
        ("other", "x'00ff'"),
        ("quoted", 'a"b'),
        ("quoted", "c"),
        ("quoted", "d"),
        ("string", "it's"),
        ("number", "1.5e3"),
        ("other", "<="),
        ("word", "é_1"),
        ("other", "||"),
    ]
    assert [token.upper for token in tokens("not \"not\" 'not'")] == ["NOT", "", ""]


def test_definitions_are_told_apart_whatever_stands_in_texts_and_comments() -> None:
    assert [definition[0].value for definition in definitions(SQL)] == ["a", "b c", "check", "CONSTRAINT", "CHECK"]
    assert collations(SQL) == {"b c": "NOCASE"}
    assert [" ".join(token.text for token in check) for check in checks(SQL)] == [
        "a IN ( 1 , 2 )",
        'length ( "b c" ) > 0x1F',
        "a <> .5e-3",
    ]


def test_references_that_are_checked_late_are_found() -> None:
    sql = """CREATE TABLE t (a REFERENCES p DEFERRABLE INITIALLY DEFERRED,
        b REFERENCES p DEFERRABLE INITIALLY IMMEDIATE,
        C, d, FOREIGN KEY (C, "D") REFERENCES q (x, y) DEFERRABLE INITIALLY DEFERRED)"""
    assert deferred(sql) == {("a",), ("c", "d")}


def test_a_group_ends_with_its_own_parenthesis() -> None:
    assert [token.text for token in group(tokens("f ((a), b) (c)"))] == ["(", "a", ")", ",", "b"]
    assert group(tokens("nothing")) == ()
    assert list(split(())) == []
