from __future__ import annotations

import json
import re
import shlex
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from console.local.background import BackgroundStack
from console.paths import PROGRAM
from handlers.domain.bookmark import Bookmark
from handlers.rows import MODEL
from tests.console.conftest import RunConsole
from tests.support.drafts import VALUE, content_of, items
from tests.support.local import web
from tests.support.local.faults import FaultyApi, answers, loses_answer, passes

COUNT = 250
Fields = dict[str, Any]


@pytest.fixture(autouse=True)
def local_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))


@pytest.fixture(autouse=True)
def batches_of_100(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.imports.cutting.MAX_INSERT_ROWS", 100)
    monkeypatch.setattr("console.imports.importing.ADVANCED_EVERY", 100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "rows.ndjson", items(COUNT))


def written(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def head(live: BackgroundStack) -> Bookmark:
    return Bookmark.parse(web.get(f"{live.url}/command/health").json()["bookmark"])


def added_since(live: BackgroundStack, before: Bookmark) -> list[Fields]:
    """What was given for the rows after a bookmark, in order."""
    rows: list[Fields] = []
    parameters = {"order": "asc", "limit": "1000"}
    while True:
        page: Any = web.get(f"{live.url}/ddb", params=parameters).json()
        rows += [content_of(row) for row in page["data"]]
        if page["next"] is None:
            return rows[before.seq :]
        parameters["cursor"] = page["next"]


def test_the_rows_of_a_file_are_added_in_order_and_published(
    live: BackgroundStack, run_console: RunConsole, path: Path
) -> None:
    before = head(live)
    ran = run_console("import", str(path), "--url", live.url, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert (result["rows"], result["inserted"], result["known"], result["rejected"]) == (COUNT, COUNT, 0, 0)
    assert result["bookmark"] == result["snapshot"] == str(head(live))
    assert added_since(live, before) == items(COUNT)


def test_a_file_that_is_in_is_not_sent_again_unless_it_is_wanted(
    live: BackgroundStack, run_console: RunConsole, tmp_path: Path
) -> None:
    path = written(tmp_path / "few.ndjson", items(3))
    arguments = ("import", str(path), "--url", live.url)
    first = run_console(*arguments)
    assert re.fullmatch(r"3 rows added in [\d.,]+ s \([\d.,]+ rows/s\): snapshot \d+\.\d+\n", first.out)
    before = head(live)
    again = run_console(*arguments)
    assert (again.code, again.out) == (0, f"{path}: all 3 rows are in already; --again imports the file once more\n")
    assert head(live) == before
    assert run_console(*arguments, "--again").code == 0
    assert added_since(live, before) == items(3)


def test_without_its_state_too_a_file_of_today_is_added_once(
    live: BackgroundStack, run_console: RunConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "few.ndjson", items(2))
    assert run_console("import", str(path), "--url", live.url).code == 0
    before = head(live)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "another machine"))
    ran = run_console("import", str(path), "--url", live.url, "--json")
    assert head(live) == before
    assert (json.loads(ran.out)["inserted"], json.loads(ran.out)["known"]) == (0, 2)


def test_what_was_cut_short_goes_on_with_the_same_command(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, path: Path
) -> None:
    path, before = written(path, items(COUNT, 1000)), head(live)
    faulty.script.extend([passes, passes, loses_answer, answers(400, {"detail": "no"})])
    ran = run_console("import", str(path), "--url", faulty.url)
    assert (ran.code, ran.out) == (1, "")
    error, hint = ran.err.splitlines()[-2:]
    assert error.endswith("400: no; 100 of 250 rows are in, and perhaps some of the next")
    assert hint == f"Try: {PROGRAM} import {shlex.quote(str(path))} --url {faulty.url}"
    again = run_console("import", str(path), "--url", faulty.url, "--json")
    assert "goes on after 100 rows that are in\n" in again.err
    result = json.loads(again.out)
    assert (result["inserted"], result["known"]) == (50, 200)
    assert added_since(live, before) == items(COUNT, 1000)


def test_an_export_is_imported_without_options(live: BackgroundStack, run_console: RunConsole, tmp_path: Path) -> None:
    web.post(f"{live.url}/insert", json={"count": 5})
    point = Bookmark(head(live).epoch, 5)
    rows = added_since(live, Bookmark(point.epoch, 0))[: point.seq]
    for suffix in (".db", ".csv", ".ndjson"):
        out = tmp_path / f"all{suffix}"
        assert run_console("export", "--out", str(out), "--url", live.url, "--as-of", str(point)).code == 0
        before = head(live)
        ran = run_console("import", str(out), "--url", live.url)
        assert ran.code == 0, ran.err
        assert "created_at: every row gets its own from the ledger" in ran.err
        assert added_since(live, before) == rows


def test_one_wrong_row_stops_all_of_them_and_is_kept_with_its_reason(
    live: BackgroundStack, run_console: RunConsole, tmp_path: Path
) -> None:
    rows: list[object] = [*items(2), {VALUE: "x"}, [1]]
    path = written(tmp_path / "wrong.ndjson", rows)
    before = head(live)
    ran = run_console("import", str(path), "--url", live.url, "--json")
    rejects = tmp_path / "wrong.ndjson.rejects.ndjson"
    assert ran.code == 1
    assert (json.loads(ran.out)["rejected"], json.loads(ran.out)["rejects"]) == (2, str(rejects))
    *_, first, second, error, hint = ran.err.splitlines()
    assert first.startswith(f"line 3: column '{VALUE}': got \"x\", allowed: ")
    assert second == "line 4: is no JSON object"
    assert error == "Error: 2 of 4 rows are wrong; nothing was sent"
    assert hint == f"Try: mend them in {path}: {rejects} has every reason; --max-rejects 2 imports the rest"
    kept = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(each["line"], each["row"]) for each in kept] == [(3, rows[2]), (4, rows[3])]
    assert kept[1]["reasons"] == ["is no JSON object"]
    assert head(live) == before


