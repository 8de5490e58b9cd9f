from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from console.local.background import BackgroundStack
from handlers.rows import MODEL
from tests.console.conftest import RunConsole
from tests.support.drafts import VALUE, items
from tests.support.local import web

COUNT = 30
NAMES = [column.name for column in MODEL.columns]


@pytest.fixture(autouse=True)
def local_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A file with a table of the model's columns beside another one."""
    path = tmp_path / "app.sqlite"
    rows = [[stored(row.get(name)) for name in NAMES] for row in items(COUNT)]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE measured ({', '.join(NAMES)})")
        connection.executemany(f"INSERT INTO measured VALUES ({', '.join('?' * len(NAMES))})", rows)
        connection.execute("CREATE TABLE others (id INTEGER PRIMARY KEY, note)")
        connection.execute("INSERT INTO others VALUES (7, 'some')")
        connection.commit()
    return path


def stored(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value


def change(app: Path, statement: str) -> None:
    with closing(sqlite3.connect(app)) as connection:
        connection.executescript(statement)


def head(live: BackgroundStack) -> Any:
    return web.get(f"{live.url}/command/health").json()["bookmark"]


def test_the_rows_of_a_table_are_imported_once(live: BackgroundStack, run_console: RunConsole, app: Path) -> None:
    arguments = ("migrate", "copy", str(app), "--to", "ledger", "--table", "measured", "--url", live.url)
    ran = run_console(*arguments)
    assert ran.code == 0, ran.err
    assert ran.out == f"{app}: {COUNT} rows to the ledger: bookmark {head(live)}\n"
    before = head(live)
    assert f"{COUNT} rows to the ledger ({COUNT} were in already): bookmark {before}" in run_console(*arguments).out
    result = json.loads(run_console(*arguments, "--json").out)
    assert (result["rows"], result["known"], result["bookmark"]) == (COUNT, COUNT, before)
    assert head(live) == before


def test_one_table_has_to_be_chosen(live: BackgroundStack, run_console: RunConsole, app: Path) -> None:
    arguments = ("migrate", "copy", str(app), "--to", "ledger", "--url", live.url)
    assert "one table goes to the ledger, and there are measured and others" in run_console(*arguments).err
    ran = run_console(*arguments, "--table", "none")
    assert ran.code == 2
    assert "--table none is no table that moves\nTry: one of: measured and others" in ran.err


def test_a_table_that_is_no_model_s_is_refused_by_its_columns(
    live: BackgroundStack, run_console: RunConsole, app: Path
) -> None:
    ran = run_console("migrate", "copy", str(app), "--to", "ledger", "--table", "others", "--url", live.url)
    assert ran.code == 1
    assert "Error: table others: the file's 'note' matches no column of the data model" in ran.err
    assert "Try: rename columns by the rules to those of handlers/rows.py, and skip the others" in ran.err


def test_a_value_that_is_no_model_s_is_refused_with_its_row_and_column(
    live: BackgroundStack, run_console: RunConsole, app: Path
) -> None:
    before = head(live)
    change(app, f"ALTER TABLE measured ADD COLUMN key; UPDATE measured SET {VALUE} = 'no number' WHERE rowid = 7")
    rules = app.with_name("migration.toml")
    rules.write_text(
        f'[tables.measured.columns]\nkey = {{ skip = true }}\n{VALUE} = {{ kind = "text", convert = "text" }}\n'
    )
    arguments = ("migrate", "copy", str(app), "--to", "ledger", "--table", "measured", "--url", live.url)
    ran = run_console(*arguments, "--rules", str(rules))
    assert ran.code == 1
    assert f"1 row of measured is wrong: rowid 7: {VALUE}" in ran.err.replace("'", "").replace("column ", "")
    assert f"{app}.rejects.ndjson has every reason" in ran.err
    assert head(live) == before
