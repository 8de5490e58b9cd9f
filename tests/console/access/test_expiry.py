from __future__ import annotations

from types import SimpleNamespace

import pytest

from console.access.expiry import expiry_of
from console.errors import ConsoleError


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", ""),
        ("30m", "2026-01-31T12:30:00.000Z"),
        ("12h", "2026-02-01T00:00:00.000Z"),
        ("90d", "2026-05-01T12:00:00.000Z"),
        ("2026-02-01T01:00:00+01:00", "2026-02-01T00:00:00.000Z"),
    ],
)
def test_a_time_is_named_or_counted_from_now(monkeypatch: pytest.MonkeyPatch, text: str, moment: str) -> None:
    monkeypatch.setattr("console.access.expiry.time", SimpleNamespace(time=lambda: 1769860800))
    assert expiry_of(text) == moment


@pytest.mark.parametrize("text", ["7", "7w", "-1d", "1.5h", "tomorrow", "2026-01-31", "9999-12-31T23:59:59-01:00"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ConsoleError, match="is no time") as error:
        expiry_of(text)
    assert error.value.code == 2
