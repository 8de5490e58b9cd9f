from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from handlers.schema.migration import MigrationError, read_migration, read_migrations
from handlers.schema.runner import FOLDER


def write(folder: Path, content: str | bytes, name: str = "0002_more.sql") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_file_has_what_is_applied_and_what_takes_it_back(tmp_path: Path) -> None:
    text = "-- why\n\n-- migrate:up\nSELECT 1;\nSELECT 2;\n-- migrate:down\nSELECT 3;\n"
    found = read_migration(write(tmp_path, text))
    assert (found.version, found.name, found.sql, found.line) == ("0002", "0002_more.sql", "SELECT 1;\nSELECT 2;\n", 4)
    assert found.has_transaction
    assert found.checksum == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("option", "has_transaction"), [("", True), (" transaction:true", True), ("  transaction:false ", False)]
)
def test_the_part_says_whether_it_is_one_transaction(tmp_path: Path, option: str, *, has_transaction: bool) -> None:
    found = read_migration(write(tmp_path, f"--migrate:up{option}\r\nSELECT 1"))
    assert found.has_transaction is has_transaction


WRONG = {
    "no name": ("x", "0002.sql", "0002.sql: got this name, allowed: digits"),
    "no number": ("x", "more.sql", "more.sql: got this name, allowed: digits"),
    "no part": ("SELECT 1", "0002_a.sql", "0002_a.sql: got the parts none; allowed: -- migrate:up"),
    "down first": (
        *("-- migrate:down\n-- migrate:up\nSELECT 1", "0002_a.sql"),
        "0002_a.sql: got the parts down in line 1, up in line 2; allowed",
    ),
    "twice": ("-- migrate:up\n-- migrate:up\nSELECT 1", "0002_a.sql", "got the parts up in line 1, up in line 2"),
    "another part": ("-- migrate:sideways\nSELECT 1", "0002_a.sql", "got the parts sideways in line 1"),
    "an option": (
        *("-- why\n-- migrate:up transaction:maybe\nSELECT 1", "0002_a.sql"),
        "0002_a.sql, line 2: got the option 'transaction:maybe', allowed: transaction:true, transaction:false",
    ),
    "SQL before": ("-- why\nSELECT 1;\n-- migrate:up\nSELECT 1", "0002_a.sql", "SQL before -- migrate:up in line 3"),
    "no SQL": ("-- migrate:up\n-- nothing\n-- migrate:down\nSELECT 1", "0002_a.sql", "migrate:up in line 1 has no SQL"),
    "no UTF-8": (b"-- migrate:up\nSELECT '\xff'", "0002_a.sql", "0002_a.sql: it is not UTF-8, at byte 23"),
}


@pytest.mark.parametrize(("content", "name", "said"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_with_a_file_is_said_with_its_name(
    tmp_path: Path, content: str | bytes, name: str, said: str
) -> None:
    with pytest.raises(MigrationError) as error:
        read_migration(write(tmp_path, content, name))
    assert said in str(error.value)


def test_files_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10_c.sql", "9_b.sql", "0001_a.sql"):
        write(tmp_path, "-- migrate:up\nSELECT 1", name)
    assert [each.name for each in read_migrations(tmp_path)] == ["0001_a.sql", "9_b.sql", "10_c.sql"]


def test_two_files_cannot_have_one_number(tmp_path: Path) -> None:
    for name in ("1_a.sql", "0001_b.sql"):
        write(tmp_path, "-- migrate:up\nSELECT 1", name)
    with pytest.raises(MigrationError, match=r"0001_b\.sql and 1_a\.sql have the same number"):
        read_migrations(tmp_path)


def test_a_folder_without_files_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match=r"has no file NNNN_name\.sql"):
        read_migrations(tmp_path)


def test_the_projects_own_files_are_in_order() -> None:
    assert read_migrations(FOLDER)[0].name == "0001_home.sql"
