from __future__ import annotations

import pytest

from console.wording import (
    all_rows,
    are,
    interval,
    joined,
    megabytes,
    quantity,
    rows,
    three_digits,
    tick,
    two_digits,
    usd,
    visible,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (0.1234, "0.123"),
        (0.9996, "1.00"),
        (1.0, "1.00"),
        (9.996, "10.0"),
        (12.345, "12.3"),
        (99.96, "100"),
        (123.4, "123"),
        (12345.6, "12,346"),
    ],
)
def test_what_was_measured_has_three_digits_or_so(value: float, text: str) -> None:
    assert three_digits(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.0123, "0.012"), (0.999, "1"), (1.26, "1.3"), (12.4, "12"), (348.0, "350"), (1249.0, "1,200")],
)
def test_what_was_estimated_has_two_digits(value: float, text: str) -> None:
    assert two_digits(value) == text


def test_one_row_is_and_several_are() -> None:
    assert [f"{rows(count)} {are(count)}" for count in (0, 1, 1234)] == ["0 rows are", "1 row is", "1,234 rows are"]
    assert [all_rows(count) for count in (1, 2)] == ["the only row is", "all 2 rows are"]


def test_what_could_steer_a_terminal_is_shown() -> None:
    assert visible("\x1b[31m\x9b ü\n\u202e") == "\\x1b[31m\\x9b ü\\n\\u202e"


def test_a_size_has_its_unit() -> None:
    assert [megabytes(size_bytes) for size_bytes in (0, 2_500_000, 286_000_000)] == ["0.00 MB", "2.50 MB", "286 MB"]


def test_an_interval_has_two_ends_or_one() -> None:
    assert (interval(0.5, 12.34), interval(25.0, None)) == ("0.500 to 12.3", "25.0 or more")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (12, "12"),
        (1234, "1,230"),
        (100_000, "100,000"),
        (999_999, "1,000,000"),
        (3_348_008, "3.35 million"),
        (10_000_000, "10 million"),
        (2_591_000_000, "2.59 billion"),
    ],
)
def test_a_quantity_has_three_digits_that_count(number: float, said: str) -> None:
    assert quantity(number) == said


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0.00"), (0.0049, "<0.01"), (0.005, "0.01"), (3.456, "3.46"), (1234.5, "1,234.50")]
)
def test_money_is_to_the_cent_and_little_is_not_nothing(amount: float, text: str) -> None:
    assert usd(amount) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01, "0.01"), (1, "1"), (250, "250"), (1e5, "100,000"), (1e6, "1 M"), (2.5e6, "2.5 M"), (1e8, "100 M")],
)
def test_numbers_on_an_axis_are_short(value: float, text: str) -> None:
    assert tick(value) == text


def test_a_list_in_words() -> None:
    assert [joined(texts) for texts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
