from __future__ import annotations

import pytest

from console.costs.feasibility import obstacles
from console.costs.scenario import Scenario

SQLITE = ["sqlite-efs", "sqlite-tmp"]


@pytest.mark.parametrize(("tmp_mb", "rows", "stopped"), [(512, 512, []), (512, 513, SQLITE), (1024, 1024, [])])
def test_a_snapshot_that_does_not_fit_into_tmp_cannot_be_built(tmp_mb: int, rows: int, stopped: list[str]) -> None:
    assert list(obstacles(Scenario(rows=rows, snapshot_row_bytes=2**20, tmp_mb=tmp_mb))) == stopped


def test_the_reason_says_what_to_do_about_it() -> None:
    assert obstacles(Scenario(rows=1500, snapshot_row_bytes=1e6))["sqlite-tmp"] == (
        "a snapshot of 1,500 MB cannot be built in 512 MB of /tmp (set tmpMb, at most 10,240)"
    )
    assert obstacles(Scenario(rows=11_000, snapshot_row_bytes=1e6))["sqlite-efs"].endswith("(Lambda has no more)")
