from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import zipfile
from pathlib import Path

import pytest

from handlers.imports.formats import FORMATS
from tests.handlers.imports.files import fault

TEXT = "name\nZürich\n" * 50


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("rows.csv", TEXT)
    return file.getvalue()


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(TEXT.encode()), "this is gzip; unpack it first"),
        (bz2.compress(TEXT.encode()), "this is bzip2; unpack it first"),
        (lzma.compress(TEXT.encode()), "this is xz; unpack it first"),
        (zipped(), "this is zip, as Excel's files (.xlsx) are; unpack it first, or save the sheet as CSV in UTF-8"),
        (TEXT.encode("utf-16"), "this is UTF-16; convert it, such as with: iconv -f UTF-16 -t UTF-8"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "this is UTF-16; convert it, such as with: iconv -f UTF-16 -t UTF-8"),
        (TEXT.encode("utf-16-le"), "this seems to be UTF-16; convert it, such as with: iconv -f UTF-16LE -t UTF-8"),
        (TEXT.encode("utf-16-be"), "this seems to be UTF-16; convert it, such as with: iconv -f UTF-16BE -t UTF-8"),
        (TEXT.encode("utf-32"), "this is UTF-32; convert it, such as with: iconv -f UTF-32 -t UTF-8"),
    ],
    ids=["gzip", "bzip2", "xz", "zip", "utf-16", "utf-16-be", "utf-16-le unmarked", "utf-16-be unmarked", "utf-32"],
)
def test_a_file_of_another_kind_is_called_by_its_name(content: bytes, said: str, file_format: str) -> None:
    assert fault(content, file_format) == said


def test_a_database_is_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE a (b)")
    connection.close()
    assert fault(path.read_bytes(), "csv") == "this is a SQLite database; `console import` reads it"
