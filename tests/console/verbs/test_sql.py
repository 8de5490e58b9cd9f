"""`console sql` against the local stack."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

import pytest

from console.local.background import BackgroundStack
from handlers.rows import MODEL
from tests.console.conftest import RunConsole
from tests.support.drafts import items
from tests.support.local import web

TABLE = MODEL.table


@pytest.fixture(scope="module")
def inserted(live: BackgroundStack) -> dict[str, Any]:
    return web.post(f"{live.url}/insert", json={"items": items(5)}).json()


class Input(io.StringIO):
    """Standard input."""

    def __init__(self, text: str, *, is_terminal: bool) -> None:
        super().__init__(text)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def test_rows_as_a_table(live: BackgroundStack, inserted: dict[str, Any], run_console: RunConsole) -> None:
    sql = f"SELECT seq, id, NULL AS missing, char(27) || 'x' AS steering FROM {TABLE} WHERE seq < ?"
    ran = run_console("sql", sql, "-p", "3", "--url", live.url)
    assert ran.code == 0, ran.err
    lines = [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in ran.out.splitlines()]
    assert lines[1] == ["seq", "id", "missing", "steering"]
    assert lines[3:5] == [[str(seq), inserted["ids"][seq - 1], "NULL", r"\x1bx"] for seq in (1, 2)]
    assert ran.err == f"2 rows as of {inserted['bookmark']}\n"


def test_rows_as_csv_and_as_json(live: BackgroundStack, inserted: dict[str, Any], run_console: RunConsole) -> None:
    sql = f"""SELECT seq, id, 'a "b", c' AS text, NULL AS none FROM {TABLE} WHERE seq >= :from ORDER BY seq"""
    asked = (sql, "--parameter", "from=4", "--source", "sqlite-tmp", "--url", live.url)
    ran = run_console("sql", *asked, "--format", "csv")
    wanted = [[seq, inserted["ids"][seq - 1], 'a "b", c', None] for seq in (4, 5)]
    assert list(csv.reader(io.StringIO(ran.out))) == [
        ["seq", "id", "text", "none"],
        *[[str(row[0]), row[1], row[2], ""] for row in wanted],
    ]
    for option in (["--format", "json"], ["--json"]):
        content = json.loads(run_console("sql", *asked, *option).out)
        assert (content["source"], content["columns"]) == ("sqlite-tmp", ["seq", "id", "text", "none"])
        assert content["rows"] == wanted


def test_a_point_and_a_limit(live: BackgroundStack, inserted: dict[str, Any], run_console: RunConsole) -> None:
    epoch = inserted["bookmark"].partition(".")[0]
    count = ("sql", f"SELECT count(*) FROM {TABLE}", "--as-of", f"{epoch}.2", "--format", "csv", "--url", live.url)
    ran = run_console(*count)
    assert (ran.out, ran.err) == ("count(*)\n2\n", f"1 row as of {epoch}.2\n")
    ran = run_console("sql", f"SELECT seq FROM {TABLE}", "--limit", "2", "--format", "csv", "--url", live.url)
    assert ran.out == "seq\n1\n2\n"
    assert "more follow: raise --limit" in ran.err


@pytest.mark.usefixtures("inserted")
def test_a_statement_from_a_pipe(
    live: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Input("SELECT 1 AS a\n, 2 AS b\n", is_terminal=False))
    assert run_console("sql", "--format", "csv", "--url", live.url).out == "a,b\n1,2\n"


@pytest.mark.usefixtures("inserted")
def test_the_prompt(
    live: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    typed = "SELECT 1 AS a;\nSELEC 2;\nPRAGMA user_version;\nSELECT\n3 AS c;\n"
    monkeypatch.setattr(sys, "stdin", Input(typed, is_terminal=True))
    ran = run_console("sql", "--format", "csv", "--url", live.url)
    assert ran.code == 0
    assert ran.out.replace("sql> ", "").replace("...> ", "") == "a\n1\nc\n3\n"
    assert f"The table {TABLE} from sqlite-efs, {live.url}" in ran.err
    assert 'near "SELEC": syntax error, in line 1, column 1' in ran.err
    assert "Not allowed: PRAGMA" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["SELEC 1"], 1, 'answered with 400: near "SELEC": syntax error'),
        (["SELECT nix"], 1, "Try: `.schema` at the prompt"),
        (["CREATE TABLE a (b)"], 1, "Try: change what the message names"),
        (["PRAGMA user_version"], 1, "answered with 403: Not allowed: PRAGMA"),
        (["SELECT 1", "--as-of", "x"], 1, "<epoch>.<seq>"),
        (["SELECT 1", "--source", "ddb"], 2, "--source ddb runs no statements"),
        (["SELECT ?, :a", "-p", "1", "-p", "a=1"], 2, "with a name and without one"),
        (["SELECT 1", "--limit", "1001"], 2, "--limit"),
        (["SELECT 1", "--format", "xml"], 2, "--format"),
    ],
    ids=str,
)
def test_errors_end_with_a_code_of_their_own(
    live: BackgroundStack, run_console: RunConsole, arguments: list[str], code: int, said: str
) -> None:
    ran = run_console("sql", *arguments, "--url", live.url)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "AWS credentials" not in ran.err


def test_an_answer_of_something_else(faulty: Any, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_members(_: object) -> dict[str, object]:
        return {}

    monkeypatch.setattr("console.sql.session.read_members", no_members)
    ran = run_console("sql", "SELECT 1", "--url", faulty.url)
    assert (ran.code, "no result of a statement" in ran.err) == (1, True)
