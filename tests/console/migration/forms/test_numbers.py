from __future__ import annotations

from decimal import Decimal

import pytest

from console.migration.forms.numbers import check_digits, normal_number


def test_numbers_of_one_value_have_one_text() -> None:
    assert {normal_number(Decimal(text)) for text in ("100", "1e2", "100.00")} == {"1e2"}
    assert normal_number(Decimal("-0.5")) == "-5e-1"
    assert {normal_number(Decimal(text)) for text in ("0", "-0.00", "0e9")} == {"0"}


def test_numeric_keeps_131072_digits_before_the_point_and_16383_behind_it() -> None:
    check_digits(Decimal("9e131071"))
    check_digits(Decimal("1e-16383"))
    for text in ("1e131072", "1e-16384", "Infinity", "NaN"):
        with pytest.raises(ValueError, match="digits|infinite"):
            check_digits(Decimal(text))
