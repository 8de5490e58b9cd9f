"""Migrations as files, in dbmate's format: `NNNN_name.sql`, with a part that is applied and one that takes it back.

Source: dbmate's README, "Creating Migrations" and "Migration options": the name begins with the version.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = re.compile(r"(\d+)_\w[\w-]*\.sql")
MARK = re.compile(r"--\s*migrate:(\w+)\s*(.*?)\s*")
UP, DOWN = "up", "down"
IN_TRANSACTION = {"": True, "transaction:true": True, "transaction:false": False}


class MigrationError(Exception):
    """A migration cannot be applied; the message names its file."""


@dataclass(frozen=True)
class Migration:
    """One file.

    Attributes:
        version: the number that its name begins with, as text.
        name: the file's.
        sql: what is applied.
        line: of the file, in which that begins.
        has_transaction: it is applied in one.
        checksum: SHA-256 of the file, in hex digits.
    """

    version: str
    name: str
    sql: str
    line: int
    has_transaction: bool
    checksum: str


def read_migrations(folder: Path) -> list[Migration]:
    """Return a folder's migrations, in the order of their numbers. Raises MigrationError."""
    found = [read_migration(path) for path in folder.glob("*.sql")]
    found.sort(key=lambda migration: (int(migration.version), migration.name))
    for one, other in pairwise(found):
        if int(one.version) == int(other.version):
            raise MigrationError(f"{one.name} and {other.name} have the same number")
    if not found:
        raise MigrationError(f"{folder} has no file NNNN_name.sql")
    return found


def read_migration(path: Path) -> Migration:
    """Return a file's migration. Raises MigrationError that names file and line."""
    named = NAME.fullmatch(path.name)
    if named is None:
        raise MigrationError(f"{path.name}: got this name, allowed: digits, an underline, a name and .sql")
    content = path.read_bytes()
    try:
        lines = content.decode().splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise MigrationError(f"{path.name}: it is not UTF-8, at byte {error.start + 1}") from error
    marks = list(_marks(path.name, lines))
    if [mark for _, mark, _ in marks] not in ([UP], [UP, DOWN]):
        got = ", ".join(f"{mark} in line {number}" for number, mark, _ in marks) or "none"
        raise MigrationError(f"{path.name}: got the parts {got}; allowed: -- migrate:up, and after it -- migrate:down")
    begin, _, has_transaction = marks[0]
    end = marks[1][0] - 1 if len(marks) > 1 else len(lines)
    before = "".join(lines[: begin - 1])
    if re.sub(r"--.*", "", before).strip():
        raise MigrationError(f"{path.name}: got SQL before -- migrate:up in line {begin}, allowed: comments alone")
    sql = "".join(lines[begin:end])
    if not re.sub(r"--.*", "", sql).strip():
        raise MigrationError(f"{path.name}: -- migrate:up in line {begin} has no SQL after it")
    return Migration(named[1], path.name, sql, begin + 1, has_transaction, hashlib.sha256(content).hexdigest())


def _marks(name: str, lines: list[str]) -> list[tuple[int, str, bool]]:
    """Return the marks of a file: line, part, and whether it is applied in a transaction. Raises MigrationError."""
    found: list[tuple[int, str, bool]] = []
    for number, line in enumerate(lines, start=1):
        mark = MARK.fullmatch(line.strip())
        if mark is None:
            continue
        if mark[2] not in IN_TRANSACTION:
            allowed = ", ".join(filter(None, IN_TRANSACTION))
            raise MigrationError(f"{name}, line {number}: got the option {mark[2]!r}, allowed: {allowed}")
        found.append((number, mark[1], IN_TRANSACTION[mark[2]]))
    return found
