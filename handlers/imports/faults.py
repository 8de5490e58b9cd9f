"""Faults of a whole file: its bytes are not what they are said to be, and no row after that can be trusted."""

from __future__ import annotations

# How the files begin that are taken for text by mistake. UTF-32 comes before UTF-16, whose mark it begins with.
BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "gzip", "unpack it first"),
    (b"PK\x03\x04", "zip, as Excel's files (.xlsx) are", "unpack it first, or save the sheet as CSV in UTF-8"),
    (b"SQLite format 3\x00", "a SQLite database", "`console import` reads it"),
    (b"BZh", "bzip2", "unpack it first"),
    (b"\xfd7zXZ\x00", "xz", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)", "save the sheet as CSV in UTF-8"),
    (b"PAR1", "Parquet", "write it as CSV or NDJSON"),
    (b"\xff\xfe\x00\x00", "UTF-32", "convert it, such as with: iconv -f UTF-32 -t UTF-8"),
    (b"\x00\x00\xfe\xff", "UTF-32", "convert it, such as with: iconv -f UTF-32 -t UTF-8"),
    (b"\xff\xfe", "UTF-16", "convert it, such as with: iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "UTF-16", "convert it, such as with: iconv -f UTF-16 -t UTF-8"),
)
ENCODING_HINT = "convert it, such as with: iconv -f WINDOWS-1252 -t UTF-8"
ARRAY_HINT = "write an object a line instead, such as with: jq -c '.[]'"


class FileFaultError(Exception):
    """A file cannot be read on.

    Args:
        what: is wrong with it.
        hint: what to do about it.
        line: where that is; 0: it is about the whole file.
    """

    def __init__(self, what: str, hint: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {what}; {hint}" if line else f"{what}; {hint}")
        self.what = what
        self.hint = hint
        self.line = line


def check_beginning(beginning: bytes) -> None:
    """Raise FileFaultError for the first bytes of a file that is no text in UTF-8 but a known kind of another one."""
    for mark, kind, hint in BEGINNINGS:
        if beginning.startswith(mark):
            raise FileFaultError(f"this is {kind}", hint)
    if len(beginning) > 1 and beginning[:2].count(0) == 1:  # a letter in UTF-16 without a mark
        order = "BE" if beginning[0] == 0 else "LE"
        raise FileFaultError("this seems to be UTF-16", f"convert it, such as with: iconv -f UTF-16{order} -t UTF-8")
