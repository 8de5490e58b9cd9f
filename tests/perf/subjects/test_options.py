from __future__ import annotations

import argparse

import pytest

from tests.perf.subjects.options import integer_from, number_from, parser_of, sizes


def test_what_is_right_is_read() -> None:
    assert (integer_from(1)("7"), number_from(0.5)("0.5"), sizes("100,1000")) == (7, 0.5, [100, 1000])


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "1.5", "1_0"])
def test_a_wrong_integer_is_named_with_what_is_allowed(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"^got {text}, allowed: an integer of 1 or more$"):
        integer_from(1)(text)


@pytest.mark.parametrize("text", ["0.4", "-1", "x", "", "nan", "inf"])
def test_a_wrong_number_is_named_with_what_is_allowed(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"^got {text}, allowed: a number of 0.5 or more$"):
        number_from(0.5)(text)


def test_sizes_have_commas_between_them_and_none_inside() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"^got 1, allowed: an integer of 100 or more$"):
        sizes("1,000")


def test_a_bench_says_its_defaults_and_ends_at_a_wrong_option(capsys: pytest.CaptureFixture[str]) -> None:
    parser = parser_of("load")
    parser.add_argument("--width", type=integer_from(1), default=100, help="requests at once")
    assert "requests at once (default: 100)" in parser.format_help()
    with pytest.raises(SystemExit):
        parser.parse_args(["--width", "0"])
    assert "argument --width: got 0, allowed: an integer of 1 or more" in capsys.readouterr().err
