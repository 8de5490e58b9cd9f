from __future__ import annotations

import csv
import json
import os
import sqlite3
from pathlib import Path

import pytest

from console.data import export as export_module
from console.data.export import note_of, part_of
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from handlers.domain.bookmark import Bookmark
from handlers.rows import MODEL
from tests.console.conftest import RunConsole
from tests.support.local import web
from tests.support.local.faults import Exchange, FaultyApi, Step, answers, passes

ROWS = 2100


@pytest.fixture(scope="module")
def loaded(live: BackgroundStack) -> Bookmark:
    """The bookmark of the live stack's snapshot, with some pages of rows."""
    for count in (1000, 1000, 100):
        inserted = web.post(f"{live.url}/insert", json={"count": count})
    return Bookmark.parse(inserted.json()["snapshot"]["bookmark"])


@pytest.fixture(scope="module")
def rows(live: BackgroundStack, loaded: Bookmark) -> list[dict[str, object]]:
    """All rows, oldest first, as the API shows them."""
    found: list[dict[str, object]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"order=asc&limit=1000&as_of={loaded}" + (f"&cursor={cursor}" if cursor else "")
        page = web.get(f"{live.url}/sqlite-efs?{query}").json()
        found += page["data"]
        cursor = page["next"]
    assert len(found) == loaded.seq
    return found


def database_rows(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"SELECT {', '.join(MODEL.names)} FROM {MODEL.sql_table} ORDER BY seq").fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("suffix", [".db", ".sqlite", ".sqlite3"])
def test_a_database_has_the_models_columns_and_indexes(
    live: BackgroundStack, rows: list[dict[str, object]], run_console: RunConsole, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"data{suffix}"
    ran = run_console("export", "--out", str(out), "--url", live.url)
    assert ran.code == 0, ran.err
    wanted = [(seq, *(row[name] for name in MODEL.names[1:])) for seq, row in enumerate(rows, 1)]
    assert database_rows(out) == wanted
    connection = sqlite3.connect(out)
    try:
        assert [row[1] for row in connection.execute(f"PRAGMA table_info({MODEL.sql_table})")] == list(MODEL.names)
        assert len(connection.execute(f"PRAGMA index_list({MODEL.sql_table})").fetchall()) >= 1
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
    assert ran.out.startswith(f"{out}: {len(rows):,} rows, ")
    assert ran.out.endswith("proven by count and content hash\n")
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_lines_are_the_texts_that_the_api_sent(
    live: BackgroundStack, rows: list[dict[str, object]], run_console: RunConsole, tmp_path: Path
) -> None:
    out = tmp_path / "data.ndjson"
    result = json.loads(run_console("export", "--out", str(out), "--url", live.url, "--json").out)
    assert [json.loads(line) for line in out.read_text().splitlines()] == rows
    assert (result["rows"], result["bytes"], result["resumed_at"]) == (len(rows), out.stat().st_size, 0)
    assert result["hash"] == web.get(f"{live.url}/snapshots").json()["snapshots"][0]["hash"]


def test_csv_has_a_line_of_names(
    live: BackgroundStack, rows: list[dict[str, object]], run_console: RunConsole, tmp_path: Path
) -> None:
    out = tmp_path / "data.csv"
    assert run_console("export", "--out", str(out), "--url", live.url, "--source", "sqlite-tmp").code == 0
    with out.open(newline="") as file:
        names, *found = csv.reader(file)
    assert names == list(MODEL.names)
    assert found == [[str(seq), *(str(row[name]) for name in MODEL.names[1:])] for seq, row in enumerate(rows, 1)]


def cut(after: int) -> list[Step]:
    """An API that tells of its health, answers so many requests, and refuses the next one for good."""
    return [passes] * (1 + after) + [answers(400, {"detail": "no"})]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("suffix", [".db", ".csv", ".ndjson"])
def test_what_was_cut_short_goes_on_where_it_stopped_and_is_the_same(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, tmp_path: Path, suffix: str
) -> None:
    whole, out = tmp_path / f"whole{suffix}", tmp_path / f"data{suffix}"
    first = json.loads(run_console("export", "--out", str(whole), "--url", live.url, "--json").out)
    faulty.script.extend(cut(3))
    assert run_console("export", "--out", str(out), "--url", faulty.url).code == 1
    assert not out.exists()
    with part_of(out).open("ab") as file:  # a page that was written and not noted
        file.write(b"" if suffix == ".db" else b"half a li")
    web.post(f"{live.url}/insert", json={"count": 1})  # the snapshot is another one by now
    faulty.seen.clear()
    result = json.loads(run_console("export", "--out", str(out), "--url", faulty.url, "--json").out)
    assert result == first | {"path": str(out), "resumed_at": 2000, "bytes": out.stat().st_size}
    assert len([path for _, path, _ in faulty.seen if path.startswith("/sqlite-efs?")]) == 1
    same = database_rows(out) == database_rows(whole) if suffix == ".db" else out.read_bytes() == whole.read_bytes()
    assert same


def test_what_was_written_but_not_noted_in_a_database_is_written_once(
    faulty: FaultyApi, loaded: Bookmark, run_console: RunConsole, tmp_path: Path
) -> None:
    out = tmp_path / "data.db"
    arguments = ("export", "--out", str(out), "--url", faulty.url, "--as-of", str(loaded))
    faulty.script.extend(cut(2))
    assert run_console(*arguments).code == 1
    before = note_of(out).read_text()
    faulty.script.extend(cut(1))
    assert run_console(*arguments).code == 1
    assert note_of(out).read_text() != before
    note_of(out).write_text(before)
    assert run_console(*arguments).code == 0
    assert len(database_rows(out)) == loaded.seq


def test_any_point_can_be_exported_and_is_proven_by_another_path(
    live: BackgroundStack, loaded: Bookmark, run_console: RunConsole, tmp_path: Path
) -> None:
    point = f"{loaded.epoch}.1234"
    for source, other in (("sqlite-efs", "ddb"), ("ddb", "sqlite-tmp")):
        arguments = ("--as-of", point, "--source", source, "--url", live.url, "--json")
        result = json.loads(run_console("export", "--out", str(tmp_path / "data.csv"), *arguments).out)
        assert (result["bookmark"], result["rows"]) == (point, 1234)
        assert result["proven_by"] == f"count and the content hash of {other}"


def test_an_export_of_other_rows_begins_anew(
    live: BackgroundStack, faulty: FaultyApi, loaded: Bookmark, run_console: RunConsole, tmp_path: Path
) -> None:
    out = tmp_path / "data.csv"
    faulty.script.extend(cut(2))
    run_console("export", "--out", str(out), "--url", faulty.url)
    result = json.loads(
        run_console("export", "--out", str(out), "--url", live.url, "--as-of", f"{loaded.epoch}.5", "--json").out
    )
    assert (result["rows"], result["resumed_at"]) == (5, 0)


@pytest.mark.parametrize("left_bytes", [None, 1000])
def test_an_export_of_which_less_is_there_than_was_noted_begins_anew(
    faulty: FaultyApi, loaded: Bookmark, run_console: RunConsole, tmp_path: Path, left_bytes: int | None
) -> None:
    whole, out = tmp_path / "whole.ndjson", tmp_path / "data.ndjson"
    arguments = ("--url", faulty.url, "--as-of", str(loaded), "--json")
    run_console("export", "--out", str(whole), *arguments)
    faulty.script.extend(cut(2))
    assert run_console("export", "--out", str(out), *arguments).code == 1
    if left_bytes is None:
        part_of(out).unlink()
    else:
        os.truncate(part_of(out), left_bytes)
    assert json.loads(run_console("export", "--out", str(out), *arguments).out)["resumed_at"] == 0
    assert out.read_bytes() == whole.read_bytes()


def test_rows_that_are_not_the_right_ones_never_get_the_files_name(
    faulty: FaultyApi, loaded: Bookmark, run_console: RunConsole, tmp_path: Path
) -> None:
    def tamper(exchange: Exchange) -> None:
        is_page = exchange.path.startswith("/sqlite-efs?")
        exchange.forward((lambda text: text.replace('"id":"0', '"id":"1', 1)) if is_page else str)

    faulty.script.extend([tamper] * 10)
    ran = run_console("export", "--out", str(tmp_path / "data.csv"), "--url", faulty.url, "--as-of", str(loaded))
    assert ran.code == 1
    assert "the content hash is " in ran.err
    assert not (tmp_path / "data.csv").exists()


def test_rows_that_are_missing_are_noticed(
    faulty: FaultyApi, loaded: Bookmark, run_console: RunConsole, tmp_path: Path
) -> None:
    def end_early(text: str) -> str:
        start, mark, rest = text.partition('"next":"')
        return f'{start}"next":null{rest[rest.index(chr(34)) + 1 :]}' if mark else text

    def step(exchange: Exchange) -> None:
        exchange.forward(end_early)

    faulty.script.extend([step] * 5)
    ran = run_console("export", "--out", str(tmp_path / "data.csv"), "--url", faulty.url, "--as-of", str(loaded))
    assert ran.code == 1
    assert f"1,000 rows came, {loaded.seq:,} are in {loaded}" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "data.xlsx"), "--out data.xlsx: this suffix is no kind of file that is known"),
        (("--out", "data"), "--out data: this suffix"),
        (("--out", "data.db", "--source", "tape"), "--source tape is no path"),
        (("--out", "data.db", "--as-of", "7"), "--as-of 7 is no bookmark"),
    ],
)
def test_wrong_options_are_told(run_console: RunConsole, arguments: tuple[str, ...], said: str) -> None:
    ran = run_console("export", "--url", "http://127.0.0.1:1", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_home_that_the_api_does_not_have_is_told(
    live: BackgroundStack, run_console: RunConsole, tmp_path: Path
) -> None:
    ran = run_console("export", "--out", str(tmp_path / "data.db"), "--source", "postgres", "--url", live.url)
    assert (ran.code, ran.out) == (2, "")
    assert "has no such home" in ran.err
    assert "one of sqlite-efs, sqlite-tmp, ddb" in ran.err


@pytest.mark.parametrize("text", ["{", "[]", '{"url": 1}'])
def test_a_note_that_cannot_be_read_is_told(
    live: BackgroundStack, loaded: Bookmark, run_console: RunConsole, tmp_path: Path, text: str
) -> None:
    out = tmp_path / "data.csv"
    note_of(out).write_text(text)
    ran = run_console("export", "--out", str(out), "--url", live.url)
    assert ran.code == 1
    assert f"{note_of(out)} cannot be read" in ran.err


def test_an_empty_point_is_an_empty_file(
    live: BackgroundStack, loaded: Bookmark, run_console: RunConsole, tmp_path: Path
) -> None:
    for suffix, size_bytes in ((".ndjson", 0), (".csv", len(",".join(MODEL.names)) + 2)):
        out = tmp_path / f"data{suffix}"
        arguments = ("--as-of", f"{loaded.epoch}.0", "--url", live.url)
        assert run_console("export", "--out", str(out), *arguments).code == 0
        assert out.stat().st_size == size_bytes


def unproven(*_: object) -> str:
    raise ConsoleError("no proof", "try again")


@pytest.mark.parametrize("suffix", [".db", ".csv", ".ndjson"])
def test_what_was_all_written_is_only_proven(
    faulty: FaultyApi, loaded: Bookmark, run_console: RunConsole, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"data{suffix}"
    arguments = ("export", "--out", str(out), "--url", faulty.url, "--as-of", str(loaded), "--json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export_module, "prove", unproven)
        assert run_console(*arguments).code == 1
    faulty.seen.clear()
    ran = run_console(*arguments)
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert (result["rows"], result["resumed_at"]) == (loaded.seq, loaded.seq)
    assert [path for _, path, _ in faulty.seen] == ["/health", "/snapshots"]


def test_a_file_that_cannot_be_written_is_told(
    live: BackgroundStack, loaded: Bookmark, run_console: RunConsole, tmp_path: Path
) -> None:
    for suffix in (".db", ".csv"):
        out = tmp_path / "no folder" / f"data{suffix}"
        ran = run_console("export", "--out", str(out), "--url", live.url, "--as-of", f"{loaded.epoch}.1")
        assert ran.code == 1
        assert f"--out {out} cannot be written" in ran.err
