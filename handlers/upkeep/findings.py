"""Findings: what each level of verification found last, kept in the table for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import call
from handlers.aws.table import PARTITION_KEY, SORT_KEY, VERIFICATION

if TYPE_CHECKING:
    from handlers.aws.dynamodb import Deadline, Item
    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.ledger import Ledger

QUICK, FULL = LEVELS = ("quick", "full")
PROGRESS = "progress"  # of a full verification that is under way
MEMBERS = ("bookmark", "checked_at", "fault", "last_fault", "last_fault_at")
OF_POSTGRES = {QUICK: "quick-postgres", FULL: "full-postgres"}  # what these levels are called there
_PLACES = {QUICK: "0", FULL: "1", PROGRESS: "2", OF_POSTGRES[QUICK]: "3", OF_POSTGRES[FULL]: "4"}


class VerificationError(Exception):
    """A verification found a fault; the message says which."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one verification.

    Attributes:
        level: one of `LEVELS`, or its name for PostgreSQL.
        bookmark: the ledger's head that it was about.
        checked_at: when it ended, as text.
        fault: what is wrong; "" for nothing.
        last_fault, last_fault_at: the last one of this level, and when it was found; "" for none ever.
    """

    level: str
    bookmark: str
    checked_at: str
    fault: str = ""
    last_fault: str = ""
    last_fault_at: str = ""

    @property
    def is_right(self) -> bool:
        """Tell whether everything agreed."""
        return not self.fault

    def error(self) -> VerificationError:
        """Return the fault as an error."""
        return VerificationError(f"{self.level} verification at {self.bookmark}: {self.fault}")

    def answer(self) -> dict[str, object]:
        """Return the finding as answers show it."""
        return {
            "bookmark": self.bookmark,
            "checked_at": self.checked_at,
            "is_right": self.is_right,
            "fault": self.fault or None,
            "last_fault": self.last_fault or None,
            "last_fault_at": self.last_fault_at or None,
        }


class Findings:
    """The findings of one ledger.

    Args:
        ledger: whose table keeps them.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def keep(self, finding: Finding, deadline: Deadline) -> None:
        """Keep a finding in place of the one before it of its level. Raises Problem (503)."""
        self.put(finding.level, {name: {"S": getattr(finding, name)} for name in MEMBERS}, deadline)

    def conclude(self, level: str, bookmark: Bookmark, checked_at: str, fault: str, deadline: Deadline) -> Finding:
        """Keep what a verification found, with the last fault of its level, and return it. Raises Problem (503)."""
        before = None if fault else self.last(level, deadline)
        last_fault = (before.last_fault, before.last_fault_at) if before else (fault, checked_at if fault else "")
        finding = Finding(level, str(bookmark), checked_at, fault, *last_fault)
        self.keep(finding, deadline)
        return finding

    def last(self, level: str, deadline: Deadline) -> Finding | None:
        """Return the last finding of a level; None where there is none. Raises Problem (503)."""
        item = self.get(level, deadline)
        if item is None:
            return None
        return Finding(level, **{name: item[name].get("S", "") for name in MEMBERS})

    def put(self, place: str, members: Item, deadline: Deadline) -> None:
        """Put an item in one of the places. Raises Problem (503)."""
        ledger, item = self._ledger, {**_key(place), **members}
        call(lambda: ledger.client.put_item(TableName=ledger.table_name, Item=item), deadline)

    def get(self, place: str, deadline: Deadline) -> Item | None:
        """Return the item in one of the places; None where it is empty. Raises Problem (503)."""
        return self._ledger.get(_key(place), deadline)


def _key(place: str) -> Item:
    return {PARTITION_KEY: {"S": VERIFICATION}, SORT_KEY: {"N": _PLACES[place]}}
