from __future__ import annotations

import json
import re
import shlex
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.console.conftest import RunConsole
from tests.support.commands import check_command


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "my products.csv"
    path.write_text("id;Unit Price\n1;2.5\n2;3\n3\n")
    return path


def test_a_model_goes_to_standard_output_and_the_next_command_to_the_other(run_console: RunConsole, path: Path) -> None:
    ran = run_console("model", str(path), "--delimiter", ";")
    assert ran.code == 0, ran.err
    assert ran.out.startswith('"""The data model that')
    assert '\n    "my_products",\n' in ran.out
    assert "1 row could not be read; `import` says why\n" in ran.err
    (command,) = re.findall(r"^then, where the API runs with it: (.*)$", ran.err, re.MULTILINE)
    assert command.endswith(f" import {shlex.quote(str(path))} --delimiter ';' --map id=source_id")
    check_command(command.partition("console ")[2])


def test_a_model_is_written_to_a_file_and_told_as_json(run_console: RunConsole, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.py"
    ran = run_console("model", str(path), "--delimiter", ";", "--name", "products", "--out", str(out), "--json")
    result = json.loads(ran.out)
    assert '\n    "products",\n' in out.read_text()
    assert result == {
        "rows": 2,
        "faulty": 1,
        "maps": {"id": "source_id"},
        "left_out": [],
        "text": out.read_text(),
        "out": str(out),
    }
    assert run_console("model", str(path), "--delimiter", ";", "--out", str(out)).out == ""


def test_a_model_takes_the_place_of_python_alone(run_console: RunConsole, path: Path, tmp_path: Path) -> None:
    content = path.read_text()
    (tmp_path / "symbolic.py").symlink_to(path)
    (tmp_path / "hard.py").hardlink_to(path)
    (tmp_path / "folder.py").mkdir()
    for name, said in (
        (path.name, "is no name for Python"),
        ("other.csv", "is no name for Python"),
        ("symbolic.py", "is the file that is read"),
        ("hard.py", "is the file that is read"),
        ("folder.py", "is no file"),
    ):
        ran = run_console("model", str(path), "--delimiter", ";", "--out", str(tmp_path / name))
        assert (ran.code, ran.out) == (2, "")
        assert f"Error: --out {tmp_path / name} {said}\n" in ran.err
    assert path.read_text() == content


def test_the_next_command_cannot_steer_the_terminal_and_still_names_the_column(
    run_console: RunConsole, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,\x1b[31mit's \\ ü\n1,2\n")
    ran = run_console("model", str(path), "--out", str(tmp_path / "rows.py"))
    assert f"{tmp_path / 'rows.py'}: proposed for 1 row; read and edit it\n" in ran.err
    assert "\x1b" not in ran.err
    command = ran.err.rpartition(" import ")[2].strip()
    shell = ["bash", "-c", f"printf '%s\\n' {command}"]
    finished = subprocess.run(shell, check=True, capture_output=True, text=True, env={"LC_ALL": "C.UTF-8"})
    assert finished.stdout.splitlines() == [str(path), "--map", "\x1b[31mit's \\ ü=column_31mit_s_u"]


def test_a_table_gives_its_name(run_console: RunConsole, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "CREATE TABLE orders (n, photo); INSERT INTO orders VALUES (1, x'00'); CREATE TABLE others (n);"
        )
    connection.close()
    ran = run_console("model", str(path), "--table", "orders")
    assert '\n    "orders",\n' in ran.out
    assert ran.err.endswith(" --table orders --ignore photo\n")
    assert run_console("model", str(path)).code == 2
