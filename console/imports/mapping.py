"""The columns of a file matched with the data model's, by name or as it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.errors import ConsoleError
from console.imports.source import Source
from console.wording import joined
from handlers.imports.names import likely_delimiter, match_names, missing_names, named_twice
from handlers.model.column import Column
from handlers.model.model import Model

MOST_SHOWN = 20  # of a file's names
MOST_CHARACTERS = 80  # of each


@dataclass(frozen=True)
class Matching:
    """The wish of whoever imports.

    Attributes:
        maps: pairs of a file's column and the model's.
        ignored: the file's columns that are left out.
        ignores_others: so are all that match nothing.
    """

    maps: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    ignores_others: bool = False


@dataclass(frozen=True)
class Mapping:
    """A file's columns, matched.

    Attributes:
        columns: the model's columns by the file's names.
        passed_over: the file's columns that the ledger gives anew.
    """

    columns: dict[str, Column]
    passed_over: tuple[str, ...] = ()


def parse_maps(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of `--map file_column=column`; a file's name may hold a = itself. Raises ConsoleError."""
    pairs: list[tuple[str, str]] = []
    for text in texts:
        theirs, sign, ours = text.rpartition("=")
        if not sign:
            raise ConsoleError(f"--map {text} has no =", "--map file_column=column", 2)
        pairs.append((theirs, ours))
    return tuple(pairs)


def match(source: Source, model: Model, matching: Matching) -> Mapping:
    """Match a file's columns with the model's. Raises ConsoleError that names every column at fault."""
    _check_names(source, model, matching)
    asked = dict(matching.maps)
    free = [name for name in source.names if name not in asked and name not in matching.ignored]
    matched = match_names(free, model)
    if matched.others and not matching.ignores_others:
        raise _unmatched(source, model, matched.others)
    found = asked | matched.columns
    found = {name: found[name] for name in source.names if name in found}
    _check_once(found)
    missing = missing_names(found, model)
    if missing:
        message = f"the file has no column for {joined(missing)}, which every row needs; it has {_shown(source.names)}"
        raise ConsoleError(message, f"name the right one: --map 'its column={missing[0]}'")
    own = {column.name: column for column in model.columns}
    return Mapping({theirs: own[ours] for theirs, ours in found.items()}, matched.passed_over)


def _check_names(source: Source, model: Model, matching: Matching) -> None:
    """Raise ConsoleError where an option names a column that there is not."""
    ours = [column.name for column in model.columns]
    for option, name in [("--map", theirs) for theirs, _ in matching.maps] + [
        ("--ignore", n) for n in matching.ignored
    ]:
        if name not in source.names:
            raise ConsoleError(f"{option}: the file has no column {name!r}", f"it has {_shown(source.names)}", 2)
    for _, name in matching.maps:
        if name not in ours:
            raise ConsoleError(f"--map: the data model has no column {name!r}", f"it has {_listed(ours)}", 2)


def _check_once(found: dict[str, str]) -> None:
    """Raise ConsoleError where two of the file's columns are for one of the model's."""
    twice = named_twice(found)
    if twice is not None:
        name, theirs = twice
        raise ConsoleError(f"{_shown(theirs)} of the file are both {name}", f"leave one out: --ignore '{theirs[1]}'")


def _unmatched(source: Source, model: Model, others: Sequence[str]) -> ConsoleError:
    matches = "matches" if len(others) == 1 else "match"
    message = f"the file's {_shown(others)} {matches} no column of the data model"
    if delimiter := likely_delimiter(source.names):
        return ConsoleError(message, f"--delimiter {delimiter!r} if that is what stands between the cells")
    hint = f"--map 'its column=column' with {_listed([column.name for column in model.columns])}; or --ignore COLUMN"
    return ConsoleError(message, f"{hint}, or --ignore-others")


def _shown(names: Sequence[str]) -> str:
    """Return a file's names as an error says them: they may be anything, and as many as they like."""
    more = [f"{len(names) - MOST_SHOWN:,} more"] if len(names) > MOST_SHOWN else []
    return joined([*(repr(name[:MOST_CHARACTERS]) for name in names[:MOST_SHOWN]), *more])


def _listed(names: Sequence[str]) -> str:
    return joined([repr(name) for name in names])
