from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.errors import ConsoleError
from console.migration.checksum import Checksum
from console.migration.export.files import check_export, export_tables
from console.migration.export.formats import FORMATS, Format
from tests.console.migration.conftest import MakePlan, Planned

SCRIPT = """
CREATE TABLE "All / kinds" (
    id INTEGER PRIMARY KEY, r REAL, d DECIMAL, b BOOLEAN, tz TIMESTAMPTZ, ts DATETIME, day DATE, t TEXT, x BLOB,
    j JSON, u UUID
);
INSERT INTO "All / kinds" VALUES (1, 0.1, 12.50, 1, '2024-01-01T10:00:00.5+02:00', '2024-01-01 10:00:00', '2024-01-01',
    'a "b", ü' || char(10) || 'c', x'00ff', '{"a":' || char(10) || '[1.50]}', '6f9619ff-8b86-d011-b42d-00c04fc964ff');
INSERT INTO "All / kinds" VALUES (2, 9e999, NULL, 0, NULL, NULL, NULL, '', x'', 'null', NULL);
INSERT INTO "All / kinds" VALUES (3, -9e999, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE empty (a TEXT);
"""


def nothing(_: int) -> None:
    pass


def exported(made: Planned, folder: Path, form: Format = "csv", *, is_zipped: bool = False) -> dict[str, Any]:
    return export_tables(made.source, made.plan, folder, form, is_zipped=is_zipped, advance=nothing)


def test_csv_is_what_postgresql_reads_to_the_same_checksum(
    make_plan_of: MakePlan, tmp_path: Path, database_url: str
) -> None:
    made = make_plan_of(SCRIPT)
    manifest = exported(made, tmp_path / "out")
    (table, _) = manifest["tables"]
    kinds = [column["kind"] for column in table["columns"]]
    columns = ", ".join(f'"{column["target"]}" {column["kind"]}' for column in table["columns"])
    with psycopg.connect(database_url) as connection:
        connection.execute(f"CREATE TABLE moved ({columns})".encode())
        with connection.cursor().copy("COPY moved FROM STDIN (FORMAT csv, HEADER match)") as copy:
            copy.write((tmp_path / "out" / table["file"]).read_bytes())
        moved = connection.execute("SELECT id, r, d, b, tz, ts, day, t, x, j::text, u FROM moved").fetchall()
    checksum = Checksum(kinds)
    checksum.add_all(moved)
    assert (checksum.hex, checksum.rows) == (table["checksum"], table["rows"])


def test_ndjson_is_an_object_a_row(make_plan_of: MakePlan, tmp_path: Path) -> None:
    manifest = exported(make_plan_of(SCRIPT), tmp_path / "out", "ndjson", is_zipped=True)
    path = tmp_path / "out" / manifest["tables"][0]["file"]
    assert path.name == "all%20%2F%20kinds.ndjson.gz"
    first, second, third = (json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines())
    assert first == {
        "id": 1,
        "r": 0.1,
        "d": "12.5",
        "b": True,
        "tz": "2024-01-01T08:00:00.500000+00:00",
        "ts": "2024-01-01T10:00:00",
        "day": "2024-01-01",
        "t": 'a "b", ü\nc',
        "x": "AP8=",
        "j": {"a": [1.5]},
        "u": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    }
    assert (second["r"], second["b"], second["t"], second["x"], second["j"]) == ("Infinity", False, "", "", None)
    assert (third["r"], third["t"]) == ("-Infinity", None)


def test_json_of_several_lines_keeps_its_numbers_digit_by_digit(make_plan_of: MakePlan, tmp_path: Path) -> None:
    text = '{"a":' + "\r\n" + "[0.12345678901234567890123, 1e400, 1.50]}"
    manifest = exported(
        make_plan_of(f"CREATE TABLE t (j JSON); INSERT INTO t VALUES ('{text}')"), tmp_path / "out", "ndjson"
    )
    (line,) = (tmp_path / "out" / manifest["tables"][0]["file"]).read_text().splitlines()
    assert line == '{"j":{"a":  [0.12345678901234567890123, 1e400, 1.50]}}'


