from __future__ import annotations

import pytest

from console.sql.formats import Format, records_of, show
from console.sql.session import ResultSet

NARROW = ResultSet(["id", "name"], [[1, "a"], [None, "b\x1b"]], "7.2", False, {})
NUMBERS = range(20)
WIDE = ResultSet([f"column_{number}" for number in NUMBERS], [[each * 10**9 for each in NUMBERS]], "7.2", False, {})


def test_what_a_line_holds_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show(NARROW, Format.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert any("NULL" in line and "b\\x1b" in line for line in lines)


def test_what_no_line_holds_stands_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    show(WIDE, Format.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["row 1", "  column_0   0"]
    assert lines[-1] == "  column_19  19000000000"
    assert len(lines) == 21


def test_data_is_no_emoji_and_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    show(ResultSet([":smile:"], [["[red]x[/red] :secret:"]], "7.2", False, {}), Format.TABLE)
    out = capsys.readouterr().out
    assert ":smile:" in out
    assert "[red]x[/red] :secret:" in out


def test_records_have_a_line_a_column() -> None:
    assert records_of(NARROW) == "row 1\n  id    1\n  name  a\nrow 2\n  id    NULL\n  name  b\\x1b"


def test_no_rows_of_many_columns_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show(ResultSet(WIDE.columns, [], "7.2", False, {}), Format.TABLE)
    assert "row 1" not in capsys.readouterr().out
