from __future__ import annotations

from console.migration.shown import shown_key, shown_value


def test_values_are_shown_on_one_line_and_cut() -> None:
    assert shown_value(None) == "NULL"
    assert shown_value(1.5) == "1.5"
    assert shown_value("a\n\x1b[31m\udcff") == r"'a\n\x1b[31m\xff'"
    assert shown_value(b"\x01\xff") == "x'01ff'"
    assert len(shown_value("x" * 1_000)) == len(shown_value(b"x" * 1_000)) == 60
    assert shown_value("x" * 58) == f"'{'x' * 58}'"


def test_hidden_values_are_only_described_but_numbers_of_keys_stay() -> None:
    assert shown_value("secret", is_hidden=True) == "(a text of length 6)"
    assert shown_value(b"12", is_hidden=True) == "(bytes of length 2)"
    assert shown_value(7, is_hidden=True) == "(a whole number)"
    assert shown_value(None, is_hidden=True) == "NULL"
    assert shown_key((7, "me@example.com"), is_hidden=True) == "7, (a text of length 14)"
    assert shown_key(()) == "?"
