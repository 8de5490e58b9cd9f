"""Names for columns and tables that the data model takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from handlers.imports.names import simplified
from handlers.model.rules import MOST_NAME_CHARACTERS, TAKEN, TAKEN_TABLES, is_name

OWN = "source_"  # before a name that is taken: id becomes source_id


def column_names(theirs: Sequence[str]) -> dict[str, str]:
    """Return a name for each of a file's columns: its own where that can be, and no two that only differ in case."""
    found: dict[str, str] = {}
    for number, name in enumerate(theirs, 1):
        wanted = valid(name, f"column_{number}")
        if wanted.lower() in TAKEN:
            wanted = OWN + wanted
        found[name] = _free(wanted, {other.lower() for other in found.values()} | {each.lower() for each in TAKEN})
    return found


def table_name(wanted: str) -> str:
    """Return a name for the table."""
    name = valid(wanted, "items")
    is_taken = name.lower() in TAKEN_TABLES or name.lower().startswith("sqlite_")
    return f"{OWN}{name}"[:MOST_NAME_CHARACTERS] if is_taken else name


def renamed(names: dict[str, str]) -> dict[str, str]:
    """Return those names that `import` does not match by itself, and so needs `--map` for."""
    return {theirs: ours for theirs, ours in names.items() if simplified(theirs) != simplified(ours)}


def valid(name: str, otherwise: str) -> str:
    """Return a name of letters, digits and _: as it is where it can be, else in lower case without accents."""
    if is_name(name):
        return name
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    parts = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    if not parts:
        return otherwise
    return (parts if parts[0].isalpha() else f"column_{parts}")[:MOST_NAME_CHARACTERS].rstrip("_")


def _free(wanted: str, taken: Iterable[str]) -> str:
    """Return the name, or with the first number behind it that makes it another one than those taken."""
    name, number = wanted[:MOST_NAME_CHARACTERS], 1
    while name.lower() in taken:
        number += 1
        name = f"{wanted[: MOST_NAME_CHARACTERS - 4]}_{number}"
    return name
