"""From a file to an API: `model` proposes a rows.py, `import` sends the file, and every path has its rows.

The data is as bad as data gets, and the same in CSV, NDJSON and SQLite.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.imports.files import open_source
from console.local.emulator import Emulator
from console.proposals.proposal import Proposal, propose_model, write_model

ROOT = Path(__file__).parents[3]
NAMES = ["id", "Unit Price", "order", "Größe", "In-Stock", "added", "tags", "zip", "note", "from", "big"]
ROWS: list[list[Any]] = [
    [1, 9.99, -3, "L", True, "2026-01-31 12:00:00", {"a": ["ü", None]}, "00712", 'line\r\nbreak, "q"', "a", 2**60 + 1],
    [2, 12.0, 0, "💨", False, "2026-02-01 12:00:00.5", [], "01234", None, "b'; DROP TABLE x; --", -1],
    [3, 1e-130, 2**40, "\u2028\x7f", True, "2026-02-01T12:00:00+02:00", [[1.5]], "x", " ", "NULL", 0],
]
TIMES = ["2026-01-31T12:00:00.000000Z", "2026-02-01T12:00:00.500000Z", "2026-02-01T10:00:00.000000Z"]


def write_files(folder: Path) -> list[Path]:
    """The rows in three formats; SQLite has no true and no arrays, and CSV only texts."""
    paths = [folder / f"my things.{suffix}" for suffix in ("csv", "ndjson", "db")]
    with paths[0].open("w", newline="", encoding="utf-8-sig") as file:
        cells = [[json.dumps(cell) if isinstance(cell, bool | list | dict) else cell for cell in row] for row in ROWS]
        csv.writer(file).writerows([NAMES, *cells])
    paths[1].write_text("".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in ROWS))
    with sqlite3.connect(paths[2]) as connection:
        quoted = ", ".join(f'"{name}"' for name in NAMES)
        connection.execute(f"CREATE TABLE things ({quoted})")
        stored = [[json.dumps(cell) if isinstance(cell, list | dict) else cell for cell in row] for row in ROWS]
        connection.executemany(f"INSERT INTO things VALUES ({', '.join('?' * len(NAMES))})", stored)
    connection.close()
    return paths


def propose(path: Path) -> Proposal:
    with open_source(path) as source:
        return propose_model(source, path, path.stem)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project with handlers of its own, the rest as it is."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "handlers", folder / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("archives", "console", "infra", "tests"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def test_a_file_becomes_an_api_of_its_own_columns(
    project: Path, tmp_path: Path, environ: dict[str, str], emulator: Emulator
) -> None:
    paths = write_files(tmp_path)
    proposal = propose(paths[0])
    write_model(proposal, project / "handlers" / "rows.py")
    maps = [option for theirs, ours in proposal.maps.items() for option in ("--map", f"{theirs}={ours}")]
    command = [sys.executable, "-m", "tests.support.local.imported", json.dumps([(str(path), maps) for path in paths])]
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    variables = inherited | emulator.environment | environ | {"LOCAL_DIR": str(tmp_path / "local")}
    finished = subprocess.run(command, env=variables, cwd=project, check=False, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    *said, rows = finished.stdout.splitlines()
    assert len(said) == len(paths), finished.stdout
    found = [[value for name, value in row.items() if name not in ("id", "created_at")] for row in json.loads(rows)]
    wanted = [[*row[:5], time, *row[6:]] for row, time in zip(ROWS, TIMES, strict=True)]
    assert found == wanted * len(paths)