def test_null_and_an_empty_text_differ_in_csv(make_plan_of: MakePlan, tmp_path: Path) -> None:
    manifest = exported(make_plan_of(SCRIPT), tmp_path / "out")
    text = (tmp_path / "out" / manifest["tables"][0]["file"]).read_text()
    assert text.splitlines()[-1] == "3,-Infinity,1,,,,,,,,"
    assert text.splitlines()[-2] == '2,Infinity,,false,,,,"",\\x,"null",'
    assert len(list(csv.reader(io.StringIO(text)))) == 4


@pytest.mark.parametrize("form", FORMATS)
def test_a_manifest_says_what_was_read_and_written(form: Format, make_plan_of: MakePlan, tmp_path: Path) -> None:
    made = make_plan_of(SCRIPT)
    manifest = exported(made, tmp_path / "out", form)
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == json.loads(json.dumps(manifest))
    assert manifest["source"]["sha256"] == hashlib.sha256(made.source.copy.read_bytes()).hexdigest()
    assert manifest["source"]["name"] == "app.sqlite"
    assert (manifest["format"], manifest["now"], manifest["version"]) == (form, made.plan.now, 1)
    assert [(table["name"], table["rows"], table["key"]) for table in manifest["tables"]] == [
        ("All / kinds", 3, ("id",)),
        ("empty", 0, ()),
    ]
    assert check_export(tmp_path / "out", nothing)["tables"][0]["checksum"] == manifest["tables"][0]["checksum"]


def test_every_file_is_held_against_the_manifest(make_plan_of: MakePlan, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    exported(make_plan_of(SCRIPT), folder)
    (folder / "more.csv").write_text("")
    with pytest.raises(ConsoleError, match=r"more.csv is in no manifest"):
        check_export(folder, nothing)
    (folder / "more.csv").unlink()
    content = (folder / "empty.csv").read_text()
    (folder / "empty.csv").write_text(content.replace("a", "b"))
    with pytest.raises(ConsoleError, match=r"empty.csv has 4 bytes and SHA-256 .*; the manifest says 4 and "):
        check_export(folder, nothing)
    (folder / "empty.csv").unlink()
    with pytest.raises(ConsoleError, match=r"empty.csv is missing"):
        check_export(folder, nothing)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"version": 2}'])
def test_a_folder_without_a_manifest_that_is_known_is_refused(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ConsoleError, match=r"manifest.json"):
        check_export(tmp_path, nothing)


def test_an_export_that_fails_leaves_nothing_and_one_that_was_killed_is_begun_anew(
    make_plan_of: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, folder = make_plan_of(SCRIPT), tmp_path / "out"
    (tmp_path / ".out.partial").mkdir()
    (tmp_path / ".out.partial" / "left.csv").write_text("from before")
    with monkeypatch.context() as patch:

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(Path, "write_text", full)
        with pytest.raises(ConsoleError, match="cannot be written: No space left on device"):
            exported(made, folder)
    assert {path.name for path in tmp_path.iterdir()} == {"app.sqlite"}
    exported(made, folder)
    assert "left.csv" not in {path.name for path in folder.iterdir()}
    with pytest.raises(ConsoleError, match="exists"):
        exported(made, folder)


def test_progress_counts_every_row(make_plan_of: MakePlan, tmp_path: Path) -> None:
    made = make_plan_of("""
        CREATE TABLE t (id INTEGER PRIMARY KEY);
        WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) INSERT INTO t SELECT i FROM n;
    """)
    done = list[int]()
    export_tables(made.source, made.plan, tmp_path / "out", "csv", is_zipped=False, advance=done.append)
    assert sum(done) == 2500
