from __future__ import annotations

import pytest

from handlers.domain.lag import Lag
from handlers.domain.timestamps import utc_text

NOW_S = 1_700_000_000.0


@pytest.mark.parametrize(
    ("lag", "rows", "seconds", "header"),
    [
        (Lag(), 0, 0.0, "rows=0, seconds=0.0"),
        (Lag(0, utc_text(NOW_S - 9), NOW_S), 0, 0.0, "rows=0, seconds=0.0"),
        (Lag(12, utc_text(NOW_S - 3.4), NOW_S), 12, 3.4, "rows=12, seconds=3.4"),
        (Lag(1, utc_text(NOW_S), NOW_S + 0.00049), 1, 0.0, "rows=1, seconds=0.0"),
        (Lag(1, utc_text(NOW_S), NOW_S + 0.0014), 1, 0.001, "rows=1, seconds=0.001"),
        (Lag(1, utc_text(NOW_S), NOW_S - 60), 1, 0.0, "rows=1, seconds=0.0"),
        (Lag(10**12, utc_text(0), NOW_S), 10**12, NOW_S, f"rows={10**12}, seconds=1700000000.0"),
    ],
    ids=range(7),
)
def test_it_is_the_rows_and_the_age_of_the_oldest(lag: Lag, rows: int, seconds: float, header: str) -> None:
    assert lag.answer() == {"rows": rows, "seconds": seconds}
    assert lag.header() == {"snapshot-lag": header}
