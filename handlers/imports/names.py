"""Names of a file's columns, and the data model's that they stand for."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from handlers.imports.faults import FileFaultError
from handlers.imports.values import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handlers.model.model import Model

GIVEN_BY_THE_LEDGER = ("seq", "id", "created_at")  # which an export has, and every row gets anew
DELIMITERS = (";", "\t", "|", ",")


class Matched(NamedTuple):
    """Names of a file, matched with columns.

    Attributes:
        columns: the model's names by the file's.
        passed_over: the file's names of what the ledger gives anew.
        others: those that match nothing.
    """

    columns: dict[str, str]
    passed_over: tuple[str, ...]
    others: tuple[str, ...]


def match_names(names: Iterable[str], model: Model) -> Matched:
    """Match names with the model's columns: exactly, else but for case, spaces and hyphens."""
    own = [column.name for column in model.columns]
    alike = {simplified(name): name for name in own}
    columns: dict[str, str] = {}
    passed_over: list[str] = []
    others: list[str] = []
    for name in names:
        simple = simplified(name)
        if name in own or simple in alike:
            columns[name] = name if name in own else alike[simple]
        else:
            (passed_over if simple in GIVEN_BY_THE_LEDGER else others).append(name)
    return Matched(columns, tuple(passed_over), tuple(others))


def simplified(name: str) -> str:
    """Return a name without what people write in more than one way: case, spaces, hyphens."""
    return re.sub(r"[\s_-]+", "_", name.strip()).casefold()


def named_twice(columns: dict[str, str]) -> tuple[str, list[str]] | None:
    """Return the first of the model's columns that several of the file's stand for, and those; None: there is none."""
    name = _first_twice(columns.values())
    return None if name is None else (name, [theirs for theirs, ours in columns.items() if ours == name])


def missing_names(columns: dict[str, str], model: Model) -> list[str]:
    """Return the columns that every row needs and the file has not."""
    return [column.name for column in model.columns if column.required and column.name not in columns.values()]


def check_header(names: Sequence[str]) -> None:
    """Raise FileFaultError where the first row of CSV cannot be one of names."""
    if not names:
        raise FileFaultError("it is empty", "its first line has to hold the names of the columns")
    twice = _first_twice(names)
    if twice is not None:
        raise FileFaultError(f"two columns are called {twice!r}", "rename one of them")
    values = [name for name in names if NUMBER.fullmatch(name.strip())]
    if len(values) == len(names) or not all(value.strip().isdigit() for value in values):
        said = f"its first line holds no names of columns, but values such as {values[0]!r}"
        raise FileFaultError(said, "put a line with the columns' names before the rows")


def likely_delimiter(names: Sequence[str]) -> str:
    """Return the delimiter that a line of names seems to have where it was read as one name; else an empty text."""
    return next((each for each in DELIMITERS if len(names) == 1 and each in names[0]), "")


def _first_twice(names: Iterable[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)
