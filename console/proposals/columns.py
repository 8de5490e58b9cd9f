"""The columns of a data model, decided from the facts about a file's: limits, filters, the statistics, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from console.proposals.names import column_names
from console.proposals.survey import MOST_DISTINCT, Facts, Surveyed
from handlers.imports.names import GIVEN_BY_THE_LEDGER
from handlers.model.rules import MOST_COLUMNS, MOST_ROW_BYTES

MOST_FILTERS = 5  # each is an index, which every publish writes
MOST_KEYS = 2
KEY_CHARACTERS = 64
CATEGORY_CHARACTERS = 100
LEAST = {"text": 20, "json": 1000}
MOST_CHARACTER_BYTES = 4
MOST_LIMITED_BYTES = MOST_ROW_BYTES - 100 * MOST_COLUMNS  # of texts and JSON; the rest is names and numbers


@dataclass(frozen=True)
class Proposed:
    """One column of a data model.

    Attributes:
        name: in the model.
        limit: of a text, in characters, or of JSON, in bytes; 0 for other kinds.
        reason: why it has a filter; empty: it has none.
        is_statistics: the statistics are about it.
    """

    facts: Facts
    name: str
    limit: int = 0
    reason: str = ""
    is_statistics: bool = False

    @property
    def is_required(self) -> bool:
        """Tell whether every row has a value."""
        return self.facts.values > 0 and not self.facts.nulls


def propose(surveyed: Surveyed) -> list[Proposed]:
    """Return the columns of a data model for a file.

    Those that hold BLOBs or are too many are left out; so are, of an export, those that the ledger gives anew.
    """
    is_export = set(GIVEN_BY_THE_LEDGER) <= {facts.name for facts in surveyed.columns}
    given = GIVEN_BY_THE_LEDGER if is_export else ()
    kept = [facts for facts in surveyed.columns if facts.kind and facts.name not in given][:MOST_COLUMNS]
    names = column_names([facts.name for facts in kept])
    columns = _limited([Proposed(facts, names[facts.name]) for facts in kept])
    return _filtered(_with_statistics(columns))


def generous(length: int, least: int = LEAST["text"]) -> int:
    """Return a limit with room: at least twice as long, a 1, 2 or 5 with zeros."""
    wanted = max(2 * length, least)
    power = 10 ** (len(str(wanted)) - 1)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted)


def _limited(columns: Sequence[Proposed]) -> list[Proposed]:
    """Give limits to texts and JSON, less generous ones where a row could otherwise be larger than the ledger takes."""
    tried = (_with_limits(columns, limit) for limit in (_roomy, _needed, _shared(columns)))
    return next(each for each in tried if sum(map(_most_bytes, each)) <= MOST_LIMITED_BYTES)


def _with_limits(columns: Sequence[Proposed], limit: Callable[[Facts], int]) -> list[Proposed]:
    return [replace(each, limit=limit(each.facts)) if each.facts.kind in LEAST else each for each in columns]


def _roomy(facts: Facts) -> int:
    return generous(facts.high, LEAST[facts.kind])


def _needed(facts: Facts) -> int:
    return max(facts.high, LEAST[facts.kind])


def _shared(columns: Sequence[Proposed]) -> Callable[[Facts], int]:
    """Return what gives each of them a share of the row by its length."""
    needed = sum(_most_bytes(replace(each, limit=each.facts.high)) for each in columns if each.facts.kind in LEAST)
    return lambda facts: max(1, facts.high * (MOST_LIMITED_BYTES - 4 * len(columns)) // max(needed, 1))


def _most_bytes(column: Proposed) -> int:
    return column.limit * (MOST_CHARACTER_BYTES if column.facts.kind == "text" else 1)


def _with_statistics(columns: list[Proposed]) -> list[Proposed]:
    """Choose the first column of numbers in every row that looks like a measure: no key, no flag."""
    for kind in ("number", "integer"):
        for column in columns:
            facts = column.facts
            if facts.kind == kind and column.is_required and not facts.is_flag and not is_key(facts):
                chosen = replace(column, is_statistics=True, reason="the statistics")
                return [chosen if each is column else each for each in columns]
    return columns


def _filtered(columns: list[Proposed]) -> list[Proposed]:
    """Give filters to those columns that are most likely asked for."""
    reasons = {column.name: column.reason for column in columns if column.reason}
    for name, reason in _wishes(columns):
        bounds = {f"{bound}{other}" for other in reasons for bound in ("min_", "max_")}
        clashes = name in bounds or {f"min_{name}", f"max_{name}"} & reasons.keys()
        if len(reasons) < MOST_FILTERS and name not in reasons and not clashes:
            reasons[name] = reason
    return [replace(column, reason=reasons.get(column.name, "")) for column in columns]


def _wishes(columns: Sequence[Proposed]) -> Iterator[tuple[str, str]]:
    """Yield columns that deserve a filter, the most useful first, with the reason."""
    keys = [column for column in columns if is_key(column.facts)]
    yield from ((column.name, "no value twice, to look rows up") for column in keys[:MOST_KEYS])
    for kind, reason in (("timestamp", "a time, for ranges"), ("text", "few values, for groups of rows")):
        yield from ((each.name, reason) for each in columns if each.facts.kind == kind and _is_category(each.facts))
    for column in columns:
        if column.facts.kind in ("number", "integer") and column not in keys and column.facts.distinct > 1:
            yield column.name, "a number, for ranges"


def is_key(facts: Facts) -> bool:
    """Tell whether rows are likely to be looked up by a column: it is short, and no value stands there twice."""
    is_short = facts.kind == "integer" or (facts.kind == "text" and facts.high <= KEY_CHARACTERS)
    return is_short and facts.is_unique and facts.distinct > 1 and not facts.nulls


def _is_category(facts: Facts) -> bool:
    if facts.kind == "timestamp":
        return facts.distinct > 1
    is_repeated = 1 < facts.distinct < MOST_DISTINCT and 2 * facts.distinct <= facts.values
    return is_repeated and facts.high <= CATEGORY_CHARACTERS
