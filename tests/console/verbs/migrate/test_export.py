from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.console.conftest import RunConsole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "my app.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 2), (2, 3)")
    return path


def test_tables_are_exported_and_checked(run_console: RunConsole, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    ran = run_console("migrate", "export", str(path), "--to", str(folder), "--format", "ndjson", "--gzip")
    assert (ran.code, ran.out) == (0, f"{folder}: 1 table with 2 rows\n")
    ran = run_console("migrate", "export", "--check", str(folder))
    assert (ran.code, ran.out) == (0, f"{folder}: 1 table with 2 rows as the manifest says\n")
    manifest = json.loads(run_console("migrate", "export", "--check", str(folder), "--json").out)
    assert manifest["tables"][0]["file"] == "t.ndjson.gz"


def test_nothing_is_exported_of_which_something_does_not_fit(
    run_console: RunConsole, path: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES (3, 'three')")
        connection.commit()
    ran = run_console("migrate", "export", str(path), "--to", str(tmp_path / "out"))
    assert ran.code == 1
    assert "1 misfit, the first in t, column n; nothing was moved" in ran.err
    assert f"migrate plan '{path}'" in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "nothing to export"),
        (("FILE",), "nothing to export"),
        (("FILE", "--to", "out", "--format", "xml"), "--format xml is none"),
    ],
    ids=["nothing", "no folder", "format"],
)
def test_options_that_say_too_little_are_refused(run_console: RunConsole, options: tuple[str, ...], said: str) -> None:
    ran = run_console("migrate", "export", *options)
    assert (ran.code, said in ran.err) == (2, True)
