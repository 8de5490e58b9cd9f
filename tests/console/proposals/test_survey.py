from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from console.imports.files import open_source
from console.proposals.survey import MOST_CHOICES, Facts, survey
from tests.console.proposals.conftest import surveyed


def facts(folder: Path, *cells: str) -> Facts:
    """What is seen in a column of CSV."""
    path = folder / "a.csv"
    path.write_text("x,other\n" + "".join(f'"{cell.replace(chr(34), chr(34) * 2)}",1\n' for cell in cells))
    return surveyed(path).columns[0]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (("yes", "no"), "boolean"),
        (("true", "0"), "boolean"),
        (("1", "0"), "integer"),
        (("1", "2", ""), "integer"),
        (("1", " "), "integer"),
        (("1", "2.0"), "number"),
        (("1", "1e3"), "number"),
        (("1", "9223372036854775808"), "text"),
        (("0.5", "1e200"), "text"),
        (("1", "007"), "text"),
        (("2026-01-31 12:00:00", "2026-01-31T12:00:00+02:00"), "timestamp"),
        (("2026-01-31 12:00:00", "2026-02-30 12:00:00"), "text"),
        (("2026-01-31",), "text"),
        (('{"a": 1}', "[]"), "json"),
        (('{"a": 1}', "1"), "text"),
        (("1", "yes"), "boolean"),
        (("2", "yes"), "text"),
        (("", ""), "text"),
        ((" ",), "text"),
    ],
)
def test_the_kind_is_the_narrowest_that_takes_every_cell(tmp_path: Path, cells: tuple[str, ...], kind: str) -> None:
    assert facts(tmp_path, *cells).kind == kind


TYPED: list[tuple[list[object], str]] = [
    ([True, False], "boolean"),
    ([1, 0], "integer"),
    ([1, True], "json"),
    ([1, 2.0], "number"),
    ([1.0, 2.0], "number"),
    ([1, "2"], "json"),
    (["1", "yes"], "text"),
    (["2026-01-31 12:00", None], "timestamp"),
    (["2026-01-31 12:00", ""], "text"),
    ([{"a": 1}, [], 5], "json"),
    ([2**64], "json"),
    ([None], "text"),
]


@pytest.mark.parametrize(("values", "kind"), TYPED)
def test_json_knows_its_types(tmp_path: Path, values: list[object], kind: str) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text("".join(json.dumps({"x": value}) + "\n" for value in values))
    assert surveyed(path).columns[0].kind == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 0], "integer"),
        ([1.0], "number"),
        ([1, "two"], "text"),
        (["1", 2], "integer"),
        ([b"x"], ""),
        ([None], "text"),
    ],
)
def test_sqlite_holds_anything_anywhere(tmp_path: Path, values: list[object], kind: str) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE a (x)")
        connection.executemany("INSERT INTO a VALUES (?)", [(value,) for value in values])
    connection.close()
    assert surveyed(path).columns[0].kind == kind


def test_what_was_seen_is_told(tmp_path: Path) -> None:
    found = facts(tmp_path, "b", "abc", "", "b", " ")
    assert (found.values, found.nulls, found.low, found.high) == (4, 1, 1, 3)
    assert (found.distinct, found.is_unique, found.choices) == (2, False, (" ", "abc", "b"))
    found = facts(tmp_path, "-5", "3", " ", "0")
    assert (found.values, found.nulls, found.low, found.high, found.is_unique) == (3, 1, -5, 3, True)
    assert (found.choices, found.is_flag) == ((), False)
    assert facts(tmp_path, "0", "1", "0").is_flag
    found = facts(tmp_path, '{"a":  "ü"}', "[]")
    assert (found.low, found.high) == (2, len('{"a":"ü"}'.encode()))
    assert facts(tmp_path, *map(str, range(MOST_CHOICES + 1)), "x").choices == ()


def test_values_are_told_apart_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.proposals.survey.MOST_DISTINCT", 3)
    found = facts(tmp_path, "a", "b", "c", "d", "a")
    assert (found.distinct, found.is_unique) == (3, True)


def test_rows_that_are_none_are_counted_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n1\n3,4\n")
    found = surveyed(path)
    assert (found.rows, found.faulty, found.columns[0].high) == (2, 1, 3)


def test_it_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.proposals.survey.ADVANCED_EVERY", 2)
    path, told = tmp_path / "a.csv", list[int]()
    path.write_text("a\n1\n2\n3\n4\n5\n")
    with open_source(path) as source:
        survey(source, told.append)
    assert told == [3, 2]


@pytest.mark.parametrize(
    ("cells", "kind", "stray"),
    [
        (["1.5"] * 20 + ["abc"], "text", 'All but 1 are numbers: "abc" is not'),
        (["7"] * 30 + ["x", "1.5"], "text", 'All but 1 are numbers: "x" is not'),
        (["7"] * 30 + ["1.5"], "number", 'All but 1 are integers: "1.5" is not'),
        (["2026-01-31 12:00"] * 40 + ["soon", "later"], "text", 'All but 2 are times: "soon" is not'),
        (["7"] * 8 + ["x"], "text", ""),
        (["7"] * 90 + ["w", "x", "y", "z"], "text", ""),
        (["7"] * 30, "integer", ""),
    ],
    ids=["number", "nearest", "integer", "times", "few rows", "many strays", "none"],
)
def test_a_few_values_of_another_kind_are_told(tmp_path: Path, cells: list[str], kind: str, stray: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["a", *cells]) + "\n")
    with open_source(path) as source:
        (found,) = survey(source, lambda _: None).columns
    assert (found.kind, found.stray) == (kind, stray)


@pytest.mark.parametrize(("texts", "kind"), [(30, "text"), (3, "")])
def test_a_blob_among_texts_does_not_cost_the_column(tmp_path: Path, texts: int, kind: str) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE a (b)")
        connection.executemany("INSERT INTO a VALUES (?)", [*[("x",)] * texts, (b"\xff",)])
    connection.close()
    with open_source(path) as source:
        (found,) = survey(source, lambda _: None).columns
    assert found.kind == kind
    assert (found.stray == "All but 1 are texts: a BLOB is not") is (kind == "text")
