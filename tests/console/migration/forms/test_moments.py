from __future__ import annotations

import datetime as dt

import pytest

from console.migration.forms.moments import UTC, date_of, moment_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", dt.datetime(2024, 2, 29)),
        ("2024-02-29 23:59", dt.datetime(2024, 2, 29, 23, 59)),
        ("2024-02-29T23:59:58.1", dt.datetime(2024, 2, 29, 23, 59, 58, 100_000)),
        ("2024-02-29 23:59:58.123456000", dt.datetime(2024, 2, 29, 23, 59, 58, 123_456)),
        ("2024-02-29 23:59:58z", dt.datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)),
        ("2024-02-29 23:59:58 UTC", dt.datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)),
        ("2024-02-29T23:59:58.5-03", dt.datetime(2024, 3, 1, 2, 59, 58, 500_000, UTC)),
        ("2024-02-29 23:59:58 +0530", dt.datetime(2024, 2, 29, 18, 29, 58, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_applications_write_them(text: str, expected: dt.datetime) -> None:
    moment = moment_of(text)
    assert moment == expected
    assert (moment.tzinfo is None) == (expected.tzinfo is None)


def test_what_is_a_time_already_stays_one() -> None:
    assert moment_of(dt.datetime(2024, 1, 1, 5)) == dt.datetime(2024, 1, 1, 5)
    assert moment_of(dt.date(2024, 1, 1)) == dt.datetime(2024, 1, 1)
    assert date_of("2024-01-01 00:00:00") == dt.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1_700_000_000, "is no text of a time"),
        ("yesterday", "is no time such as"),
        ("2024-02-29Z", "is no time such as"),
        ("12:00:00", "is no time such as"),
        ("2024-02-30", "is no time that there is"),
        ("0000-00-00 00:00:00", "is no time that there is"),
        ("2024-02-29 24:00:00", "is no time that there is"),
        ("2024-02-29 12:00:00.1234567", "has a fraction below microseconds"),
    ],
)
def test_what_is_no_time_is_refused(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        moment_of(value)


@pytest.mark.parametrize("text", ["2024-02-29 00:00:01", "2024-02-29 00:00:00Z"])
def test_a_time_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="is a time, not a date"):
        date_of(text)
