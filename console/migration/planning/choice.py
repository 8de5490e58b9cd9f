"""The kind of a column: by the type it declares, and by what is really in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.migration.kinds import Kind


@dataclass(frozen=True)
class Profile:
    """The number of values of each form in a column.

    Attributes:
        offsets: those of the texts that end like a time with an offset from UTC.
        dates: those of the texts that are as long as a date.
    """

    integers: int = 0
    reals: int = 0
    texts: int = 0
    blobs: int = 0
    offsets: int = 0
    dates: int = 0

    @property
    def values(self) -> int:
        """All but NULL."""
        return self.integers + self.reals + self.texts + self.blobs


@dataclass(frozen=True)
class KindChoice:
    """A kind, and in words why it is not the declared one, if so."""

    kind: Kind
    note: str = ""


# Of a declared type, in this order: the first of which a part is found in it. What SQLite itself goes by comes last.
DECLARED: tuple[tuple[str, Kind], ...] = (
    (r"BOOL", "boolean"),
    (r"JSON", "jsonb"),
    (r"UUID|GUID|UNIQUEIDENTIFIER", "uuid"),
    (r"TIMESTAMPTZ|WITH TIME ?ZONE|DATETIMEOFFSET", "timestamptz"),
    (r"DATETIME|TIMESTAMP", "timestamp"),
    (r"^DATE$", "date"),
    (r"DECIMAL|NUMERIC|NUMBER|MONEY|CURRENCY", "numeric"),
    (r"INT(?!ERVAL)", "bigint"),
    (r"CHAR|CLOB|TEXT", "text"),
    (r"BLOB|BYTEA|BINARY", "bytea"),
    (r"REAL|FLOA|DOUB", "double precision"),
)
TIMES: tuple[Kind, ...] = ("timestamptz", "timestamp", "date")
LENGTH = re.compile(r"\s*\(.*?\)")


def declared_kind(declared: str) -> Kind | None:
    """Return the kind that a declared type asks for; None where it asks for none, so that the data decides."""
    name = LENGTH.sub("", declared).upper().strip()
    return next((kind for pattern, kind in DECLARED if re.search(pattern, name)), None)


def choose(declared: str, profile: Profile) -> KindChoice:
    """Return the kind for a column of these values."""
    wanted = declared_kind(declared)
    if not profile.values:
        return KindChoice(wanted or "text")
    if wanted in TIMES:
        return _time(declared, wanted, profile)
    if wanted is None or not _holds_any(wanted, profile):
        kind = by_values(profile)
        return KindChoice(kind, f"declared {declared}, holds {_forms(profile)}: {kind}" if wanted else "")
    return KindChoice(wanted)


def by_values(profile: Profile) -> Kind:
    """Return the kind that most values of a column are of as they are."""
    forms: tuple[tuple[int, Kind], ...] = (
        (profile.texts, "text"),
        (profile.integers + profile.reals, "double precision" if profile.reals else "bigint"),
        (profile.blobs, "bytea"),
    )
    return max(forms, key=lambda form: form[0])[1]


def _time(declared: str, wanted: Kind, profile: Profile) -> KindChoice:
    if not profile.texts:
        kind = by_values(profile)
        meant = "a rule `convert` with unixepoch, unixepoch_ms or julianday makes them times"
        return KindChoice(kind, f"declared {declared}, holds {_forms(profile)}: {kind}; {meant}")
    if profile.offsets:
        return KindChoice("timestamptz")
    if profile.dates == profile.texts:
        return KindChoice("date", "" if wanted == "date" else f"declared {declared}, holds dates alone: date")
    note = f"declared {declared}, holds times without an offset: timestamp" if wanted != "timestamp" else ""
    return KindChoice("timestamp", note)


def _holds_any(kind: Kind, profile: Profile) -> bool:
    numbers = profile.integers + profile.reals
    fitting = {
        "boolean": numbers + profile.texts,
        "jsonb": numbers + profile.texts,
        "uuid": profile.texts + profile.blobs,
        "numeric": numbers + profile.texts,
        "bigint": profile.integers,
        "double precision": numbers,
        "text": profile.texts,
        "bytea": profile.blobs,
    }
    return fitting[kind] > 0


def _forms(profile: Profile) -> str:
    forms = (
        (profile.integers, "whole numbers"),
        (profile.reals, "numbers"),
        (profile.texts, "texts"),
        (profile.blobs, "bytes"),
    )
    return " and ".join(name for count, name in forms if count)