def test_the_others_are_imported_if_that_is_wanted(
    live: BackgroundStack, run_console: RunConsole, tmp_path: Path
) -> None:
    first, second = items(2)
    path = written(tmp_path / "wrong.ndjson", [first, {VALUE: "x"}, second])
    before = head(live)
    ran = run_console("import", str(path), "--url", live.url, "--max-rejects", "1", "--rejects", str(tmp_path / "r"))
    assert ran.code == 1
    assert "Error: 1 of 3 rows is wrong; the rest is in\n" in ran.err
    assert f"Try: mend them in a file of their own: {tmp_path / 'r'} has every reason\n" in ran.err
    assert ran.out.startswith("2 rows added")
    assert (tmp_path / "r").exists()
    assert added_since(live, before) == [first, second]


def test_a_file_that_is_in_keeps_its_refused_rows_in_mind(
    live: BackgroundStack, run_console: RunConsole, tmp_path: Path
) -> None:
    path = written(tmp_path / "wrong.ndjson", [*items(2, 5000), {VALUE: "x"}])
    arguments = ("import", str(path), "--url", live.url)
    first = run_console(*arguments, "--max-rejects", "1")
    again = run_console(*arguments)
    assert (first.code, again.code) == (1, 1)
    assert again.out == f"{path}: 2 of 3 rows are in already, 1 is refused\n"
    assert again.err.splitlines()[-2:] == first.err.splitlines()[-2:]
    (tmp_path / "wrong.ndjson.rejects.ndjson").unlink()
    again = run_console(*arguments)
    assert again.err.splitlines()[-2:] == [
        "Error: 1 of 3 rows is wrong; the rest is in",
        "Try: the same command with --dry-run says what is wrong",
    ]


def test_what_is_in_of_a_file_that_is_refused_later_is_told(
    faulty: FaultyApi, run_console: RunConsole, tmp_path: Path
) -> None:
    path = written(tmp_path / "wrong.ndjson", [*items(COUNT, 2000), {VALUE: "x"}])
    faulty.script.extend([passes, passes, answers(400, {"detail": "no"})])
    arguments = ("import", str(path), "--url", faulty.url)
    assert "; 100 of 250 rows are in\n" in run_console(*arguments, "--max-rejects", "1").err
    ran = run_console(*arguments)
    assert ran.out == f"250 rows of {path} are right; nothing more was sent: 100 rows are in already\n"
    assert "Error: 1 of 251 rows is wrong; nothing more was sent: 100 rows are in already\n" in ran.err
    assert "Try: mend them in a file of their own: " in ran.err


