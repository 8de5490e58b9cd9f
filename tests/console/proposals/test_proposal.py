"""A proposal holds for the file that it was made for: `import` takes every row of it."""

from __future__ import annotations

import csv
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import ConsoleError
from console.paths import ROOT
from console.proposals.proposal import write_model
from tests.console.imports.conftest import GOOD, WRITERS, Fields, write_csv
from tests.console.imports.test_checking import ROWS
from tests.console.proposals.conftest import imported, model_of, proposal_for

CELLS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    [
        "",
        " ",
        "0",
        "1",
        "-1",
        "007",
        "1.5",
        "1e3",
        "1e400",
        "yes",
        "no",
        "2026-01-31 12:00",
        "0000-00-00 00:00",
        "{}",
        "[1]",
    ]
)
NASTY = [
    *(
        "id",
        "Unit Price",
        "ORDER",
        "Größe",
        "from",
        "min_x",
        "x",
        '"',
        "a\nb",
        "東京 \N{CYRILLIC SMALL LETTER O}",
        "x" * 80,
        "",
        "true",
        "1st",
    ),
    *(" x", "_", "Ünïcode\N{EN DASH}dash", "\\", "{", "a.b"),
]


@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=10)
@given(rows=st.lists(ROWS, min_size=1, max_size=4))
def test_every_row_of_a_file_that_a_model_was_proposed_for_is_taken(suffix: str, rows: list[Fields]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"things{suffix}")
        WRITERS[suffix](path, rows)
        assert [each.reasons for each in imported(path, proposal_for(path))] == [()] * len(rows)


@settings(max_examples=30)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5), names=st.permutations(NASTY))
def test_so_are_cells_and_names_of_any_kind(rows: list[tuple[str, str, str]], names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([names[:3], *rows])
        found = imported(path, proposal_for(path))
        assert [each.reasons for each in found] == [()] * len(found)


def proposals(folder: Path) -> dict[str, str]:
    """Proposals for files with all that makes a file hard to write."""
    path = folder / 'näme "quoted" \\ 東京.csv'
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"{name}{suffix}" for suffix in ("", "2") for name in NASTY])
        writer.writerows(
            [[str(row), "a", "0.5", "x" * 9000][column % 4] for column in range(2 * len(NASTY))] for row in range(9)
        )
    things = folder / "things.csv"
    write_csv(things, [GOOD | {"note": ["small", "large", None][number % 3]} for number in range(200)])
    long = folder / "long.csv"
    long.write_text(f"a,story\n1,{'s' * 120_000}\n")
    wide = folder / "wide.csv"
    cells = ["jk"[number % 2] * 60 if number % 9 else "" for number in range(50)]
    wide.write_text("\n".join(["n" * 63 + ",b", *(f"{cell},1" for cell in cells)]))
    blobs = folder / "sqlite_blobs.db"
    with sqlite3.connect(blobs) as connection:
        connection.execute(f"CREATE TABLE t (b, {'long_' * 12}xyz, absent)")
        connection.executemany("INSERT INTO t VALUES (?, ?, NULL)", [(b"x", "y" * 40_000), (b"", None), (b"", "y")])
    connection.close()
    return {path.stem[:4]: proposal_for(path).text for path in (path, things, long, wide, blobs)}


def test_a_proposal_keeps_the_rules_of_the_code(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name, text in proposals(tmp_path).items():
        (out / f"{name.encode().hex()}.py").write_text(text)
    settings = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), str(out)]
    for arguments in (["format", "--check"], ["check"]):
        ruff = [sys.executable, "-m", "ruff", *arguments, *settings]
        finished = subprocess.run(ruff, check=False, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stdout + finished.stderr


def test_a_proposal_says_what_was_seen(tmp_path: Path) -> None:
    texts = proposals(tmp_path)
    assert 'choices=["large", "small"].' in texts["thin"]
    assert "    # 5 characters, 2 distinct in 200 rows, 66 without a value. A" in texts["thin"]
    assert '    Text("note", max_length=20, required=False, filter=True),\n' in texts["thin"]
    assert f'    Text(\n        "{"n" * 63}", max_length=200, required=False, filter=True\n    ),' in texts["wide"]
    assert "LONGER ONES ARE REFUSED: a row ends at 390 KB." in texts["long"]
    assert "    # Left out: 'b', BLOBs, which no column takes.\n" in texts["sqli"]
    assert '    Text("absent", max_length=20, required=False),\n' in texts["sqli"]


def test_an_export_of_this_project_keeps_its_own_columns_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("seq,id,a,created_at\n1,x,2,y\n")
    proposal = proposal_for(path)
    assert [column.name for column in model_of(proposal).columns] == ["a"]
    assert "    # Left out: 'id', every row gets its own from the ledger.\n" in proposal.text


def test_a_file_without_rows_teaches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")
    with pytest.raises(ConsoleError, match="has no rows to learn from"):
        proposal_for(path)


def test_a_proposal_is_written_as_a_whole(tmp_path: Path) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "rows.py"
    path.write_text("a,id\n1,x\n")
    proposal = proposal_for(path)
    out.write_text("old")
    write_model(proposal, out)
    assert out.read_text() == proposal.text
    assert proposal.maps == {"id": "source_id"}
    assert [column.name for column in model_of(proposal).columns] == ["a", "source_id"]
    with pytest.raises(ConsoleError, match="cannot be written"):
        write_model(proposal, tmp_path / "none" / "rows.py")


def test_a_file_that_seems_to_have_another_delimiter_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1;2\n")
    proposal_for(path)
    assert "add --delimiter ';'" in capsys.readouterr().err


def test_a_stray_value_stands_beside_its_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "1.5\n" * 20 + "abc\n")
    assert 'All but 1 are numbers: "abc" is not.' in " ".join(proposal_for(path).text.replace("#", " ").split())
