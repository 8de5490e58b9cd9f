from __future__ import annotations

import pytest

from console.migration.dialect.names import fits, target_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("UserId", "userid"),
        ("Ärger", "Ärger"),
        ("select", "select"),
        ("", "unnamed"),
        ("a\udcff", "a\ufffd"),
        ("x" * 63, "x" * 63),
    ],
    ids=["capitals", "umlaut", "keyword", "empty", "bytes", "longest"],
)
def test_names_become_small_letters_where_sql_without_quotes_does_so(name: str, expected: str) -> None:
    assert target_name(name) == expected


def test_a_name_that_is_taken_gets_a_mark_and_then_a_hash() -> None:
    assert target_name("A", {"a"}) == "a_"
    third = target_name("A", {"a", "a_"})
    assert third.startswith("a__")
    assert target_name("A", {"a", "a_", third}) not in {"a", "a_", third}


def test_long_names_are_cut_to_63_bytes_and_stay_different() -> None:
    names = {target_name("ü" * 40 + end) for end in "abc"}
    assert len(names) == 3
    assert all(len(name.encode()) <= 63 and name.startswith("ü" * 20) for name in names)
    assert target_name("ü" * 40) == target_name("ü" * 40)


def test_what_postgresql_would_cut_or_refuse_does_not_fit() -> None:
    assert fits("a b")
    assert not any(map(fits, ("", "x" * 64, "ü" * 32, "a\0")))
