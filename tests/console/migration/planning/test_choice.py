from __future__ import annotations

import pytest

from console.migration.kinds import Kind
from console.migration.planning.choice import Profile, choose, declared_kind

TEXTS = Profile(texts=3)
NUMBERS = Profile(integers=3)


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("INTEGER", "bigint"),
        ("UNSIGNED BIG INT", "bigint"),
        ("INTERVAL", None),
        ("BOOLEAN", "boolean"),
        ("VARCHAR(255)", "text"),
        ("NATIVE CHARACTER(70)", "text"),
        ("CLOB", "text"),
        ("BLOB", "bytea"),
        ("VARBINARY(16)", "bytea"),
        ("DOUBLE PRECISION", "double precision"),
        ("FLOAT", "double precision"),
        ("DECIMAL(10,5)", "numeric"),
        ("NUMERIC", "numeric"),
        ("DATE", "date"),
        ("DATETIME", "timestamp"),
        ("TIMESTAMP (3)", "timestamp"),
        ("TIMESTAMP WITH TIME ZONE", "timestamptz"),
        ("TIMESTAMPTZ", "timestamptz"),
        ("JSONB", "jsonb"),
        ("UNIQUEIDENTIFIER", "uuid"),
        ("STRING", None),
        ("", None),
    ],
)
def test_a_declared_type_asks_for_a_kind(declared: str, kind: Kind | None) -> None:
    assert declared_kind(declared) == kind
    assert choose(declared, Profile()).kind == (kind or "text")


@pytest.mark.parametrize(
    ("declared", "profile", "kind", "note"),
    [
        ("INTEGER", TEXTS, "text", "declared INTEGER, holds texts: text"),
        ("INTEGER", Profile(integers=1, texts=3), "bigint", ""),
        ("TEXT", Profile(blobs=2), "bytea", "declared TEXT, holds bytes: bytea"),
        ("BLOB", TEXTS, "text", "declared BLOB, holds texts: text"),
        ("REAL", Profile(texts=1, blobs=1), "text", "declared REAL, holds texts and bytes: text"),
        ("BOOLEAN", Profile(blobs=1), "bytea", "declared BOOLEAN, holds bytes: bytea"),
        ("UUID", NUMBERS, "bigint", "declared UUID, holds whole numbers: bigint"),
        ("", NUMBERS, "bigint", ""),
        ("STRING", Profile(integers=1, reals=1), "double precision", ""),
        ("", Profile(blobs=1), "bytea", ""),
        ("", Profile(integers=1, texts=2), "text", ""),
        ("DATETIME", Profile(texts=3, offsets=1), "timestamptz", ""),
        ("DATETIME", TEXTS, "timestamp", ""),
        ("DATETIME", Profile(texts=3, dates=3), "date", "declared DATETIME, holds dates alone: date"),
        ("DATE", Profile(texts=3, dates=3), "date", ""),
        ("DATE", Profile(texts=3, dates=2), "timestamp", "declared DATE, holds times without an offset: timestamp"),
        ("TIMESTAMPTZ", TEXTS, "timestamp", "declared TIMESTAMPTZ, holds times without an offset: timestamp"),
    ],
)
def test_the_values_decide_where_none_is_as_declared(declared: str, profile: Profile, kind: Kind, note: str) -> None:
    chosen = choose(declared, profile)
    assert (chosen.kind, chosen.note) == (kind, note)


@pytest.mark.parametrize(
    ("profile", "kind"), [(NUMBERS, "bigint"), (Profile(reals=1), "double precision")], ids=["unix", "julian"]
)
def test_numbers_in_place_of_times_stay_numbers_until_a_rule_says_more(profile: Profile, kind: Kind) -> None:
    chosen = choose("DATETIME", profile)
    assert chosen.kind == kind
    assert "a rule `convert` with unixepoch, unixepoch_ms or julianday makes them times" in chosen.note
