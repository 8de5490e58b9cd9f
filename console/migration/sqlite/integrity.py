"""A copy held against damage, and opened so that whatever is in it can be read."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from console.errors import ConsoleError
from console.migration.sqlite.backup import open_read_only

MOST_COMPLAINTS = 1_000_000  # of which those about values are none of damage
# What breaks a constraint is no damage: the plan names such rows.
CONSTRAINTS = re.compile(r"(NULL|\w+) value in |CHECK constraint failed |non-(unique entry|\w+ value) in ")
UNKNOWN_COLLATION = re.compile(r"no such collation sequence: (.*)")
DAMAGE_HINT = "repair it first: sqlite3 FILE .recover, or take a backup of it"


def open_copy(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """Open a copy in one snapshot; returns with it the collations that SQLite itself does not have.

    Raises:
        ConsoleError: it is damaged.
    """
    connection = open_read_only(path)
    connection.text_factory = _text
    try:
        connection.execute("BEGIN")
        unknown = _check(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise ConsoleError(
            f"{path} is damaged, or no database that SQLite alone can read: {error}", DAMAGE_HINT
        ) from error
    except ConsoleError:
        connection.close()
        raise
    return connection, unknown


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _check(connection: sqlite3.Connection, path: Path) -> tuple[str, ...]:
    unknown = list[str]()
    while True:
        try:
            # With an order that is not the application's, an index can look damaged that is whole.
            name = "quick_check" if unknown else "integrity_check"
            complaints = [text for (text,) in connection.execute(f"PRAGMA {name}({MOST_COMPLAINTS})")]
        except sqlite3.OperationalError as error:
            found = UNKNOWN_COLLATION.match(str(error))
            if found is None or found[1] in unknown:
                raise
            unknown.append(found[1])
            connection.create_collation(found[1], lambda one, other: (one > other) - (one < other))
            continue
        damage = [text for text in complaints if text != "ok" and not CONSTRAINTS.match(text)]
        if damage:
            raise ConsoleError(f"{path} is damaged: {'; '.join(damage[:3])}", DAMAGE_HINT)
        return tuple(unknown)