def test_a_dry_run_needs_no_api(run_console: RunConsole, path: Path) -> None:
    ran = run_console("import", str(path), "--dry-run")
    assert (ran.code, ran.out) == (0, f"250 rows of {path} are right; nothing was sent\n")
    written(path, [{VALUE: "x"}])
    assert run_console("import", str(path), "--dry-run").code == 1


def test_one_row_is_spoken_of_as_one(live: BackgroundStack, run_console: RunConsole, tmp_path: Path) -> None:
    path = written(tmp_path / "one.ndjson", items(1))
    assert run_console("import", str(path), "--dry-run").out == f"1 row of {path} is right; nothing was sent\n"
    assert run_console("import", str(path), "--url", live.url).out.startswith("1 row added in ")
    again = run_console("import", str(path), "--url", live.url)
    assert again.out == f"{path}: the only row is in already; --again imports the file once more\n"


def test_an_import_that_was_refused_at_its_first_rows_begins_anew_as_other_columns(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, tmp_path: Path
) -> None:
    """The rows of a file with two columns of numbers, of which the wrong one was taken at first."""
    drafts, others = items(3), items(3, 1000)
    path = written(
        tmp_path / "two.ndjson", [mine | {"other": its[VALUE]} for mine, its in zip(drafts, others, strict=True)]
    )
    before = head(live)
    faulty.script.extend([passes, answers(403, {"detail": "no"})])
    arguments = ("import", str(path), "--url", faulty.url)
    refused = run_console(*arguments, "--ignore", VALUE, "--map", f"other={VALUE}")
    assert "was answered with 403: no\n" in refused.err
    ran = run_console(*arguments, "--ignore", "other")
    assert ran.code == 0, ran.err
    assert added_since(live, before) == drafts


def test_a_file_is_never_written_over_by_its_own_rejects(run_console: RunConsole, tmp_path: Path) -> None:
    path = written(tmp_path / "a.ndjson", [{VALUE: "x"}])
    content = path.read_text()
    (tmp_path / "symbolic").symlink_to(path)
    (tmp_path / "hard").hardlink_to(path)
    for name in ("a.ndjson", "symbolic", "hard"):
        ran = run_console("import", str(path), "--dry-run", "--rejects", str(tmp_path / name))
        assert (ran.code, ran.out) == (2, "")
        assert f"Error: --rejects {tmp_path / name} is the file that is read\n" in ran.err
        assert path.read_text() == content


def test_what_a_file_would_do_to_a_terminal_is_shown_instead(run_console: RunConsole, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"\x1b[31mred,\x1b]0;x\x07,{','.join(MODEL.names[2:-1])}\n")
    ran = run_console("import", str(path), "--dry-run", "--ignore-others")
    assert "leaves out \\x1b[31mred and \\x1b]0;x\\x07\n" in ran.err
    path.write_text("\x1b[31mred\n")
    ran = run_console("import", str(path), "--dry-run", "--map", f"\x1b[31mred={VALUE}")
    assert f"reads \\x1b[31mred as {VALUE}\n" in ran.err


def test_a_table_with_other_names(live: BackgroundStack, run_console: RunConsole, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    names = [f"x {name}" for name in MODEL.names[2:-1]]
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
        connection.execute(f"CREATE TABLE t ({', '.join(map(json.dumps, [*names, 'more']))})")
    connection.close()
    before = head(live)
    maps = [f"--map={name}={name[2:]}" for name in names]
    ran = run_console("import", str(path), "--table", "t", *maps, "--ignore", "more", "--url", live.url)
    assert (ran.code, ran.out) == (0, f"0 rows of {path} are right; nothing was sent\n")
    assert f"x {VALUE} as {VALUE}" in ran.err
    assert "leaves out more\n" in ran.err
    assert head(live) == before


def test_rejects_that_cannot_be_written_are_told(run_console: RunConsole, tmp_path: Path) -> None:
    path = written(tmp_path / "a.ndjson", [{VALUE: "x"}])
    ran = run_console("import", str(path), "--dry-run", "--rejects", str(tmp_path / "none" / "r"))
    assert ran.code == 1
    assert f"Error: {tmp_path / 'none' / 'r'} cannot be written: No such file or directory\n" in ran.err
