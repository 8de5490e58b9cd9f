from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.imports.files import open_source
from console.imports.mapping import Mapping, Matching, match, parse_maps
from tests.console.imports.conftest import MODEL

EVERY = "name,in_stock"  # what every row needs


def matched(folder: Path, header: str, *maps: str, ignored: tuple[str, ...] = (), others: bool = False) -> Mapping:
    path = folder / "a.csv"
    path.write_text(header + "\n")
    with open_source(path) as source:
        return match(source, MODEL, Matching(parse_maps(maps), ignored, others))


def pairs(mapping: Mapping) -> dict[str, str]:
    return {theirs: column.name for theirs, column in mapping.columns.items()}


def test_columns_match_by_name_whatever_the_case_spaces_and_hyphens(tmp_path: Path) -> None:
    mapping = matched(tmp_path, "NAME, In-Stock ,Seen At,tags")
    assert pairs(mapping) == {"NAME": "name", " In-Stock ": "in_stock", "Seen At": "seen_at", "tags": "tags"}


def test_what_the_ledger_gives_is_passed_over_unless_it_is_wanted(tmp_path: Path) -> None:
    header = f"seq,id,{EVERY},created_at"
    assert matched(tmp_path, header).passed_over == ("seq", "id", "created_at")
    mapping = matched(tmp_path, header, "id=note")
    assert pairs(mapping) == {"id": "note", "name": "name", "in_stock": "in_stock"}
    assert mapping.passed_over == ("seq", "created_at")


def test_a_map_goes_before_a_name_and_what_is_ignored_is_left_out(tmp_path: Path) -> None:
    mapping = matched(tmp_path, f"{EVERY},a=b,note,x", "a=b=note", ignored=("note",), others=True)
    assert pairs(mapping) == {"name": "name", "in_stock": "in_stock", "a=b": "note"}


@pytest.mark.parametrize(
    ("header", "maps", "said", "hint"),
    [
        (f"{EVERY},x,y", (), "the file's 'x' and 'y' match no column of the data model", "--ignore COLUMN"),
        ("name;in_stock", (), "the file's 'name;in_stock' matches no column", "--delimiter ';'"),
        ("note", (), "the file has no column for name and in_stock, which every row needs; it has 'note'", "=name'"),
        (f"{EVERY},Name", (), "'name' and 'Name' of the file are both name", "--ignore 'Name'"),
        (f"{EVERY},x", ("x=name",), "'name' and 'x' of the file are both name", "--ignore 'x'"),
        (EVERY, ("x=note",), "--map: the file has no column 'x'", "'name' and 'in_stock'"),
        (EVERY, ("name=x",), "--map: the data model has no column 'x'", "'name', 'note'"),
        (EVERY, ("name",), "--map name has no =", "file_column=column"),
    ],
)
def test_columns_at_fault_are_named(tmp_path: Path, header: str, maps: tuple[str, ...], said: str, hint: str) -> None:
    with pytest.raises(ConsoleError) as error:
        matched(tmp_path, header, *maps)
    assert str(error.value).startswith(said)
    assert hint in error.value.hint


@pytest.mark.parametrize(
    "header", ["x" * 5000, ",".join(f"{number:0100}x" for number in range(500))], ids=["long", "many"]
)
@pytest.mark.parametrize("maps", [(), ("none=note",)], ids=["unmatched", "mapped"])
def test_the_names_of_an_error_have_an_end(tmp_path: Path, header: str, maps: tuple[str, ...]) -> None:
    with pytest.raises(ConsoleError) as error:
        matched(tmp_path, f"{header},{EVERY}", *maps)
    assert len(str(error.value)) + len(error.value.hint) < 2500


def test_a_column_that_is_ignored_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match=r"^--ignore: the file has no column 'x'$"):
        matched(tmp_path, EVERY, ignored=("x",))
